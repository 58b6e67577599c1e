//! Texts for the agent that say nothing or that nobody reads, and `$schema`.

use policy_core::{Action, Policy};
use policy_json::FORMAT_SCHEMA_ID;

use super::code::LintCode;
use super::finding::{Findings, shown, tool_pointer};
use super::rules::{Groups, limits, limits_of_all};

pub(super) fn check(policy: &Policy, findings: &mut Findings) {
    for (name, tool) in &policy.tools {
        if let Some(reason) = &tool.reason {
            let pointer = format!("{}/reason", tool_pointer(name));
            if tool.action == Action::Allow {
                let message = "`action` allows, so nobody reads this `reason`";
                let help =
                    "add `\"action\": \"deny\"`, or use `description` for a text for people".to_owned();
                findings.add(LintCode::ReasonWithoutEffect, pointer, message, help);
            } else if is_empty(reason) {
                empty(pointer, findings);
            }
        }
        for at in Groups::of_tool(name, tool).iter() {
            if at.group.on_deny.as_deref().is_some_and(is_empty) {
                empty(format!("{}/on_deny", at.pointer()), findings);
            }
        }
        for at in limits(name, tool) {
            if at.limit.on_deny.as_deref().is_some_and(is_empty) {
                empty(format!("{}/on_deny", at.pointer()), findings);
            }
        }
    }
    for at in Groups::of_all(policy).iter() {
        if at.group.on_deny.as_deref().is_some_and(is_empty) {
            empty(format!("{}/on_deny", at.pointer()), findings);
        }
    }
    for at in limits_of_all(policy) {
        if at.limit.on_deny.as_deref().is_some_and(is_empty) {
            empty(format!("{}/on_deny", at.pointer()), findings);
        }
    }
    if let Some(uri) = &policy.schema_uri {
        schema_uri(uri, findings);
    }
}

/// `$schema` has no effect here; what it makes of the document in an editor is another matter.
fn schema_uri(uri: &str, findings: &mut Findings) {
    let shown = shown(uri);
    let message = if uri.contains("json-schema.org/") {
        format!("`{shown}` is the address of a dialect: it says that this is a JSON Schema")
    } else if uri.starts_with("urn:policy:") && uri != FORMAT_SCHEMA_ID {
        format!("`{shown}` is not the schema of these policies: that is `{FORMAT_SCHEMA_ID}`")
    } else {
        return;
    };
    let help =
        "give the address of a file that `policy schema` was written to, or leave `$schema` out".to_owned();
    findings.add(LintCode::UnsuitableSchemaUri, "/$schema".to_owned(), message, help);
}

fn is_empty(text: &str) -> bool {
    text.trim().is_empty()
}

fn empty(pointer: String, findings: &mut Findings) {
    let message = "the agent is given an empty text, and cannot know what to do differently";
    let help =
        "say what is not permitted, or leave the field out: the engine has a text of its own".to_owned();
    findings.add(LintCode::EmptyText, pointer, message, help);
}
