//! What no argument satisfies, and what follows from what stands beside it. Decided with the sets of `values`, so that nothing
//! is said where they do not know.

use std::collections::{HashMap, HashSet};

use policy_core::{Group, Value};

use super::code::LintCode;
use super::finding::Findings;
use super::key;
use super::rules::{ConditionAt, GroupAt, Groups, List, Owner};
use crate::values::{Alternatives, Answer, Literal, Outcomes, Region, Search, solve};

/// How many conditions of one tool are looked at together.
const TOGETHER_MAX: usize = 64;

/// How many conditions a group may have for each to be held against the others.
const EACH_MAX: usize = 16;

pub(super) fn check(owned: Groups<'_>, all: Groups<'_>, findings: &mut Findings) {
    let mut contradicts = false;
    for at in owned.iter() {
        contradicts |= never_holds(&at, findings);
    }
    if !contradicts {
        denies_every_call(owned, all, findings);
    }
}

/// Whether nothing satisfies a group that every call must satisfy.
fn never_holds(at: &GroupAt<'_>, findings: &mut Findings) -> bool {
    let Group { conditions, .. } = at.group;
    if conditions.is_empty() || conditions.len() > TOGETHER_MAX {
        return false;
    }
    let related = Related::new(at.conditions());
    let related: Vec<ConditionAt<'_>> =
        at.conditions().filter(|condition| related.shares_its_path(condition)).collect();
    let is_in_nothing = conditions.iter().any(|condition| {
        condition.operator().name() == "in" && *condition.value() == Value::Array(Vec::new())
    });
    let none_holds = || {
        Region::where_all_hold(related.iter().map(|at| at.condition), at.list.sense()).is_empty()
            == Answer::Yes
    };
    if is_in_nothing || (!related.is_empty() && none_holds()) {
        let (so, stops) = match at.list {
            List::Require => ("every call is denied", at.enforces()),
            List::DenyIf => ("it never denies", false),
            List::ApproveIf => ("it never asks for approval", false),
        };
        let what = if conditions.len() == 1 { "this condition" } else { "all conditions of this group" };
        let message = format!("no argument satisfies {what}, so {so}");
        let help = match conditions.len() {
            1 => "correct its value",
            _ => {
                "conditions of one group are ANDed: for alternatives, write `in`, or groups of their own under `deny_if`"
            }
        };
        findings.add(LintCode::NeverHolds, at.pointer(), message, help.to_owned());
        return stops;
    }
    if related.len() <= EACH_MAX {
        redundant(at, &related, findings);
    }
    false
}

/// Conditions that hold wherever the others of their group do.
fn redundant(at: &GroupAt<'_>, related: &[ConditionAt<'_>], findings: &mut Findings) {
    let mut keys: Vec<String> = at.group.conditions.iter().map(key::condition).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    if keys.len() < count {
        // Of two that are the same, each follows from the other; that is said elsewhere.
        return;
    }
    for condition in related {
        let others = related.iter().filter(|other| other.place != condition.place);
        // Under `deny_if` it says that a call without the argument may pass.
        let says_so = at.list != List::Require && condition.is_exists(true);
        if says_so {
            continue;
        }
        let mut region = Region::where_all_hold(others.map(|other| other.condition), at.list.sense());
        region.demand(Literal::Condition(
            condition.condition.clone(),
            at.list.sense(),
            Outcomes::HOLDS.others(),
        ));
        if region.is_empty() == Answer::Yes {
            let message = "this follows from the other conditions of the group";
            let help = "take it out, or correct what should ask more".to_owned();
            return findings.add(LintCode::RedundantCondition, condition.pointer(), message, help);
        }
    }
}

