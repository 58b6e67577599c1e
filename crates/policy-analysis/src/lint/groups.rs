//! Groups and conditions by themselves: what stands twice, what asks nothing, what lets an absent argument pass.

use std::collections::HashMap;

use policy_core::{Step, Value};

use super::code::LintCode;
use super::finding::{Findings, shown};
use super::key;
use super::rules::{ConditionAt, GroupAt, Groups, List};

pub(super) fn check(groups: Groups<'_>, has_schema: bool, findings: &mut Findings) {
    let mut seen: HashMap<(&str, bool, String), usize> = HashMap::new();
    for at in groups.iter() {
        let list = at.list.name();
        if !at.group.conditions.is_empty() {
            let key = (list, at.enforces(), key::group(at.group));
            if let Some(first) = seen.get(&key) {
                let message = format!("group {first} of `{list}` has the same conditions");
                let help = "take one of them out, or correct what should differ".to_owned();
                findings.add(LintCode::DuplicateGroup, at.pointer(), message, help);
            }
            seen.entry(key).or_insert(at.place);
        } else if at.list == List::Require {
            let message = "a group without conditions holds always: it requires nothing";
            let help = "add conditions, or take the group out".to_owned();
            findings.add(LintCode::AlwaysHolds, at.pointer(), message, help);
        }
        one_group(&at, findings);
    }
    // Where a schema says which arguments may be left out, that is looked at with it.
    if !has_schema {
        absent_passes(groups, findings);
    }
}

fn one_group(at: &GroupAt<'_>, findings: &mut Findings) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for condition in at.conditions() {
        let key = key::condition(condition.condition);
        if let Some(first) = seen.get(&key) {
            let message = format!("condition {first} of the group is the same");
            let help = "take one of them out, or correct what should differ".to_owned();
            findings.add(LintCode::DuplicateCondition, condition.pointer(), message, help);
        }
        seen.entry(key).or_insert(condition.place);
        one_condition(&condition, findings);
    }
}

fn one_condition(at: &ConditionAt<'_>, findings: &mut Findings) {
    // In quotes a star is meant as itself.
    let has_star = |step: Step<'_>| matches!(step, Step::Name(name) if name.contains('*') && at.path().contains(&format!(".{name}")));
    if at.condition.path().steps().any(has_star) {
        let message = format!("a star in a path stands for itself: `{}` is one argument", shown(at.path()));
        let help = "name the argument".to_owned();
        findings.add(LintCode::StarInPath, at.field("path"), message, help);
    }
    if let (Value::Array(elements), "in" | "not_in" | "path_within" | "url_host_in" | "cidr_in") =
        (at.condition.value(), at.op())
    {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (place, element) in elements.iter().enumerate() {
            let first = *seen.entry(key::value(element)).or_insert(place);
            if first != place {
                let message = format!("element {first} of the list is equal to this one");
                let pointer = format!("{}/{place}", at.field("value"));
                findings.add(LintCode::DuplicateValue, pointer, message, "take one of them out".to_owned());
            }
        }
    }
    let asks_nothing = match (at.op(), at.condition.value()) {
        ("not_in", Value::Array(elements)) if elements.is_empty() => Some("whatever the argument is"),
        ("contains" | "starts_with" | "ends_with", Value::String(part)) if part.is_empty() => {
            Some("for every text: each has the empty one in it")
        }
        _ => None,
    };
    if let Some(when) = asks_nothing {
        let message = format!("`{}` with this value holds {when}", at.op());
        let help = "say what is meant; for \"the argument is there\", write `exists` with `true`".to_owned();
        findings.add(LintCode::AlwaysHolds, at.field("value"), message, help);
    }
}

/// `deny_if x not_in [...]` is an allow-list turned round, and a call that leaves `x` out passes by it.
fn absent_passes(groups: Groups<'_>, findings: &mut Findings) {
    for at in groups.iter().filter(|at| at.list != List::Require) {
        let [condition] = at.group.conditions.as_slice() else { continue };
        let path = condition.path().text();
        if !matches!(condition.operator().name(), "neq" | "not_in") || is_asked_for(groups, path) {
            continue;
        }
        let op = condition.operator().name();
        let (turned, path) = (if op == "neq" { "eq" } else { "in" }, shown(path));
        let message = format!("a call without `{path}` passes: nothing that is absent is `{op}` anything");
        let help = format!("write the rule under `require` with `{turned}`, or require that `{path}` exists");
        findings.add(LintCode::AbsentPasses, format!("{}/conditions/0", at.pointer()), message, help);
    }
}

/// Whether a call without the argument is denied by another rule, or the rules speak of its absence.
pub(super) fn is_asked_for(groups: Groups<'_>, path: &str) -> bool {
    let inside = |other: &str| {
        other == path || other.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    groups.iter().any(|at| match at.list {
        List::Require => at.enforces() && at.conditions().any(|at| inside(at.path()) && !at.is_exists(false)),
        List::DenyIf | List::ApproveIf => {
            at.enforces()
                && at.group.conditions.len() == 1
                && at.conditions().any(|at| at.path() == path && at.is_exists(false))
        }
    })
}
