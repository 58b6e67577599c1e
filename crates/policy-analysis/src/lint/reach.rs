//! What no call comes to, and policies that deny or allow everything.

use std::collections::HashMap;

use policy_core::{Action, DefaultEffect, Mode, Policy, Tool};

use super::code::LintCode;
use super::finding::{Findings, shown, tool_pointer};
use super::key;
use super::rules::{GroupAt, Groups, List, Reach};

pub(super) fn check(policy: &Policy, reach: &Reach<'_>, findings: &mut Findings) {
    if let Some(place) = policy.hide.iter().position(|name| &**name == "*") {
        let help = "leave `*` out of `hide`, and name the tools that are to be hidden";
        findings.add(
            LintCode::HidesEverything,
            format!("/hide/{place}"),
            "`*` hides every tool, so every call is denied whatever else the policy says",
            help.to_owned(),
        );
        return;
    }
    for (name, tool) in &policy.tools {
        if reach.is_hidden(name) {
            hidden(name, findings);
        } else if tool.action == Action::Deny {
            denied(name, tool, findings);
        } else {
            behind_outright(name, tool, findings);
            behind_groups(Groups::of_tool(name, tool), findings);
        }
    }
    whole(policy, reach, findings);
}

fn hidden(name: &str, findings: &mut Findings) {
    let message = format!("`{}` is hidden, so no call comes to what stands here", shown(name));
    let help = "take it out of `hide` if it may be called, or out of `tools` if not".to_owned();
    findings.add_name(LintCode::UnreachableRule, tool_pointer(name), message, help);
}

fn denied(name: &str, tool: &Tool, findings: &mut Findings) {
    let fields = [
        ("schema", tool.schema.is_none()),
        ("require", tool.require.is_empty()),
        ("deny_if", tool.deny_if.is_empty()),
        ("approve_if", tool.approve_if.is_empty()),
        ("limits", tool.limits.is_empty()),
        ("rate_limit", tool.rate_limit.is_none()),
    ];
    for (field, is_empty) in fields {
        if !is_empty {
            let message = format!("`action` denies every call of the tool, so no call comes to `{field}`");
            let help = "take out either of the two".to_owned();
            findings.add_name(
                LintCode::UnreachableRule,
                format!("{}/{field}", tool_pointer(name)),
                message,
                help,
            );
        }
    }
}

/// What stands behind a group that denies every call.
fn behind_outright(name: &str, tool: &Tool, findings: &mut Findings) {
    if let Some(place) = Groups::of_tool(name, tool).denies_outright() {
        let denies = format!("group {place} of `deny_if` has no conditions and so denies every call");
        let help =
            "write `\"action\": \"deny\"` if every call is to be denied, and leave the rest out".to_owned();
        let last = tool.deny_if.len().saturating_sub(1);
        if place < last {
            let pointer = format!("{}/deny_if/{}", tool_pointer(name), place.saturating_add(1));
            let message = format!("{denies}: no call comes to those behind it");
            findings.add(LintCode::UnreachableRule, pointer, message, help.clone());
        }
        let fields = [
            ("approve_if", tool.approve_if.is_empty()),
            ("limits", tool.limits.is_empty()),
            ("rate_limit", tool.rate_limit.is_none()),
        ];
        for (field, is_empty) in fields {
            if !is_empty {
                let pointer = format!("{}/{field}", tool_pointer(name));
                let message = format!("{denies}: no call comes to `{field}`");
                findings.add_name(LintCode::UnreachableRule, pointer, message, help.clone());
            }
        }
    }
}

/// What stands behind a group that has decided already whatever this one would.
fn behind_groups(groups: Groups<'_>, findings: &mut Findings) {
    let outright = groups.denies_outright();
    let mut earlier = Earlier::default();
    for at in groups.iter() {
        // Whether something behind the outright denial is superfluous no longer matters.
        if at.list != List::Require
            && outright.is_some_and(|place| at.place > place || at.list != List::DenyIf)
        {
            break;
        }
        earlier.look(&at, findings);
    }
}

