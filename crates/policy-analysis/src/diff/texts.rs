//! What changed without changing a decision: texts, and what is only reported on.

use policy_core::{AllTools, Group, Limit, Mode, Policy, Tool, escape};

use super::change::{Change, ChangeKind, Direction, ToolName};

/// The places whose texts changed, or that report otherwise.
pub(super) fn texts(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut texts = Texts { changes: Vec::new() };
    texts.compare(None, "/description", &old.description, &new.description);
    texts.compare(None, "/$schema", &old.schema_uri, &new.schema_uri);
    texts.all_tools(&old.all_tools, &new.all_tools);
    for (name, tool) in &old.tools {
        // Of a tool that only one of them names, there is more to say than texts.
        if let Some(new) = new.tools.get(name) {
            texts.tool(name, tool, new);
        }
    }
    texts.changes
}

struct Texts {
    changes: Vec<Change>,
}

impl Texts {
    fn compare<T: PartialEq>(&mut self, tool: Option<&str>, pointer: &str, old: &T, new: &T) {
        self.said(tool, pointer, old != new, "the text changed");
    }

    fn said(&mut self, tool: Option<&str>, pointer: &str, changed: bool, message: &str) {
        if changed {
            self.changes.push(Change {
                direction: Direction::Text,
                kind: ChangeKind::Text,
                tools: tool.map(|name| ToolName::Named(name.into())).into_iter().collect(),
                old: Some(pointer.to_owned()),
                new: Some(pointer.to_owned()),
                message: message.to_owned(),
                example: None,
            });
        }
    }

    fn all_tools(&mut self, old: &AllTools, new: &AllTools) {
        self.compare(None, "/all_tools/description", &old.description, &new.description);
        self.lists(
            None,
            "/all_tools",
            [&old.require, &old.deny_if, &old.approve_if],
            [&new.require, &new.deny_if, &new.approve_if],
        );
        self.limits(None, "/all_tools/limits", &old.limits, &new.limits);
    }

    fn tool(&mut self, name: &str, old: &Tool, new: &Tool) {
        let base = format!("/tools/{}", escape(name));
        self.compare(Some(name), &format!("{base}/description"), &old.description, &new.description);
        self.compare(Some(name), &format!("{base}/reason"), &old.reason, &new.reason);
        self.lists(
            Some(name),
            &base,
            [&old.require, &old.deny_if, &old.approve_if],
            [&new.require, &new.deny_if, &new.approve_if],
        );
        self.limits(Some(name), &format!("{base}/limits"), &old.limits, &new.limits);
    }

    fn lists(&mut self, tool: Option<&str>, base: &str, old: [&Vec<Group>; 3], new: [&Vec<Group>; 3]) {
        for ((old, new), list) in old.into_iter().zip(new).zip(["require", "deny_if", "approve_if"]) {
            let pointer = format!("{base}/{list}");
            let texts = |groups: &[Group]| {
                sorted(groups.iter().map(|group| format!("{:?}", (&group.on_deny, &group.description))))
            };
            self.said(tool, &pointer, texts(old) != texts(new), "texts changed");
            let shadow = |groups: &[Group]| {
                let shadow = groups.iter().filter(|group| group.mode == Mode::Shadow);
                sorted(shadow.map(|group| format!("{:?}", group.conditions)))
            };
            let message = "what is reported in shadow mode changed";
            self.said(tool, &pointer, shadow(old) != shadow(new), message);
        }
    }

    fn limits(&mut self, tool: Option<&str>, pointer: &str, old: &[Limit], new: &[Limit]) {
        let texts = |limits: &[Limit]| {
            sorted(limits.iter().map(|limit| format!("{:?}", (&limit.on_deny, &limit.description))))
        };
        self.said(tool, pointer, texts(old) != texts(new), "texts changed");
        let shadow = |limits: &[Limit]| {
            let shadow = limits.iter().filter(|limit| limit.mode == Mode::Shadow);
            sorted(shadow.map(|limit| {
                let Limit { counter, window, max, scope, increment_from, .. } = limit;
                format!("{:?}", (counter, window.seconds(), max, scope, increment_from))
            }))
        };
        self.said(tool, pointer, shadow(old) != shadow(new), "what is reported in shadow mode changed");
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.filter(|text| text != "(None, None)").collect();
    texts.sort_unstable();
    texts
}
