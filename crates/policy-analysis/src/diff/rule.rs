//! What one policy says of one tool, as rules that calls pass or fail: the form in which two policies are compared.

use policy_core::{
    Action, Amount, Condition, DefaultEffect, Group, Limit, Mode, Path, Policy, Scope, Sense, Tool, escape,
};

use crate::values::{Literal, Outcomes, Slot, json_text};

/// Something that keeps calls from passing.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Where it stands in its document.
    pub(super) pointer: String,
    /// What it is, for people: `deny_if args.amount gt 100`.
    pub(super) text: String,
    pub(super) kind: RuleKind,
    /// A call passes that meets all demands of one of these.
    pub(super) passes: Vec<Vec<Literal>>,
    /// A call fails that meets all demands of one of these.
    pub(super) fails: Vec<Vec<Literal>>,
    /// The same for rules that say the same.
    pub(super) key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    Schema,
    Require,
    DenyIf,
    ApproveIf,
    Action,
    Cost,
}

impl Rule {
    /// The texts of the paths that it looks at.
    pub(super) fn paths(&self) -> Vec<&str> {
        let literals = self.passes.iter().chain(&self.fails).flatten();
        let mut paths: Vec<&str> = literals
            .filter_map(|literal| match literal {
                Literal::Condition(condition, ..) => Some(condition.path().text()),
                Literal::Slot(path, _) => Some(path.text()),
                Literal::Opaque(..) => None,
            })
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// What a policy says of a tool.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Where every call of the tool is denied: the place that says so.
    pub(super) denied: Option<String>,
    /// What denies.
    pub(super) hard: Vec<Rule>,
    /// What asks for approval, where nothing denies.
    pub(super) asks: Vec<Rule>,
    /// What is counted, in the order of the engine.
    pub(super) limits: Vec<Counted>,
    /// Whether something that decides looks at the arguments, so that unacceptable ones are denied.
    pub(super) reads: bool,
}

/// A limit on a tool.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) limit: Limit,
    pub(super) pointer: String,
}

impl View {
    pub(super) fn new(policy: &Policy, name: &str) -> Self {
        let hidden = policy.hide.iter().position(|hidden| &**hidden == name);
        let hidden = hidden.or_else(|| policy.hide.iter().position(|hidden| &**hidden == "*"));
        let tool = policy.tools.get(name);
        let denied = match (hidden, tool, policy.default) {
            (Some(place), ..) => Some(format!("/hide/{place}")),
            (None, Some(tool), _) if tool.action == Action::Deny => {
                Some(format!("/tools/{}/action", escape(name)))
            }
            (None, None, DefaultEffect::Deny) => Some("/default".to_owned()),
            (None, None, DefaultEffect::Allow) if !is_tool_name(name) => Some("/default".to_owned()),
            _ => None,
        };
        let base = format!("/tools/{}", escape(name));
        let nothing = Tool::default();
        let own = tool.unwrap_or(&nothing);
        let all = &policy.all_tools;
        let mut view = Self { denied, hard: Vec::new(), asks: Vec::new(), limits: Vec::new(), reads: false };
        if let Some(schema) = &own.schema {
            view.reads = true;
            let text: Box<str> = json_text(schema.document()).into();
            view.hard.push(Rule {
                pointer: format!("{base}/schema"),
                text: "schema".to_owned(),
                kind: RuleKind::Schema,
                passes: vec![vec![Literal::Opaque(text.clone(), true)]],
                fails: vec![vec![Literal::Opaque(text.clone(), false)]],
                key: format!("schema {text}"),
            });
        }
        for (base, groups) in [(base.as_str(), &own.require), ("/all_tools", &all.require)] {
            view.require(base, groups);
        }
        for (base, groups) in [(base.as_str(), &own.deny_if), ("/all_tools", &all.deny_if)] {
            view.deny_if(base, groups);
        }
        if own.action == Action::RequireApproval {
            view.reads = true;
            view.asks.push(Rule {
                pointer: format!("{base}/action"),
                text: "action require_approval".to_owned(),
                kind: RuleKind::Action,
                passes: Vec::new(),
                fails: vec![Vec::new()],
                key: "action".to_owned(),
            });
        }
        for (base, groups) in [(base.as_str(), &own.approve_if), ("/all_tools", &all.approve_if)] {
            view.approve_if(base, groups);
        }
        for (place, limit) in own.limits.iter().enumerate() {
            view.count(format!("{base}/limits/{place}"), limit.clone());
        }
        if let Some(rate_limit) = own.rate_limit {
            view.count(format!("{base}/rate_limit"), rate_limit.to_limit(name));
        }
        for (place, limit) in all.limits.iter().enumerate() {
            view.count(format!("/all_tools/limits/{place}"), limit.clone());
        }
        view.costs();
        view
    }

    fn require(&mut self, base: &str, groups: &[Group]) {
        for (place, group) in enforced(groups) {
            self.reads |= !group.conditions.is_empty();
            for (number, condition) in group.conditions.iter().enumerate() {
                let literal = |outcomes| Literal::Condition(condition.clone(), Sense::Permits, outcomes);
                self.hard.push(Rule {
                    pointer: format!("{base}/require/{place}/conditions/{number}"),
                    text: format!("require {}", written(condition)),
                    kind: RuleKind::Require,
                    passes: vec![vec![literal(Outcomes::HOLDS)]],
                    fails: vec![vec![literal(Outcomes::HOLDS.others())]],
                    key: format!("require {}", written(condition)),
                });
            }
        }
    }