/// The enforced groups before, by their conditions.
#[derive(Default)]
struct Earlier {
    /// Groups of `deny_if` and `approve_if` with one condition: they hold wherever a group that has the condition too does.
    deciding: HashMap<(&'static str, String), usize>,
    /// Conditions of `require`: a group of such a condition alone asks nothing more.
    required: HashMap<String, usize>,
}

impl Earlier {
    fn look(&mut self, at: &GroupAt<'_>, findings: &mut Findings) {
        let mut keys: Vec<String> = at.group.conditions.iter().map(key::condition).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = match at.list {
            // Exactly the same group is a duplicate, and reported as that.
            List::DenyIf | List::ApproveIf if keys.len() > 1 => {
                let list = at.list.name();
                keys.iter().find_map(|key| self.deciding.get(&(list, key.clone()))).copied()
            }
            List::Require if keys.len() == 1 => keys.first().and_then(|key| self.required.get(key)).copied(),
            _ => None,
        };
        if let Some(place) = found {
            let list = at.list.name();
            let message = match at.list {
                List::DenyIf => {
                    format!("group {place} of `{list}` denies every call that this group would deny")
                }
                List::ApproveIf => {
                    format!("group {place} of `{list}` asks about every call that this group would ask about")
                }
                List::Require => format!("group {place} of `{list}` asks this already"),
            };
            let help = "put it before the other group if its text is to be read, or take it out".to_owned();
            findings.add(LintCode::UnreachableRule, at.pointer(), message, help);
        }
        if !at.enforces() {
            return;
        }
        match (at.list, keys.len()) {
            (List::DenyIf | List::ApproveIf, 1) => {
                keys.into_iter().for_each(|key| {
                    self.deciding.entry((at.list.name(), key)).or_insert(at.place);
                });
            }
            (List::Require, 2..) => {
                keys.into_iter().for_each(|key| {
                    self.required.entry(key).or_insert(at.place);
                });
            }
            _ => {}
        }
    }
}

/// The policy as a whole.
fn whole(policy: &Policy, reach: &Reach<'_>, findings: &mut Findings) {
    behind_groups(Groups::of_all(policy), findings);
    let passable = |name: &str, tool: &Tool| {
        reach.comes_to_rules(name, tool) && Groups::of_tool(name, tool).denies_outright().is_none()
    };
    let at_default = || "/default".to_owned();
    if reach.default == DefaultEffect::Deny {
        if !policy.tools.iter().any(|(name, tool)| passable(name, tool)) {
            let message = "no tool is permitted, so every call is denied";
            let help = "name the tools that may be called under `tools`: `{}` permits one without conditions";
            findings.add(LintCode::DeniesEverything, at_default(), message, help.to_owned());
        }
        return;
    }
    let all = &policy.all_tools.limits;
    let tools = || {
        let own = policy.tools.iter().flat_map(|(name, tool)| Groups::of_tool(name, tool).iter());
        own.chain(Groups::of_all(policy).iter())
    };
    let limits = || policy.tools.values().flat_map(|tool| &tool.limits).chain(all);
    let denies = policy
        .tools
        .values()
        .any(|tool| tool.action != Action::Allow || tool.rate_limit.is_some() || tool.schema.is_some());
    if denies || !policy.hide.is_empty() {
        return;
    }
    let rules = tools().next().is_some() || limits().next().is_some();
    let enforced = tools().any(|at| at.enforces()) || limits().any(|limit| limit.mode == Mode::Enforce);
    if !rules {
        let message = "every call is allowed: there is no rule, no limit and no hidden tool";
        let help = "write `\"default\": \"deny\"` and name the tools that may be called, or give rules";
        findings.add(LintCode::AllowsEverything, at_default(), message, help.to_owned());
    } else if !enforced {
        let message = "every rule and limit is in shadow mode, so every call is allowed";
        let help = "take `\"mode\": \"shadow\"` out where a rule is to decide";
        findings.add(LintCode::OnlyShadow, at_default(), message, help.to_owned());
    }
}
