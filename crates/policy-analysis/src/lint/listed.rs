//! A policy's names and those that the server lists.

use policy_core::{DefaultEffect, Policy};
use policy_json::{Part, ToolCatalogue};

use super::code::{LintCode, Severity};
use super::finding::{Findings, shown, tool_pointer};
use super::rules::Reach;
use crate::nearest::nearest;

/// How many pairs of names are compared to say what was probably meant. A policy for quite another server has no near names,
/// and looking for them would take the product of both lists.
const COMPARED_MAX: usize = 100_000;

/// How many tools without a rule are named.
const NAMED_MAX: usize = 5;

pub(super) fn check(policy: &Policy, catalogue: &ToolCatalogue, reach: &Reach<'_>, findings: &mut Findings) {
    if catalogue.is_partial() {
        let message = "this is one page of a longer list of tools: what is not on it may be on another";
        let help = "ask the server for the other pages, and put their tools into one list".to_owned();
        findings.add(LintCode::PartialList, String::new(), message, help);
    }
    let ruled = policy.tools.keys();
    let ruled = ruled.map(|name| (LintCode::UnlistedTool, &**name, (tool_pointer(name), Part::Name)));
    let hidden = policy.hide.iter().enumerate().filter(|(_, name)| &***name != "*");
    let hidden = hidden.map(|(place, name)| {
        (LintCode::UnlistedHiddenTool, &**name, (format!("/hide/{place}"), Part::Value))
    });
    let unlisted = ruled.chain(hidden).filter(|(_, name, _)| catalogue.tool(name).is_none());
    let helped = COMPARED_MAX.checked_div(catalogue.tools().len()).unwrap_or(0);
    for (number, (code, name, place)) in unlisted.enumerate() {
        let known = catalogue.tools().map(|tool| &*tool.name);
        let near = if number < helped { nearest(name, known) } else { None };
        let what = if code == LintCode::UnlistedTool { "" } else { ", so this hides nothing" };
        let message = format!("the server does not list a tool `{}`{what}", shown(name));
        let help = near.map(|near| format!("did you mean `{}`?", shown(near)));
        let severity = if catalogue.is_partial() { Severity::Note } else { code.severity() };
        findings.add_as(code, severity, place, message, help);
    }
    if policy.default == DefaultEffect::Allow && !reach.hides_all {
        unruled(policy, catalogue, reach, findings);
    }
}

/// Listed tools that the policy does not speak of: one finding for all of them, since they have one cause.
fn unruled(policy: &Policy, catalogue: &ToolCatalogue, reach: &Reach<'_>, findings: &mut Findings) {
    let ruled = |name: &str| policy.tools.contains_key(name) || reach.is_hidden(name);
    let names: Vec<&str> = catalogue.tools().map(|tool| &*tool.name).filter(|name| !ruled(name)).collect();
    if names.is_empty() {
        return;
    }
    let shown: Vec<String> = names.iter().take(NAMED_MAX).map(|name| format!("`{}`", shown(name))).collect();
    let more = match names.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let are = if names.len() == 1 { "is" } else { "are" };
    let message = format!("no rule speaks of {}{more}, which {are} allowed by default", shown.join(", "));
    let help = "name each of them under `tools`, `{}` where it may be called freely, or write `\"default\": \"deny\"`";
    findings.add(LintCode::UnruledTool, "/default".to_owned(), message, help.to_owned());
}
