//! What one schema without alternatives permits: types, enumerated values, bounds. Errs towards permitting.

use std::cmp::Ordering;

use policy_core::{Decimal, Value};

use super::key;

pub(super) const NULL: u8 = 1;
pub(super) const BOOL: u8 = 2;
pub(super) const NUMBER: u8 = 4;
pub(super) const STRING: u8 = 8;
pub(super) const ARRAY: u8 = 16;
pub(super) const OBJECT: u8 = 32;
pub(super) const ANY: u8 = 63;

/// Null, which most operators take as absent.
pub(super) const ABSENT: u8 = NULL;

pub(super) const NAMES: [(u8, &str); 6] = [
    (STRING, "a string"),
    (NUMBER, "a number"),
    (BOOL, "a boolean"),
    (ARRAY, "an array"),
    (OBJECT, "an object"),
    (NULL, "null"),
];

pub(super) const fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOL,
        Value::Number(_) => NUMBER,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

/// The types that `type` permits.
pub(super) fn types(schema: &Value) -> u8 {
    let one = |name: &Value| match string(Some(name)) {
        Some("null") => NULL,
        Some("boolean") => BOOL,
        Some("number" | "integer") => NUMBER,
        Some("string") => STRING,
        Some("array") => ARRAY,
        Some("object") => OBJECT,
        // No type that this knows: it may be anything.
        _ => ANY,
    };
    let types = match member(schema, "type") {
        None => ANY,
        Some(Value::Array(names)) => names.iter().fold(0, |types, name| types | one(name)),
        Some(name) => one(name),
    };
    // A word of OpenAPI's that some servers use.
    if member(schema, "nullable") == Some(&Value::Bool(true)) { types | NULL } else { types }
}

/// Whether a value of one of the types is among those that are enumerated.
pub(super) fn permits_type(schema: &Value, wanted: u8) -> bool {
    enumerated(schema).is_none_or(|values| values.iter().any(|value| kind(value) & wanted != 0))
        || (wanted & NULL != 0 && member(schema, "nullable") == Some(&Value::Bool(true)))
}

/// The values of `enum` or `const`.
pub(super) fn enumerated(schema: &Value) -> Option<&[Value]> {
    match (member(schema, "const"), member(schema, "enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// Whether a schema permits the value, as far as it is looked at.
pub(super) fn permits(schema: &Value, value: &Value) -> bool {
    if types(schema) & kind(value) == 0 {
        return false;
    }
    if kind(value) == NULL && member(schema, "nullable") == Some(&Value::Bool(true)) {
        return true;
    }
    if let Some(values) = enumerated(schema) {
        let wanted = key::value(value);
        return values.iter().any(|value| key::value(value) == wanted);
    }
    match value {
        Value::Number(number) => {
            let Some(decimal) = Decimal::parse(number.text()) else { return true };
            let whole = string(member(schema, "type")) != Some("integer") || is_whole(number.text());
            whole && may_compare(schema, decimal, &[Ordering::Equal])
        }
        Value::String(text) => {
            // Lengths count characters.
            let length = text.chars().count();
            let bound = |keyword| match member(schema, keyword) {
                Some(Value::Number(number)) => number.text().parse::<usize>().ok(),
                _ => None,
            };
            bound("maxLength").is_none_or(|most| length <= most)
                && bound("minLength").is_none_or(|least| length >= least)
        }
        _ => true,
    }
}

fn is_whole(text: &str) -> bool {
    // Anything with a point or an exponent that this does not read counts as whole: the doubt is the schema's.
    match text.split_once('.') {
        Some((_, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            fraction.bytes().all(|byte| byte == b'0')
        }
        _ => true,
    }
}

/// Whether a number that the schema permits may stand so to this one: `Less` asks for one that is less than it.
pub(super) fn may_compare(schema: &Value, number: Decimal<'_>, wanted: &[Ordering]) -> bool {
    if let Some(values) = enumerated(schema) {
        return values.iter().any(|value| match value {
            Value::Number(value) => {
                Decimal::parse(value.text()).is_none_or(|value| wanted.contains(&value.cmp(&number)))
            }
            _ => false,
        });
    }
    let bound = |keyword| match member(schema, keyword) {
        Some(Value::Number(bound)) => Decimal::parse(bound.text()),
        _ => None,
    };
    // Where the bounds lie from the number.
    let at_most = bound("maximum").map(|most| most.cmp(&number));
    let below = bound("exclusiveMaximum").map(|most| most.cmp(&number));
    let at_least = bound("minimum").map(|least| least.cmp(&number));
    let above = bound("exclusiveMinimum").map(|least| least.cmp(&number));
    let more = at_most.is_none_or(Ordering::is_gt) && below.is_none_or(Ordering::is_gt);
    let less = at_least.is_none_or(Ordering::is_lt) && above.is_none_or(Ordering::is_lt);
    let equal = at_most.is_none_or(Ordering::is_ge)
        && below.is_none_or(Ordering::is_gt)
        && at_least.is_none_or(Ordering::is_le)
        && above.is_none_or(Ordering::is_lt);
    wanted.iter().any(|ordering| match ordering {
        Ordering::Less => less,
        Ordering::Equal => equal,
        Ordering::Greater => more,
    })
}

pub(super) fn member<'s>(value: &'s Value, wanted: &str) -> Option<&'s Value> {
    match value {
        Value::Object(members) => members.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value),
        _ => None,
    }
}

pub(super) fn string(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
