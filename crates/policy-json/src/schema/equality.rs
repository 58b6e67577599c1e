//! Equality of values as JSON Schema has it, exactly: numbers by value, objects whatever the order of their members.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use policy_core::arguments::{Json, Kind};
use policy_core::{Decimal, Value};

use super::steps::{DEPTH_MAX, Steps};

/// Whether an argument equals a value that a schema has written.
pub(super) fn equals(json: Json<'_>, value: &Value, steps: &Steps) -> bool {
    // As deep as the schema's value is, which a cap bounds.
    if !steps.take(1) {
        return false;
    }
    match value {
        Value::Null => json.kind() == Kind::Null,
        Value::Bool(value) => json.as_bool() == Some(*value),
        Value::Number(number) => json.as_number().is_some_and(|text| same_number(text, number.text(), steps)),
        Value::String(value) => json.kind() == Kind::String && json.as_str() == Some(value),
        Value::Array(values) => {
            json.kind() == Kind::Array
                && json.len() == values.len()
                && json.elements().zip(values).all(|(element, value)| equals(element, value, steps))
        }
        Value::Object(members) => {
            // No name stands twice on either side, so as many names and each of them there is all of them.
            json.kind() == Kind::Object
                && json.len() == members.len()
                && members.iter().all(|(name, value)| {
                    steps.take(json.len()) && json.get(name).is_some_and(|json| equals(json, value, steps))
                })
        }
    }
}

fn same_number(ours: &str, theirs: &str, steps: &Steps) -> bool {
    // Written alike is nearly always what equal numbers are.
    ours == theirs
        || steps.take_text(ours.len().saturating_mul(4))
            && Decimal::parse(ours).is_some_and(|ours| Decimal::parse(theirs) == Some(ours))
}

/// Whether two arguments are equal.
fn same(ours: Json<'_>, theirs: Json<'_>, depth: u32, steps: &Steps) -> bool {
    if !steps.take(1) || ours.len() != theirs.len() {
        return false;
    }
    if depth > DEPTH_MAX {
        steps.give_up();
        return false;
    }
    let deeper = depth.saturating_add(1);
    match (ours.kind(), theirs.kind()) {
        (Kind::Number, Kind::Number) => {
            let texts = ours.as_number().zip(theirs.as_number());
            texts.is_some_and(|(ours, theirs)| same_number(ours, theirs, steps))
        }
        (Kind::Array, Kind::Array) => {
            ours.elements().zip(theirs.elements()).all(|(ours, theirs)| same(ours, theirs, deeper, steps))
        }
        (Kind::Object, Kind::Object) => ours.members().all(|(name, ours)| {
            steps.take(theirs.len())
                && name
                    .as_str()
                    .and_then(|name| theirs.get(name))
                    .is_some_and(|theirs| same(ours, theirs, deeper, steps))
        }),
        (ours_kind, theirs_kind) => {
            ours_kind == theirs_kind
                && steps.take_text(ours.as_str().map_or(0, str::len))
                && ours.as_str() == theirs.as_str()
        }
    }
}

/// Whether no two elements of an array are equal. Elements are compared where their hashes, under a key that nobody knows,
/// are alike: many elements take no longer than sorting them.
pub(super) fn all_differ(array: Json<'_>, depth: u32, steps: &Steps) -> bool {
    if array.len() < 2 {
        return true;
    }
    let key = RandomState::new();
    let mut hashed: Vec<(u64, Json<'_>)> =
        array.elements().map(|element| (hash(element, depth, &key, steps), element)).collect();
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    let mut rest = hashed.as_slice();
    while let [(hash, first), after @ ..] = rest {
        let alike = after.iter().take_while(|(other, _)| other == hash);
        for (_, other) in alike {
            if same(*first, *other, depth, steps) {
                return false;
            }
        }
        rest = after;
    }
    true
}

/// A hash that is the same for equal values.
fn hash(json: Json<'_>, depth: u32, key: &RandomState, steps: &Steps) -> u64 {
    let mut hasher = key.build_hasher();
    if depth > DEPTH_MAX {
        steps.give_up();
    }
    if !steps.take(1) {
        return 0;
    }
    let deeper = depth.saturating_add(1);
    match json.kind() {
        Kind::Null | Kind::False | Kind::True => std::mem::discriminant(&json.kind()).hash(&mut hasher),
        Kind::Number => {
            steps.take_text(json.as_number().map_or(0, str::len));
            json.as_number().and_then(Decimal::parse).hash(&mut hasher);
        }
        Kind::String | Kind::Name => {
            steps.take_text(json.as_str().map_or(0, str::len));
            json.as_str().hash(&mut hasher);
        }
        Kind::Array => {
            (b'[', json.len()).hash(&mut hasher);
            json.elements().for_each(|element| hash(element, deeper, key, steps).hash(&mut hasher));
        }
        Kind::Object => {
            (b'{', json.len()).hash(&mut hasher);
            // Members may come in any order.
            let members = json.members().map(|(name, value)| {
                let mut member = key.build_hasher();
                name.as_str().hash(&mut member);
                hash(value, deeper, key, steps).hash(&mut member);
                member.finish()
            });
            members.fold(0_u64, u64::wrapping_add).hash(&mut hasher);
        }
    }
    hasher.finish()
}
