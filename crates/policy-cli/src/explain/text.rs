//! An explanation for reading: the decision, each step with what it looked at, the place in the policy that the call ended at, and
//! what would have to change.

use anstyle::{AnsiColor, Color, Style};
use policy_core::{
    Code, Effect, ExplainedCondition, ExplainedLimit, ExplainedStep, Explanation, Mode, Outcome, StepKind,
    StepOutcome,
};
use policy_json::{DOCUMENT_CAPS, Parsed, Part};

use super::Explained;
use crate::diagnostics::{self, Note};
use crate::printable;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = colour(AnsiColor::Green).bold();
const BAD: Style = colour(AnsiColor::Red).bold();
const WAITING: Style = colour(AnsiColor::Yellow).bold();

/// How many columns a policy's value, or an argument's, may take.
const VALUE_MAX: usize = 80;

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

fn paint(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// The whole of it. Everything that others wrote is made fit to be shown.
pub(super) fn text(explained: &Explained<'_>) -> String {
    let Explained { explanation, call, .. } = explained;
    let mut out = decision(explanation);
    let caller = printable::name(call.identity.grant());
    out.push_str(&paint(&format!("  {caller} calls {}", printable::name(&call.tool)), FAINT));
    out.push('\n');
    if !explained.listed {
        out.push_str(&paint("  not on the server's list", WAITING));
        out.push('\n');
    }
    out.push('\n');
    explanation.steps.iter().for_each(|each| step(&mut out, each));
    if let Some(place) = place(explained) {
        out.push('\n');
        out.push_str(place.trim_end());
        out.push('\n');
    }
    let Some(advice) = &explanation.advice else { return out };
    out.push_str(&format!("\n{}\n", paint("To let it through", STRONG)));
    if let Some(caller) = &advice.caller {
        out.push_str(&format!("  caller: {}\n", printable::text(caller)));
    }
    out.push_str(&format!("  policy: {}\n", printable::text(&advice.author)));
    let later = explanation.steps.iter().filter(|step| {
        // What asks for approval comes once more, as the approval that is asked for.
        let asks = step.kind != StepKind::Approval && step.code == Some(Code::ApprovalRequired);
        step.outcome == StepOutcome::NotReached && step.mode == Mode::Enforce && !asks
    });
    for (step, code) in later.filter_map(|step| Some((step, step.code?))) {
        let place = if step.pointer.is_empty() { step.kind.name() } else { &step.pointer };
        out.push_str(&format!("  then still: {} at {}\n", code.name(), printable::text(place)));
    }
    out
}

/// The first line: what it comes to, and why.
fn decision(explanation: &Explanation) -> String {
    let style = match explanation.effect() {
        Effect::Allow => GOOD,
        Effect::RequireApproval => WAITING,
        _ => BAD,
    };
    let effect = paint(explanation.effect().name(), style);
    if explanation.effect() == Effect::Allow {
        return format!("{effect}, as long as its limits have room\n");
    }
    let code = explanation.code.name();
    format!("{effect} ({code}): {}\n", printable::text(&explanation.message))
}

fn step(out: &mut String, step: &ExplainedStep) {
    let (word, style) = word(step);
    let (number, kind) = (step.kind.number(), step.kind.name());
    out.push_str(&format!("{number:>2} {kind:<12}  {}", paint(&format!("{word:<11}"), style)));
    let code = step.code.filter(|_| step.outcome != StepOutcome::Asks).map(|code| match step.outcome {
        StepOutcome::NotReached | StepOutcome::Shadowed => format!("would be {}", code.name()),
        _ => code.name().to_owned(),
    });
    let limit = step.limit.as_ref().map(|each| limit(each, step.kind));
    // What costs and limits look at is said by `limit`.
    let says_it = match step.kind {
        StepKind::Limit => step.outcome != StepOutcome::NotJudged,
        StepKind::Cost => step.code.is_none() && step.outcome != StepOutcome::NotJudged,
        _ => false,
    };
    let note = (!says_it).then(|| printable::text(&step.note));
    let mode = (step.mode == Mode::Shadow).then(|| "shadow".to_owned());
    let parts = [Some(printable::text(&step.pointer)), mode, code, limit, note];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    out.push_str(&format!("  {}\n", parts.join("; ")));
    step.conditions.iter().for_each(|each| condition(out, each));
}

fn word(step: &ExplainedStep) -> (&'static str, Style) {
    match step.outcome {
        StepOutcome::Passed => ("passed", GOOD),
        StepOutcome::Denied => ("denied", BAD),
        StepOutcome::Asks => ("asks", WAITING),
        StepOutcome::Waits => ("waits", WAITING),
        StepOutcome::Shadowed => ("shadow", WAITING),
        StepOutcome::NotReached => ("not reached", FAINT),
        _ => ("not judged", FAINT),
    }
}

fn condition(out: &mut String, condition: &ExplainedCondition) {
    let ExplainedCondition { path, operator, value, outcome, found, places, values, .. } = condition;
    let outcome = match outcome {
        Outcome::Holds => "holds",
        Outcome::False => "does not hold",
        Outcome::Mismatch => "cannot judge that type",
        Outcome::Refused => "refuses to read it",
    };
    let value = printable::cut(&printable::text(value), VALUE_MAX);
    let mut text = format!("{} {} {value}: {outcome}; found {found}", printable::text(path), operator.name());
    if places.all() > 1 {
        let counts = [
            (places.holds, "hold"),
            (places.fails, "do not"),
            (places.mismatch, "of another type"),
            (places.refused, "refused"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        text.push_str(&format!(" ({})", counts.join(", ")));
    }
    if !values.is_empty() {
        let values: Vec<String> =
            values.iter().map(|value| printable::cut(&printable::text(value), VALUE_MAX)).collect();
        text.push_str(&format!(": {}", values.join(", ")));
    }
    out.push_str(&format!("{:29} {}\n", "", paint(&text, FAINT)));
}

fn limit(limit: &ExplainedLimit, kind: StepKind) -> String {
    let counter = printable::name(&limit.counter);
    let cost = match (&limit.cost, &limit.increment_from) {
        (Some(cost), _) => format!("costs {cost}"),
        (None, Some(path)) => format!("costs what {} says", printable::text(path)),
        (None, None) => "costs 1".to_owned(),
    };
    if kind == StepKind::Cost {
        return cost;
    }
    let window = match limit.window.name() {
        Some(name) => name.to_owned(),
        None => format!("{} s", limit.window.seconds()),
    };
    format!("`{counter}` {cost} of {} per {window} and {}", limit.max, limit.scope.name())
}

/// The place in the policy that the call ended at, underlined.
fn place(explained: &Explained<'_>) -> Option<String> {
    let Explained { explanation, file, policy, .. } = explained;
    if explanation.pointer.is_empty() {
        return None;
    }
    let parsed = Parsed::parse(policy, DOCUMENT_CAPS).ok()?;
    let places = parsed.locate(&[(&explanation.pointer, Part::Value)]);
    let span = places.into_iter().flatten().next()?.span;
    let waits = explanation.effect() == Effect::RequireApproval;
    let note = Note::ended(explanation.code, waits, &explanation.pointer, span);
    Some(diagnostics::render(file, policy, vec![note]))
}
