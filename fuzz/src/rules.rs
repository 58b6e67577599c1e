//! What a policy says of a call up to its limits: the steps of docs/policy-format.md, one after the other, in the words
//! of the reference. How a single group is judged is left to the engine.

use policy_core::arguments::Json;
use policy_core::{
    Action, Code, Decimal, DefaultEffect, Group, Identity, Mode, Outcome, Policy, Sense, Tool, TypeMismatch,
    escape,
};

use crate::counters::Applying;
use crate::number::ecmascript;

/// A code, and the pointer that goes with it.
pub(crate) type Reason = (Code, String);

/// Steps 3 to 5: the tool as such.
pub(crate) fn of_tool(policy: &Policy, name: &str) -> Option<Reason> {
    let hidden = |wanted: &str| policy.hide.iter().position(|hidden| &**hidden == wanted);
    if let Some(place) = hidden(name).or_else(|| hidden("*")) {
        return Some((Code::Hidden, format!("/hide/{place}")));
    }
    let Some(tool) = policy.tools.get(name) else {
        let is_valid = (1..=128).contains(&name.len())
            && name.chars().all(|char| char.is_ascii_alphanumeric() || "_.-/".contains(char));
        return match policy.default {
            DefaultEffect::Deny => Some((Code::DefaultDeny, "/default".to_owned())),
            DefaultEffect::Allow if !is_valid => Some((Code::InvalidToolName, "/default".to_owned())),
            DefaultEffect::Allow => None,
        };
    };
    (tool.action == Action::Deny).then(|| (Code::ToolDenied, format!("/tools/{}/action", escape(name))))
}

/// Whether anything looks at the arguments, and whether anything does that decides.
pub(crate) fn readers(policy: &Policy, name: &str) -> (bool, bool) {
    let lists = lists(policy, name);
    let groups = lists.iter().flat_map(|(list, _, groups)| groups.iter().map(move |group| (*list, group)));
    // Whatever asks for approval has to know what for.
    let reads = |(list, group): &(&str, &Group)| {
        !group.conditions.is_empty() || *list == "approve_if" && group.mode == Mode::Enforce
    };
    let groups = groups.filter(reads).map(|(_, group)| group.mode);
    let action = policy.tools.get(name).filter(|tool| tool.action == Action::RequireApproval);
    let limits = limits(policy, name);
    let limits = limits.iter().filter(|(limit, _)| limit.increment_from.is_some());
    let readers = groups.chain(limits.map(|(limit, _)| limit.mode)).chain(action.map(|_| Mode::Enforce));
    let readers: Vec<Mode> = readers.collect();
    (!readers.is_empty(), readers.contains(&Mode::Enforce))
}

/// The lists of groups that a call meets, in order, each with the pointer to it.
fn lists<'p>(policy: &'p Policy, name: &str) -> Vec<(&'static str, String, &'p [Group])> {
    let at = format!("/tools/{}", escape(name));
    let own = policy.tools.get(name);
    let all = &policy.all_tools;
    let own = |groups: fn(&Tool) -> &Vec<Group>| own.map_or(&[][..], |tool| groups(tool));
    vec![
        ("require", format!("{at}/require"), own(|tool| &tool.require)),
        ("require", "/all_tools/require".to_owned(), &all.require),
        ("deny_if", format!("{at}/deny_if"), own(|tool| &tool.deny_if)),
        ("deny_if", "/all_tools/deny_if".to_owned(), &all.deny_if),
        ("approve_if", format!("{at}/approve_if"), own(|tool| &tool.approve_if)),
        ("approve_if", "/all_tools/approve_if".to_owned(), &all.approve_if),
    ]
}

/// The steps of the groups and of approval: what denies, or else what asks. `root` is nothing where the arguments are not
/// acceptable.
pub(crate) fn of_groups(
    policy: &Policy,
    name: &str,
    root: Option<Json<'_>>,
    type_mismatch: TypeMismatch,
    shadowed: &mut Vec<Reason>,
) -> Option<Reason> {
    let action = policy.tools.get(name).filter(|tool| tool.action == Action::RequireApproval);
    let mut asking = action.map(|_| (Code::ApprovalRequired, format!("/tools/{}/action", escape(name))));
    for (list, at, groups) in lists(policy, name) {
        for (place, group) in groups.iter().enumerate() {
            let sense = if list == "require" { Sense::Permits } else { Sense::Forbids };
            let Some((outcome, condition)) = judge(group, root, type_mismatch, sense) else { continue };
            let code = match (list, outcome) {
                (_, Outcome::Mismatch) => Code::TypeMismatch,
                ("require", Outcome::False) => Code::RequireFailed,
                ("deny_if", Outcome::Holds) => Code::DeniedByRule,
                ("approve_if", Outcome::Holds) => Code::ApprovalRequired,
                _ => continue,
            };
            let mut pointer = format!("{at}/{place}");
            if let Some(condition) = condition {
                pointer.push_str(&format!("/conditions/{condition}"));
            }
            match group.mode {
                Mode::Enforce if code == Code::ApprovalRequired => asking = asking.or(Some((code, pointer))),
                Mode::Enforce => return Some((code, pointer)),
                Mode::Shadow => shadowed.push((code, pointer)),
            }
        }
    }
    asking
}

/// Whether every number is exactly a float, as canonical JSON writes them: what an approval can be bound to.
pub(crate) fn is_exact(value: Json<'_>) -> bool {
    let is_float = |text: &str| {
        let float: f64 = text.parse().expect("a number that was read is one");
        float.is_finite() && Decimal::parse(text) == Decimal::parse(&ecmascript(float))
    };
    value.as_number().is_none_or(is_float)
        && value.elements().all(is_exact)
        && value.members().all(|(_, member)| is_exact(member))
}

fn judge(
    group: &Group,
    root: Option<Json<'_>>,
    type_mismatch: TypeMismatch,
    sense: Sense,
) -> Option<(Outcome, Option<u32>)> {
    match root {
        Some(root) => Some(group.judge(root, type_mismatch, sense)),
        None if group.conditions.is_empty() => Some((Outcome::Holds, None)),
        None => None,
    }
}

/// Step 9: the limits in their order.
pub(crate) fn limits(policy: &Policy, name: &str) -> Vec<Applying> {
    let own = policy.tools.get(name);
    let at = format!("/tools/{}", escape(name));
    let listed = own.into_iter().flat_map(|tool| tool.limits.iter().enumerate());
    let listed = listed.map(|(place, limit)| (limit.clone(), format!("{at}/limits/{place}")));
    let short = own.and_then(|tool| tool.rate_limit);
    let short = short.map(|short| (short.to_limit(name), format!("{at}/rate_limit")));
    let all = policy.all_tools.limits.iter().enumerate();
    let all = all.map(|(place, limit)| (limit.clone(), format!("/all_tools/limits/{place}")));
    listed.chain(short).chain(all).collect()
}

/// Whether a caller may know of a tool: the steps that a call begins with, without the denial by default and by action.
pub(crate) fn is_visible(policy: Option<&Policy>, identity: &Identity, revoked: bool, name: &str) -> bool {
    let reason = policy.and_then(|policy| of_tool(policy, name)).map(|(code, _)| code);
    let out_of_sight = matches!(reason, Some(Code::Hidden | Code::InvalidToolName));
    !revoked && !identity.grant().is_empty() && policy.is_some() && !out_of_sight
}
