//! The outcome of a comparison as one JSON document: docs/diff.md says what stands in it.

use policy_analysis::diff::{Calls, Change, Diff, Example, ToolName};
use policy_analysis::values::json_text;
use policy_core::{Policy, Value};

pub(super) fn text(diff: &Diff, [old, new]: [&Policy; 2]) -> String {
    let digest = |policy: &Policy| {
        object([("id", string(&policy.id)), ("digest", string(&policy.digest.to_string()))])
    };
    let document = object([
        ("old", digest(old)),
        ("new", digest(new)),
        ("widens", Value::Bool(diff.may_widen())),
        ("changes", Value::Array(diff.changes.iter().map(change).collect())),
        ("notes", Value::Array(diff.notes.iter().map(|note| string(note)).collect())),
    ]);
    let mut text = json_text(&document);
    text.push('\n');
    text
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| *value != Value::Null);
    Value::Object(present.map(|(name, value)| (name.into(), value)).collect())
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, string)
}

fn number(number: u64) -> Value {
    policy_core::Number::parse(&number.to_string()).map_or(Value::Null, Value::Number)
}

fn change(change: &Change) -> Value {
    let tools = change.tools.iter().filter_map(|tool| match tool {
        ToolName::Named(name) => Some(string(name)),
        ToolName::Others => None,
    });
    object([
        ("direction", string(change.direction.name())),
        ("kind", string(change.kind.name())),
        ("tools", Value::Array(tools.collect())),
        ("every_other_tool", Value::Bool(change.tools.contains(&ToolName::Others))),
        ("old", optional(change.old.as_deref())),
        ("new", optional(change.new.as_deref())),
        ("message", string(&change.message)),
        ("example", change.example.as_ref().map_or(Value::Null, example)),
    ])
}

fn example(example: &Example) -> Value {
    let outcome = |(effect, code): (policy_core::Effect, policy_core::Code)| {
        object([("effect", string(effect.name())), ("code", string(code.name()))])
    };
    object([
        ("calls", Value::Array(example.calls.iter().map(calls).collect())),
        ("old", outcome(example.old)),
        ("new", outcome(example.new)),
    ])
}

fn calls(calls: &Calls) -> Value {
    let identity = object([
        ("grant", string(&calls.caller.grant_name())),
        ("server", string(&calls.caller.server_name())),
        ("session", optional(calls.caller.session_name().as_deref())),
    ]);
    // `null` can be no argument of an example, and no other field is ever null.
    object([
        ("tool", string(&calls.tool)),
        ("arguments", calls.arguments.clone()),
        ("identity", identity),
        ("at_ms", number(calls.at.as_millis())),
        ("count", number(calls.count)),
    ])
}