/// Rules that no call passes, taken together.
fn denies_every_call(owned: Groups<'_>, all: Groups<'_>, findings: &mut Findings) {
    let own = owned.iter().filter(decides);
    let beside = all.iter().filter(|at| decides(at) && owned.owner != Owner::AllTools);
    let mut groups: Vec<GroupAt<'_>> = own.chain(beside).collect();
    // Conditions that no other has to do with can be met by themselves, and then their group is none to worry about.
    let related = Related::new(groups.iter().flat_map(|at| at.conditions()));
    groups.retain(|at| match at.list {
        List::Require => at.conditions().any(|condition| related.has(&condition)),
        List::DenyIf | List::ApproveIf => at.conditions().all(|condition| related.has(&condition)),
    });
    let conditions: usize = groups.iter().map(|at| at.group.conditions.len()).sum();
    // A contradiction of `all_tools` by itself is reported there.
    let Some(first) = groups.first().filter(|at| at.owner == owned.owner) else { return };
    if conditions > TOGETHER_MAX || groups.len() < 2 || passes(&groups, &related) {
        return;
    }
    // The first group with which nothing passes any more.
    let culprit = (2..=groups.len()).find_map(|count| {
        let some = groups.get(..count)?;
        if passes(some, &related) { None } else { some.last() }
    });
    let culprit = culprit.filter(|at| at.owner == owned.owner).unwrap_or(first);
    let message = match owned.owner {
        Owner::Tool(_) => "with the other groups this denies every call of the tool",
        Owner::AllTools => "with the other groups this denies every call of every tool",
    };
    let help =
        "no arguments satisfy all of `require` and none of `deny_if`; correct what was meant otherwise";
    findings.add(LintCode::DeniesEveryCall, culprit.pointer(), message, help.to_owned());
}

/// Groups that take part in denying. Those without conditions are looked at elsewhere.
fn decides(at: &GroupAt<'_>) -> bool {
    at.enforces() && at.list != List::ApproveIf && !at.group.conditions.is_empty()
}

/// Whether some arguments pass, or might.
fn passes(groups: &[GroupAt<'_>], related: &Related<'_>) -> bool {
    let mut region = Region::all();
    let mut clauses: Vec<Alternatives> = Vec::new();
    for at in groups {
        let conditions = at.conditions().filter(|condition| related.has(condition));
        let sense = at.list.sense();
        let literals = |outcomes| {
            conditions
                .map(move |at| Literal::Condition(at.condition.clone(), sense, outcomes))
                .collect::<Vec<_>>()
        };
        match at.list {
            List::Require => literals(Outcomes::HOLDS).into_iter().for_each(|literal| region.demand(literal)),
            // A group is false where one of its conditions is; a mismatch denies.
            List::DenyIf => {
                clauses.push(literals(Outcomes::FALSE).into_iter().map(|literal| vec![literal]).collect());
            }
            List::ApproveIf => {}
        }
    }
    !matches!(solve(&region, &clauses, &mut |_| true), Search::Empty)
}

/// Paths that more than one condition has to do with. The sets of `values` are dear where there are patterns, and a condition
/// that has its path for itself contradicts nothing.
struct Related<'p> {
    /// Each path, and how many conditions look there.
    counts: HashMap<&'p str, usize>,
    /// Paths at which several conditions judge texts and none names the values: whether a text satisfies them all takes an
    /// automaton of each, and the answer is hardly ever no.
    texts: HashSet<&'p str>,
    /// Paths that others lead through.
    ancestors: HashSet<&'p str>,
}

impl<'p> Related<'p> {
    fn new(conditions: impl Iterator<Item = ConditionAt<'p>>) -> Self {
        let (mut counts, mut ancestors) = (HashMap::new(), HashSet::new());
        let (mut judged, mut named) = (HashMap::<&str, usize>::new(), HashSet::new());
        for at in conditions {
            if judges_text(&at) {
                let count = judged.entry(at.path()).or_default();
                *count = count.saturating_add(1);
            } else if matches!(at.op(), "eq" | "in") {
                named.insert(at.path());
            }
            let count: &mut usize = counts.entry(at.path()).or_default();
            *count = count.saturating_add(1);
            ancestors.extend(through(at.path()));
        }
        let several = judged.into_iter().filter(|(path, count)| *count > 1 && !named.contains(path));
        Self { counts, texts: several.map(|(path, _)| path).collect(), ancestors }
    }

    fn has(&self, at: &ConditionAt<'_>) -> bool {
        self.shares_its_path(at) && !(judges_text(at) && self.texts.contains(at.path()))
    }

    /// Whether another condition looks at the same argument, or into it, or at what it is in.
    fn shares_its_path(&self, at: &ConditionAt<'_>) -> bool {
        self.counts.get(at.path()).is_some_and(|count| *count > 1)
            || self.ancestors.contains(at.path())
            || through(at.path()).any(|ancestor| self.counts.contains_key(ancestor))
    }
}

/// The paths that a path leads through.
fn through(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices(['.', '[']).filter_map(move |(end, _)| path.get(..end))
}

fn judges_text(at: &ConditionAt<'_>) -> bool {
    matches!(
        at.op(),
        "regex" | "contains" | "starts_with" | "ends_with" | "path_within" | "url_host_in" | "cidr_in"
    )
}
