//! `eq`, `neq`, `in`, `not_in`, `contains`: typed JSON equality, numbers by value.

use std::cmp::Ordering;

use super::Outcome;
use super::order::{compare, small};
use crate::arguments::{Json, Kind};
use crate::value::Value;

pub(super) fn contains(wanted: &Value, argument: Json<'_>) -> Outcome {
    match (argument.kind(), wanted) {
        (Kind::Array, _) => Outcome::from(argument.elements().any(|element| equal(wanted, element))),
        (Kind::String, Value::String(part)) => {
            Outcome::from(argument.as_str().is_some_and(|text| text.contains(&**part)))
        }
        _ => Outcome::Mismatch,
    }
}

/// Typed JSON equality; numbers by value, objects whatever the order of their members. Recurses as deep as the
/// policy's own value is.
pub(super) fn equal(value: &Value, argument: Json<'_>) -> bool {
    match value {
        Value::Null => argument.kind() == Kind::Null,
        Value::Bool(wanted) => argument.as_bool() == Some(*wanted),
        Value::Number(number) => argument
            .as_number()
            .is_some_and(|text| compare(text, number.text(), small(number.text())) == Some(Ordering::Equal)),
        Value::String(wanted) => argument.as_str() == Some(&**wanted),
        Value::Array(elements) => {
            argument.kind() == Kind::Array
                && argument.len() == elements.len()
                && elements
                    .iter()
                    .zip(argument.elements())
                    .all(|(element, argument)| equal(element, argument))
        }
        Value::Object(members) => {
            argument.kind() == Kind::Object
                && argument.len() == members.len()
                && members
                    .iter()
                    .all(|(name, value)| argument.get(name).is_some_and(|argument| equal(value, argument)))
        }
    }
}
