//! When two JSON values are one value: typed equality, as conditions compare.

use policy_core::{Decimal, Number, Value};

/// Whether two numbers are equal by value, however they are written.
pub(crate) fn same_number(one: &Number, other: &Number) -> bool {
    match (Decimal::parse(one.text()), Decimal::parse(other.text())) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether two values are equal: nothing is converted, numbers go by value, members by name. Recurses as deep as the
/// values nest.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| member(other, name).is_some_and(|other| same(value, other)))
        }
        _ => false,
    }
}

/// The member of that name.
pub(crate) fn member<'a>(members: &'a [(Box<str>, Value)], name: &str) -> Option<&'a Value> {
    members.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
}

/// The values without those that stand there already.
pub(crate) fn distinct(values: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.iter().any(|known| same(known, &value)) {
            kept.push(value);
        }
    }
    kept
}
