//! Shows what came of cases: nothing of those that passed, expected and found of those that did not.

use anstyle::{AnsiColor, Color, Style};

use super::Totals;
use super::run::{Finding, Outcome};

const BAD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
const SKIPPED: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
const WANTED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const FOUND: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));

/// What came of a case. Names are fit to be shown; a file that holds no cases has a case without a name.
pub(super) fn outcome(file: &str, name: &str, outcome: &Outcome, skip_unsupported: bool) -> String {
    let title = |style: Style, word: &str| {
        let name = if name.is_empty() { String::new() } else { format!(": {name}") };
        format!("{style}{word}{style:#} {file}{name}\n")
    };
    match outcome {
        Outcome::Passed => String::new(),
        Outcome::Unsupported(_) if skip_unsupported => title(SKIPPED, "SKIP"),
        Outcome::Unsupported(found) => format!("{}{}\n", title(BAD, "FAIL"), finding(found)),
        Outcome::Failed(findings) => {
            let findings: String = findings.iter().map(finding).collect();
            format!("{}{findings}\n", title(BAD, "FAIL"))
        }
    }
}

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::Broken(why) => format!("  {why}\n"),
        Finding::Mistakes { shown, wanted } => {
            let wanted = wanted.as_deref().unwrap_or("the policy does not load");
            format!("  {wanted}\n\n{}\n", shown.trim_end())
        }
        Finding::Decision { step, call, differences } => {
            let mut text = format!("  step {step}: {call}\n");
            for difference in differences {
                let field = difference.field;
                text.push_str(&format!("    {field}\n"));
                if let Some(expected) = &difference.expected {
                    text.push_str(&format!("      expected {WANTED}{expected}{WANTED:#}\n"));
                }
                text.push_str(&format!("      got      {FOUND}{}{FOUND:#}\n", difference.found));
            }
            text
        }
    }
}

/// The line that closes a run.
pub(super) fn totals(totals: &Totals, skip_unsupported: bool) -> String {
    let Totals { passed, failed, skipped } = totals;
    if skip_unsupported {
        format!("{passed} passed, {failed} failed, {skipped} skipped\n")
    } else {
        format!("{passed} passed, {failed} failed\n")
    }
}
