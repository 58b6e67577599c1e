//! Values as JSON text: the policy's whole, a call's cut where they are long.

use std::fmt::Write as _;

use crate::arguments::{Json, Kind};
use crate::value::Value;

/// How many bytes of a value are written, more or less.
const LONG: usize = 200;

/// A policy's value.
pub(super) fn of_value(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// A policy's value as it stands in a sentence.
pub(super) fn in_short(value: &Value) -> String {
    cut(of_value(value))
}

/// An argument's value, in short.
pub(super) fn of_argument(json: Json<'_>) -> String {
    let mut out = String::new();
    write_json(&mut out, json);
    cut(out)
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().find(|(at, _)| *at >= LONG) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number.text()),
        Value::String(text) => write_string(out, text),
        Value::Array(elements) => {
            out.push('[');
            for (place, element) in elements.iter().enumerate() {
                separate(out, place);
                write_value(out, element);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                separate(out, place);
                write_string(out, name);
                out.push_str(": ");
                write_value(out, value);
            }
            out.push('}');
        }
    }
}

/// Stops where enough has been written. How deep a call's values nest is bounded by the engine's caps.
fn write_json(out: &mut String, json: Json<'_>) {
    if out.len() > LONG {
        return;
    }
    match json.kind() {
        Kind::Null => out.push_str("null"),
        Kind::True => out.push_str("true"),
        Kind::False => out.push_str("false"),
        Kind::Number => out.push_str(json.as_number().unwrap_or_default()),
        Kind::String | Kind::Name => write_string(out, json.as_str().unwrap_or_default()),
        Kind::Array => {
            out.push('[');
            for (place, element) in json.elements().enumerate() {
                if out.len() > LONG {
                    return;
                }
                separate(out, place);
                write_json(out, element);
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            for (place, (name, value)) in json.members().enumerate() {
                if out.len() > LONG {
                    return;
                }
                separate(out, place);
                write_json(out, name);
                out.push_str(": ");
                write_json(out, value);
            }
            out.push('}');
        }
    }
}

fn separate(out: &mut String, place: usize) {
    if place > 0 {
        out.push_str(", ");
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _written = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// What a value is, and not which.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::True | Kind::False => "a boolean",
        Kind::Number => "a number",
        Kind::String | Kind::Name => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}
