//! What no argument satisfies, and what follows from what stands beside it. Decided with the sets of `values`, so that nothing
//! is said where they do not know.

use policy_core::Group;

use super::code::LintCode;
use super::finding::{Findings, tool_pointer};
use super::key;
use super::rules::{GroupAt, Groups, List, Owner};
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
    if Region::where_all_hold(conditions).is_empty() == Answer::Yes {
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
    if conditions.len() <= EACH_MAX {
        redundant(at, findings);
    }
    false
}

/// Conditions that hold wherever the others of their group do.
fn redundant(at: &GroupAt<'_>, findings: &mut Findings) {
    let mut keys: Vec<String> = at.group.conditions.iter().map(key::condition).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    if keys.len() < count {
        // Of two that are the same, each follows from the other; that is said elsewhere.
        return;
    }
    for condition in at.conditions() {
        let others = at.conditions().filter(|other| other.place != condition.place);
        let beside = others.clone().any(|other| other.path() == condition.path());
        // Under `deny_if` it says that a call without the argument may pass.
        let says_so = at.list != List::Require && condition.is_exists(true);
        if !beside || says_so {
            continue;
        }
        let mut region = Region::where_all_hold(others.map(|other| other.condition));
        region.demand(Literal::Condition(condition.condition.clone(), Outcomes::HOLDS.others()));
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
    // Their own contradictions are reported once, with them.
    let Some(first) = own.clone().next() else { return };
    let groups: Vec<GroupAt<'_>> = own.chain(beside).collect();
    let conditions: usize = groups.iter().map(|at| at.group.conditions.len()).sum();
    if conditions > TOGETHER_MAX || groups.len() < 2 {
        return;
    }
    if !passes(&groups) {
        // The first group with which nothing passes any more.
        let culprit = (2..=groups.len()).find_map(|count| {
            let some = groups.get(..count)?;
            if passes(some) { None } else { some.last() }
        });
        let culprit = culprit.filter(|at| at.owner == owned.owner).unwrap_or(&first);
        let message = match owned.owner {
            Owner::Tool(_) => "together with the groups before it this denies every call of the tool",
            Owner::AllTools => "together with the groups before it this denies every call of every tool",
        };
        let help = "no arguments satisfy all of `require` and none of `deny_if`; correct the one that was meant otherwise";
        let pointer = if groups.len() > 2 || culprit.place != first.place || culprit.list != first.list {
            culprit.pointer()
        } else {
            match owned.owner {
                Owner::Tool(name) => tool_pointer(name),
                Owner::AllTools => Owner::AllTools.pointer(),
            }
        };
        findings.add(LintCode::DeniesEveryCall, pointer, message, help.to_owned());
    }
}

/// Groups that take part in denying. Those without conditions are looked at elsewhere.
fn decides(at: &GroupAt<'_>) -> bool {
    at.enforces() && at.list != List::ApproveIf && !at.group.conditions.is_empty()
}

/// Whether some arguments pass, or might.
fn passes(groups: &[GroupAt<'_>]) -> bool {
    let mut region = Region::all();
    let mut clauses: Vec<Alternatives> = Vec::new();
    for at in groups {
        let literals = |outcomes| {
            at.group.conditions.iter().map(move |condition| Literal::Condition(condition.clone(), outcomes))
        };
        match at.list {
            List::Require => literals(Outcomes::HOLDS).for_each(|literal| region.demand(literal)),
            // A group is false where one of its conditions is; a mismatch denies.
            List::DenyIf => clauses.push(literals(Outcomes::FALSE).map(|literal| vec![literal]).collect()),
            List::ApproveIf => {}
        }
    }
    !matches!(solve(&region, &clauses, &mut |_| true), Search::Empty)
}
