//! Findings for reading: each with its line and the place underlined, and a line for each file.

use anstyle::{AnsiColor, Style};
use policy_core::{DefaultEffect, Limit, Mode, Policy};

use super::{Checked, Counts, Outcome};
use crate::diagnostics::{self, Note};
use crate::policy_file;
use crate::printable;

const GOOD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// What there is to say about a file.
pub(super) fn show(checked: &Checked, deny_warnings: bool) -> String {
    let name = &checked.name;
    match &checked.outcome {
        Outcome::Unreadable(failure) => format!("{failure}\n"),
        Outcome::Policy { text, policy, findings } => {
            let notes = findings.iter().map(Note::finding).collect();
            let shown = diagnostics::render(name, text, notes);
            let counts = checked.counts();
            let ok = if counts.fail(deny_warnings) {
                format!("{BAD}not ok{BAD:#}")
            } else {
                format!("{GOOD}ok{GOOD:#}")
            };
            format!("{shown}{ok} {name}: {}{}\n", summary(policy), found(counts))
        }
        Outcome::Mistakes { text, error } => {
            let shown = policy_file::render(name, text, 0, error);
            let count = count(error.diagnostics().len(), "mistake", "mistakes");
            format!("{shown}{BAD}not a policy{BAD:#} {name}: {count}\n")
        }
        Outcome::Unusable(fault) => {
            format!("{BAD}not a policy{BAD:#} {name}: {}\n", printable::text(fault))
        }
    }
}

/// What was found in a policy; nothing, where nothing was.
fn found(counts: Counts) -> String {
    let parts = [
        (counts.errors, "error", "errors"),
        (counts.warnings, "warning", "warnings"),
        (counts.notes, "note", "notes"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, one, many)| count(number, one, many)).collect();
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

/// What a policy holds, in a line.
fn summary(policy: &Policy) -> String {
    let limits = || {
        let own = policy.tools.values().flat_map(|tool| &tool.limits);
        own.chain(&policy.all_tools.limits)
    };
    let groups = || policy.tools.values().flat_map(|tool| tool.require.iter().chain(&tool.deny_if));
    let short = policy.tools.values().filter(|tool| tool.rate_limit.is_some()).count();
    let shadow = |mode: Mode| mode == Mode::Shadow;
    let shadowed = limits().filter(|limit: &&Limit| shadow(limit.mode)).count();
    let shadowed = shadowed.saturating_add(groups().filter(|group| shadow(group.mode)).count());
    let mut parts = vec![
        count(policy.tools.len(), "tool", "tools"),
        if policy.hide.iter().any(|name| &**name == "*") {
            "all hidden".to_owned()
        } else {
            format!("{} hidden", policy.hide.len())
        },
        count(groups().count(), "argument rule", "argument rules"),
        count(limits().count().saturating_add(short), "limit", "limits"),
    ];
    if shadowed > 0 {
        parts.push(format!("{shadowed} in shadow mode"));
    }
    parts.push(match policy.default {
        DefaultEffect::Allow => "other tools allowed".to_owned(),
        DefaultEffect::Deny => "other tools denied".to_owned(),
    });
    parts.join(", ")
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
