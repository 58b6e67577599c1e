//! What would have to change for a call to get further: a sentence for whoever makes it, one for whoever writes the policy. The
//! policy's values may stand in them; the call's do not.

use crate::amount::Amount;
use crate::code::Code;
use crate::condition::{Condition, Operator, Outcome};
use crate::group::Mode;
use crate::policy::escape;
use crate::program::LimitOrigin;
use crate::reason::{Context, shown};
use crate::snapshot::Snapshot;
use crate::value::Value;
use crate::verdict::{Detail, GroupList, Place, Verdict};

use super::{Advice, ExplainedStep, StepOutcome, text};

/// What would let the call past the step that ended it.
pub(super) fn advice(
    snapshot: &Snapshot,
    verdict: &Verdict,
    tool: &str,
    steps: &[ExplainedStep],
) -> Option<Advice> {
    let context = Context { snapshot, verdict };
    let pointer = context.pointer(verdict.place);
    let detail = verdict.more.as_ref().and_then(|more| more.detail.as_ref());
    let message = || context.message(verdict.code, verdict.place, detail, tool, None);
    let ended = steps.iter().find(|step| matches!(step.outcome, StepOutcome::Denied | StepOutcome::Waits));
    let another_tool = || Some("no arguments help: call another tool".to_owned());
    let (caller, author) = match verdict.code {
        Code::Allowed => return None,
        Code::GrantRevoked => (None, "reinstate the grant, if it is to have access again".to_owned()),
        Code::NoPolicy => (
            None,
            "map the grant to a policy, or give the set a policy for all; a caller without a grant has none".to_owned(),
        ),
        Code::Hidden => (another_tool(), format!("take `{pointer}` out")),
        Code::DefaultDeny => (another_tool(), format!("add rules at `/tools/{}`", escape(&shown(tool)))),
        Code::InvalidToolName => (
            Some("use the tool's name: 1 to 128 of `A-Z a-z 0-9 _ . - /`".to_owned()),
            format!("add rules at `/tools/{}`, if a tool has that name", escape(&shown(tool))),
        ),
        Code::ToolDenied => (another_tool(), format!("change `{pointer}`")),
        Code::InvalidArguments => (
            Some(lower(&message())),
            "nothing in the policy: arguments that cannot be read, or not be bound to an approval, pass no rule".to_owned(),
        ),
        Code::SchemaViolation => (Some(lower(&message())), schema(&pointer, detail)),
        Code::RequireFailed | Code::DeniedByRule | Code::TypeMismatch => {
            return Some(group(&context, verdict, ended));
        }
        Code::ApprovalRequired => (
            Some("have it approved, and send it again with the token".to_owned()),
            format!(
                "approve of it with `Engine::approve` or `policy approve`, or change what asks: `{pointer}`"
            ),
        ),
        Code::ApprovalInvalid => (
            Some("send it again without the token, and have the new request approved".to_owned()),
            format!("{}; approve of a new request", lower(&message())),
        ),
        Code::InvalidCost => (Some(lower(&message())), format!("change `{pointer}/increment_from`")),
        Code::LimitExceeded => return Some(limit(&context, verdict.place, &pointer)),
        Code::CountersFull | Code::StoreUnavailable => {
            (Some("try again later".to_owned()), "look after the counter store".to_owned())
        }
        Code::InternalError => (None, "report it: the engine failed".to_owned()),
    };
    Some(Advice { caller, author })
}

