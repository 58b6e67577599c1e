//! The outcome of a comparison for people: what widens first, each change with the rule before and after and with calls that
//! show it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use policy_analysis::diff::{Calls, Change, Diff, Direction, Example, ToolName};
use policy_analysis::values::json_text;
use policy_core::Effect;

use crate::printable;
use crate::time;

const WIDENING: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const NARROWING: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const PLAIN: Style = Style::new().bold();

/// How many calls of an example are written out.
const CALLS_SHOWN: usize = 4;

pub(super) fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for change in &diff.changes {
        show(change, &mut text);
    }
    for note in &diff.notes {
        // Writing to a string does not fail, here and below.
        let _written = writeln!(text, "note: {}", printable::text(note));
    }
    let count = |directions: [Direction; 2]| {
        diff.changes.iter().filter(|change| directions.contains(&change.direction)).count()
    };
    let undecided = count([Direction::MaybeWidening, Direction::MaybeNarrowing]);
    let counts = [
        (count([Direction::Widening; 2]), "widening", "widenings"),
        (count([Direction::Narrowing; 2]), "narrowing", "narrowings"),
        (undecided, "undecided", "undecided"),
        (count([Direction::Text; 2]), "change of texts", "changes of texts"),
    ];
    let said = counts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }));
    let said: Vec<String> = said.collect();
    let sum = if said.is_empty() { "no change".to_owned() } else { said.join(", ") };
    let _written = writeln!(text, "{sum}");
    text
}

fn show(change: &Change, text: &mut String) {
    let (style, word) = match change.direction {
        Direction::Widening => (WIDENING, "widening"),
        Direction::MaybeWidening => (WIDENING, "undecided, may be a widening"),
        Direction::Narrowing => (NARROWING, "narrowing"),
        Direction::MaybeNarrowing => (NARROWING, "undecided, may be a narrowing"),
        Direction::Text => (PLAIN, "text"),
    };
    let tools: Vec<String> = change.tools.iter().map(tool).collect();
    let whose = if tools.is_empty() { String::new() } else { format!(" {}:", tools.join(", ")) };
    let message = printable::text(&change.message);
    let _written = writeln!(text, "{style}{word}{style:#}{whose} {message}");
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if change.direction == Direction::Text && old == new => line(text, "at", old),
        (old, new) => {
            old.iter().for_each(|old| line(text, "old", old));
            new.iter().for_each(|new| line(text, "new", new));
        }
    }
    if let Some(example) = &change.example {
        show_example(example, text);
    }
}

fn line(text: &mut String, name: &str, what: &str) {
    let _written = writeln!(text, "  {name}: {}", printable::text(what));
}

fn tool(name: &ToolName) -> String {
    match name {
        ToolName::Named(name) => printable::name(name),
        ToolName::Others => "every other tool".to_owned(),
    }
}

fn show_example(example: &Example, text: &mut String) {
    let outcome = format!("{} before, {} now", effect(example.old.0), effect(example.new.0));
    if let [Calls { tool, arguments, count: 1, .. }] = example.calls.as_slice() {
        let call = format!("{} {}: {outcome}", printable::name(tool), json_text(arguments));
        let _written = writeln!(text, "  example: {call} ({})", reason(example));
        return;
    }
    let count = example.count();
    let _written = writeln!(text, "  example: the last of {count} calls: {outcome} ({})", reason(example));
    for calls in example.calls.iter().take(CALLS_SHOWN) {
        let Calls { tool, arguments, caller, at, count } = calls;
        let session = caller.session_name().map_or_else(String::new, |session| format!(", {session}"));
        let who = format!("{}, {}{session}", caller.server_name(), caller.grant_name());
        let call = format!("{} {}", printable::name(tool), json_text(arguments));
        let (day, of_day) = time::show(*at);
        let _written = writeln!(text, "    {count} x {call} by {who}, at {day} {of_day}");
    }
    let more = example.calls.len().saturating_sub(CALLS_SHOWN);
    if more > 0 {
        let _written = writeln!(text, "    and {more} more like these");
    }
}

fn reason(example: &Example) -> &'static str {
    if example.old.0 == Effect::Allow { example.new.1.name() } else { example.old.1.name() }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allowed",
        Effect::RequireApproval => "to be approved",
        _ => "denied",
    }
}
