//! `policy validate --explain`: what a code means, why it matters, what to do.

use std::process::ExitCode;

use anstyle::Style;
use policy_analysis::{Explanation, LintCode, nearest};
use policy_json::DiagnosticCode;

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::printable;

const STRONG: Style = Style::new().bold();

/// Explains a code.
pub(crate) fn explain(code: &str) -> Result<ExitCode, Failure> {
    let load = DiagnosticCode::ALL.into_iter().find(|known| known.name() == code);
    let text = match (LintCode::from_name(code), load) {
        (Some(code), _) => finding(code),
        (None, Some(code)) => mistake(code),
        (None, None) => return Err(unknown(code)),
    };
    Output::styled().write(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn finding(code: LintCode) -> String {
    let Explanation { why, example, tools, fix, .. } = code.explanation();
    let head = |text: &str| format!("{STRONG}{text}{STRONG:#}");
    let severity = code.severity().name();
    let mut text = format!("{} ({severity})\n{}\n", head(code.name()), code.summary());
    text.push_str(&format!("\n{}\n{}", head("Why"), wrapped(why)));
    text.push_str(&format!("\n{}\n{}", head("A policy that brings it up"), indented(example)));
    if let Some(tools) = tools {
        text.push_str(&format!("\n{}\n{}", head("with the list of tools"), indented(tools)));
    }
    text.push_str(&format!("\n{}\n{}", head("What to do"), wrapped(fix)));
    text
}

fn mistake(code: DiagnosticCode) -> String {
    let why = "The document is no policy until it is corrected: nothing in a policy is passed over.";
    format!("{STRONG}{}{STRONG:#} (error)\n{}\n\n{}", code.name(), code.meaning(), wrapped(why))
}

fn unknown(code: &str) -> Failure {
    let known = LintCode::ALL.iter().map(|code| code.name());
    let known = known.chain(DiagnosticCode::ALL.iter().map(|code| code.name()));
    let near = nearest(code, known.clone());
    let failure = Failure::new(format!("there is no code `{}`", printable::name(code)));
    failure.with_help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the codes are {}", known.collect::<Vec<_>>().join(", ")),
    })
}

fn wrapped(text: &str) -> String {
    let columns = output::terminal_width().unwrap_or(80).clamp(40, 100).saturating_sub(2);
    printable::wrap(text, columns).iter().map(|line| format!("  {line}\n")).collect()
}

fn indented(json: &str) -> String {
    Explanation::in_lines(json).lines().map(|line| format!("  {line}\n")).collect()
}