/// A message as it goes on after `caller:`.
fn lower(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn schema(pointer: &str, detail: Option<&Detail>) -> String {
    let below = match detail {
        Some(Detail::Schema(violation)) => violation.schema_pointer.as_str(),
        _ => "",
    };
    if pointer.is_empty() {
        format!("nothing in the policy: the tool's own input schema says so, at `{below}` of it")
    } else {
        format!("change `{pointer}{below}`")
    }
}

fn group(context: &Context<'_>, verdict: &Verdict, ended: Option<&ExplainedStep>) -> Advice {
    let Place::Group { whose, list, group: number, .. } = verdict.place else {
        return Advice { caller: None, author: format!("change `{}`", context.pointer(verdict.place)) };
    };
    let whole = context.pointer(Place::Group { whose, list, group: number, condition: None });
    let conditions = context.group(whose, list, number).map_or(&[][..], |group| &group.conditions);
    let judged = ended.map_or(&[][..], |step| &step.conditions);
    let outcome_of = |place: usize| judged.get(place).map(|condition| condition.outcome);
    // What keeps the call from passing, with its place.
    let at_fault: Vec<(usize, &Condition, Outcome)> = conditions
        .iter()
        .enumerate()
        .filter_map(|(place, condition)| Some((place, condition, outcome_of(place)?)))
        .filter(|(_, _, outcome)| match (verdict.code, list) {
            (Code::TypeMismatch, GroupList::DenyIf | GroupList::ApproveIf) => {
                matches!(outcome, Outcome::Mismatch | Outcome::Refused)
            }
            (_, GroupList::Require) => *outcome != Outcome::Holds,
            _ => true,
        })
        .collect();
    let pointers: Vec<String> = at_fault
        .iter()
        .map(|(place, condition, _)| {
            change(condition, list, verdict.code, &format!("{whole}/conditions/{place}"))
        })
        .collect();
    let wishes: Vec<String> = at_fault
        .iter()
        .map(|(_, condition, outcome)| match (list, outcome) {
            (GroupList::Require, Outcome::Mismatch | Outcome::Refused) => {
                format!("{}, and {}", type_of(condition), must(condition, true))
            }
            (GroupList::Require, _) => must(condition, true),
            (_, Outcome::Mismatch | Outcome::Refused) => {
                format!("{}, or be absent", type_of(condition))
            }
            (_, _) => or_absent(condition),
        })
        .collect();
    let any = list != GroupList::Require && verdict.code != Code::TypeMismatch;
    let joint = if any { "; or " } else { "; and " };
    Advice {
        caller: (!wishes.is_empty()).then(|| wishes.join(joint)),
        author: if pointers.is_empty() {
            format!("take `{whole}` out")
        } else {
            format!("{}; or take `{whole}` out", pointers.join(joint))
        },
    }
}

/// What of a condition its author would change.
fn change(condition: &Condition, list: GroupList, code: Code, pointer: &str) -> String {
    use Operator::{Contains, Eq, Exists, Gt, Gte, In, Lt, Lte, Neq, NotIn};
    if code == Code::TypeMismatch {
        return format!("change `{pointer}` to one that can judge what is there");
    }
    let value = format!("`{pointer}/value`");
    let wants = list == GroupList::Require;
    match (condition.operator(), wants) {
        (Lt | Lte, true) | (Gt | Gte, false) => format!("raise {value}"),
        (Lt | Lte, false) | (Gt | Gte, true) => format!("lower {value}"),
        (In, true) | (NotIn, false) => format!("add what is wanted to {value}"),
        (In, false) | (NotIn, true) => format!("take what is wanted out of {value}"),
        (Eq | Neq | Contains | Exists, _) => format!("change {value}"),
        _ => format!("change {value}"),
    }
}

/// What a limit that never has room asks for.
fn limit(context: &Context<'_>, place: Place, pointer: &str) -> Advice {
    let at = match place {
        Place::Limit(LimitOrigin::RateLimit) => format!("the `max` of `{pointer}`"),
        _ => format!("`{pointer}/max`"),
    };
    let author = format!("raise {at}");
    let Place::Limit(origin) = place else { return Advice { caller: None, author } };
    let Some(full) = context.limit(origin) else { return Advice { caller: None, author } };
    // Limits that share a counter are charged once, at the highest of their costs.
    let sharing = context.verdict.limits(context.snapshot).map(|limit| &limit.limit).filter(|limit| {
        (&limit.counter, limit.scope, limit.window) == (&full.counter, full.scope, full.window)
            && limit.mode == Mode::Enforce
    });
    let costs: Vec<_> = sharing.map(|limit| limit.increment_from.as_ref()).collect();
    let max = full.max;
    let caller = if costs.contains(&None) && max < Amount::ONE {
        format!("no waiting helps: a call costs more than {max}, which is all that the limit admits")
    } else {
        let paths: Vec<String> = costs.into_iter().flatten().map(|path| quoted(path.text())).collect();
        format!("{} must be at most {max}: one call never costs more", paths.join(" and "))
    };
    Advice { caller: Some(caller), author }
}

/// A demand of the argument's type, or of how it is written.
fn type_of(condition: &Condition) -> String {
    lower(&condition.demand())
}

/// What must hold for a condition not to: nothing absent meets it but what `exists` says.
fn or_absent(condition: &Condition) -> String {
    let must = must(condition, false);
    if condition.operator() == Operator::Exists { must } else { format!("{must}, or be absent") }
}

/// What the argument must be for a condition to hold, or not to.
fn must(condition: &Condition, holds: bool) -> String {
    let path = condition.path();
    let every = if path.has_every() { "every " } else { "" };
    let value = condition.value();
    let shown = format!("`{}`", text::in_short(value));
    let not = if holds { "" } else { "not " };
    let what = match condition.operator() {
        Operator::Eq | Operator::Neq => {
            let equal = holds == (condition.operator() == Operator::Eq);
            format!("{}be {shown}", if equal { "" } else { "not " })
        }
        Operator::In | Operator::NotIn => {
            let among = holds == (condition.operator() == Operator::In);
            format!("be {} of {shown}", if among { "one" } else { "none" })
        }
        Operator::Lt => order(holds, "less than", "at least", &shown),
        Operator::Lte => order(holds, "at most", "more than", &shown),
        Operator::Gt => order(holds, "more than", "at most", &shown),
        Operator::Gte => order(holds, "at least", "less than", &shown),
        Operator::Regex => format!("{not}match the pattern {shown}"),
        Operator::Contains => format!("{not}contain {shown}"),
        Operator::Exists => {
            let present = holds == (*value == Value::Bool(true));
            if present { "be present".to_owned() } else { "be absent".to_owned() }
        }
        Operator::StartsWith => format!("{not}start with {shown}"),
        Operator::EndsWith => format!("{not}end with {shown}"),
        Operator::PathWithin => format!("{not}lie within {shown}"),
        Operator::UrlHostIn => format!("{not}have a host among {shown}"),
        Operator::CidrIn => format!("{not}lie within {shown}"),
    };
    format!("{every}{} must {what}", quoted(path.text()))
}

fn quoted(path: &str) -> String {
    format!("`{path}`")
}

fn order(holds: bool, yes: &str, no: &str, value: &str) -> String {
    format!("be {} {value}", if holds { yes } else { no })
}
