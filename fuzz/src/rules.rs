//! What a policy says of a call up to its limits: the steps of docs/policy-format.md, one after the other, in the words
//! of the reference. How a single group is judged is left to the engine.

use policy_core::arguments::Json;
use policy_core::{
    Action, Code, DefaultEffect, Group, Identity, Mode, Outcome, Policy, Sense, Tool, TypeMismatch, escape,
};

use crate::counters::Applying;

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
    let groups = policy.tools.get(name).into_iter().flat_map(|tool| tool.require.iter().chain(&tool.deny_if));
    let groups = groups.filter(|group| !group.conditions.is_empty()).map(|group| group.mode);
    let limits = limits(policy, name);
    let limits = limits.iter().filter(|(limit, _)| limit.increment_from.is_some());
    let readers: Vec<Mode> = groups.chain(limits.map(|(limit, _)| limit.mode)).collect();
    (!readers.is_empty(), readers.contains(&Mode::Enforce))
}

/// Steps 7 and 8: the groups. `root` is nothing where the arguments are not acceptable.
pub(crate) fn of_groups(
    name: &str,
    tool: &Tool,
    root: Option<Json<'_>>,
    type_mismatch: TypeMismatch,
    shadowed: &mut Vec<Reason>,
) -> Option<Reason> {
    let lists = [("require", &tool.require), ("deny_if", &tool.deny_if)];
    for (list, groups) in lists {
        for (place, group) in groups.iter().enumerate() {
            let sense = if list == "require" { Sense::Permits } else { Sense::Forbids };
            let Some((outcome, condition)) = judge(group, root, type_mismatch, sense) else { continue };
            let code = match (list, outcome) {
                (_, Outcome::Mismatch) => Code::TypeMismatch,
                ("require", Outcome::False) => Code::RequireFailed,
                ("deny_if", Outcome::Holds) => Code::DeniedByRule,
                _ => continue,
            };
            let mut pointer = format!("/tools/{}/{list}/{place}", escape(name));
            if let Some(condition) = condition {
                pointer.push_str(&format!("/conditions/{condition}"));
            }
            match group.mode {
                Mode::Enforce => return Some((code, pointer)),
                Mode::Shadow => shadowed.push((code, pointer)),
            }
        }
    }
    None
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