    fn deny_if(&mut self, base: &str, groups: &[Group]) {
        for (place, group) in enforced(groups) {
            self.reads |= !group.conditions.is_empty();
            let text = format!("deny_if {}", all_written(group));
            self.hard.push(Rule {
                pointer: format!("{base}/deny_if/{place}"),
                key: text.clone(),
                text,
                kind: RuleKind::DenyIf,
                passes: group.conditions.iter().map(|c| vec![forbids(c, Outcomes::FALSE)]).collect(),
                fails: vec![group.conditions.iter().map(|c| forbids(c, Outcomes::FALSE.others())).collect()],
            });
        }
    }

    fn approve_if(&mut self, base: &str, groups: &[Group]) {
        for (place, group) in enforced(groups) {
            self.reads = true;
            let pointer = format!("{base}/approve_if/{place}");
            let text = format!("approve_if {}", all_written(group));
            let conditions = &group.conditions;
            let is_false: Vec<Vec<Literal>> =
                conditions.iter().map(|c| vec![forbids(c, Outcomes::FALSE)]).collect();
            let holds: Vec<Literal> = conditions.iter().map(|c| forbids(c, Outcomes::HOLDS)).collect();
            if !conditions.is_empty() {
                // A group that comes to a mismatch denies.
                let mismatches = |place: usize| {
                    conditions.iter().enumerate().map(move |(other, condition)| {
                        let outcomes =
                            if other == place { Outcomes::MISMATCH } else { Outcomes::FALSE.others() };
                        forbids(condition, outcomes)
                    })
                };
                self.hard.push(Rule {
                    pointer: pointer.clone(),
                    text: text.clone(),
                    kind: RuleKind::ApproveIf,
                    passes: is_false.iter().cloned().chain([holds.clone()]).collect(),
                    fails: (0..conditions.len()).map(|place| mismatches(place).collect()).collect(),
                    key: format!("mismatch of {text}"),
                });
            }
            self.asks.push(Rule {
                pointer,
                key: text.clone(),
                text,
                kind: RuleKind::ApproveIf,
                passes: is_false,
                fails: vec![holds],
            });
        }
    }

    fn count(&mut self, pointer: String, limit: Limit) {
        self.reads |= limit.mode == Mode::Enforce && limit.increment_from.is_some();
        self.limits.push(Counted { limit, pointer });
    }

    /// Limits deny calls whose cost is none, and calls that cost more than there is ever room for.
    fn costs(&mut self) {
        let enforced: Vec<Counted> =
            self.limits.iter().filter(|counted| counted.limit.mode == Mode::Enforce).cloned().collect();
        for counted in &enforced {
            let Limit { counter, window, max, increment_from, .. } = &counted.limit;
            let (passes, fails) = cost(increment_from.as_ref(), *max);
            let from = increment_from.as_ref().map_or("", Path::text);
            self.cost_rule(
                &counted.pointer,
                &format!("limit of {max} on `{counter}`"),
                from,
                [passes, fails],
            );
            for other in &enforced {
                // Charged once, at the higher cost, under the lower maximum: always where the scopes are one, and for calls
                // without a session where one is the session's and the other the grant's. Then only some calls fail.
                let shared = other.limit.counter == *counter && other.limit.window == *window;
                if !shared || other.limit.max >= *max || !may_coincide(counted.limit.scope, other.limit.scope)
                {
                    continue;
                }
                let (passes, fails) = cost(increment_from.as_ref(), other.limit.max);
                let passes = if counted.limit.scope == other.limit.scope { passes } else { vec![Vec::new()] };
                let text = format!("limit of {} on `{counter}`", other.limit.max);
                self.cost_rule(&other.pointer, &text, from, [passes, fails]);
            }
        }
    }

    fn cost_rule(&mut self, pointer: &str, text: &str, from: &str, [passes, fails]: [Vec<Vec<Literal>>; 2]) {
        let key = format!("{text} {from} {}", passes.len());
        if !fails.is_empty() {
            let (pointer, text) = (pointer.to_owned(), text.to_owned());
            self.hard.push(Rule { pointer, text, kind: RuleKind::Cost, passes, fails, key });
        }
    }
}

/// How calls that cost so much pass under a maximum, and how they fail.
fn cost(from: Option<&Path>, max: Amount) -> (Vec<Vec<Literal>>, Vec<Vec<Literal>>) {
    match from {
        Some(path) => {
            let slot = Slot::cost(max);
            let fails = slot.complement().into_iter().map(|part| vec![Literal::Slot(path.clone(), part)]);
            let fails = fails.collect();
            (vec![vec![Literal::Slot(path.clone(), slot)]], fails)
        }
        None if max < Amount::ONE => (Vec::new(), vec![Vec::new()]),
        None => (vec![Vec::new()], Vec::new()),
    }
}

/// Whether limits of these scopes can count in one counter.
pub(super) fn may_coincide(one: Scope, other: Scope) -> bool {
    let is_callers = |scope| matches!(scope, Scope::Grant | Scope::Session);
    one == other || (is_callers(one) && is_callers(other))
}

fn enforced(groups: &[Group]) -> impl Iterator<Item = (usize, &Group)> {
    groups.iter().enumerate().filter(|(_, group)| group.mode == Mode::Enforce)
}

fn forbids(condition: &Condition, outcomes: Outcomes) -> Literal {
    Literal::Condition(condition.clone(), Sense::Forbids, outcomes)
}

fn written(condition: &Condition) -> String {
    format!("{} {} {}", condition.path().text(), condition.operator().name(), json_text(condition.value()))
}

fn all_written(group: &Group) -> String {
    match group.conditions.as_slice() {
        [] => "always".to_owned(),
        conditions => conditions.iter().map(written).collect::<Vec<_>>().join(" and "),
    }
}

/// The names that a tool can have that no rule names: 1 to 128 of `A-Z a-z 0-9 _ . - /`.
fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
}
