//! `policy validate`: shows everything that is wrong with policy files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use policy_core::{DefaultEffect, Limit, Mode, Policy};

use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;

const GOOD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// Looks at each file; the status is 1 when any of them is no policy.
pub(crate) fn run(files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut output = Output::styled();
    let mut all_good = true;
    for file in files {
        let (good, text) = validate(file);
        all_good &= good;
        output.write(&text)?;
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the file is a policy, and what there is to say about it.
fn validate(file: &Path) -> (bool, String) {
    let name = printable::path(file);
    let text = match input::read(file) {
        Ok(text) => text,
        Err(failure) => return (false, format!("{failure}\n")),
    };
    match policy_file::load(&file.to_string_lossy(), &text) {
        Ok(Loaded { policy, .. }) => (true, format!("{GOOD}ok{GOOD:#} {name}: {}\n", summary(&policy))),
        Err(NotLoaded::Mistakes(error)) => {
            let shown = policy_file::render(&name, &text, 0, &error);
            let count = count(error.diagnostics().len(), "mistake", "mistakes");
            (false, format!("{shown}{BAD}not a policy{BAD:#} {name}: {count}\n"))
        }
        Err(NotLoaded::Unusable(fault)) => {
            (false, format!("{BAD}not a policy{BAD:#} {name}: {}\n", printable::text(&fault)))
        }
    }
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
