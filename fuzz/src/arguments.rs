//! Target `arguments`: the strict reader against `serde_json`, and the same call through both doors.

use policy_core::arguments::{ArgumentFault, Caps, Json, Kind};
use policy_core::{Decimal, Value as PolicyValue};
use policy_json::{Parsed, to_value};
use serde_json::Value;

use crate::doors;

/// Reads `text` by the strict reader and by `serde_json`, compares what they make of it, and has it decided upon.
///
/// - **What we accept, `serde_json` accepts**, and makes the same value of it. It may only refuse a number that is too
///   large for a float.
/// - **What `serde_json` accepts and we refuse** is over a cap: of depth, of values, or of a number's length.
/// - **Both doors decide alike.** A call whose arguments come as text, and one whose arguments come as a
///   `serde_json::Value` made of that text, get the same decision wherever the value still is what the text says: no
///   name stands twice in one object, and every number of the value is exactly the number that is written.
///   Every operator, and costs, look at the arguments.
/// - Arguments that are refused deny every call that looks at them, and are not charged.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(text: &[u8]) {
    let theirs: Result<Value, _> = serde_json::from_slice(text);
    // With its features switched on, serde_json makes numbers and raw texts of objects with such a name. We do not.
    if cfg!(feature = "serde_json_features") && text.windows(8).any(|part| part == b"$serde_j") {
        return;
    }
    match (Parsed::parse(text, Caps::default()), theirs) {
        (Ok(ours), Ok(theirs)) => {
            let root = ours.root().expect("what was read has a value");
            check_tape(text, &ours, root);
            let alike = compare(root, &theirs);
            let copy = to_value(root).expect("a value that was read can be copied");
            assert!(is_copy(&copy, root), "the copy is the value");
            let doubled = ours.duplicates().next().is_some();
            doors::check(text, root.kind() == Kind::Object && !doubled, alike.then_some(&theirs));
        }
        (Ok(ours), Err(error)) => {
            let root = ours.root().expect("what was read has a value");
            check_tape(text, &ours, root);
            let beyond_floats = error.to_string().starts_with("number out of range") && has_huge(root);
            assert!(beyond_floats, "we accept what serde_json refuses: {error}");
            let doubled = ours.duplicates().next().is_some();
            doors::check(text, root.kind() == Kind::Object && !doubled, None);
        }
        (Err(error), Ok(theirs)) => {
            assert!(error.offset <= text.len(), "{error}");
            match error.fault {
                ArgumentFault::TooDeep | ArgumentFault::TooManyNodes => {
                    // The same caps hold for a value, if it has kept all there was.
                    let caps = Caps { depth: 128, nodes: usize::MAX, ..Caps::default() };
                    let whole = Parsed::parse(text, caps);
                    let kept = whole.is_ok_and(|whole| whole.duplicates().next().is_none());
                    doors::check(text, false, kept.then_some(&theirs));
                }
                ArgumentFault::TooLarge => assert!(text.len() > Caps::default().bytes),
                ArgumentFault::NumberTooLong => {
                    assert!(has_long_number(text), "no number is that long: {error}");
                    doors::check(text, false, None);
                }
                other => panic!("we refuse what serde_json accepts: {other}"),
            }
        }
        (Err(error), Err(_)) => {
            assert!(error.offset <= text.len() || error.fault == ArgumentFault::TooLarge, "{error}");
            doors::check(text, false, None);
        }
    }
}

/// The tape is the text: every value is where it says it is, and containers have what they say they have.
fn check_tape(text: &[u8], parsed: &Parsed<'_>, value: Json<'_>) {
    let raw = parsed.raw(value);
    assert_eq!(text.get(parsed.span(value)), Some(raw.as_bytes()));
    let (first, last) = (raw.bytes().next(), raw.bytes().last());
    match value.kind() {
        Kind::Null => assert_eq!(raw, "null"),
        Kind::False => assert_eq!((raw, value.as_bool()), ("false", Some(false))),
        Kind::True => assert_eq!((raw, value.as_bool()), ("true", Some(true))),
        Kind::Number => assert_eq!(Some(raw), value.as_number()),
        Kind::String => assert_eq!(unquoted(raw).as_deref(), value.as_str()),
        Kind::Name => panic!("a name is no value"),
        Kind::Array => {
            assert_eq!((first, last), (Some(b'['), Some(b']')));
            assert_eq!(value.elements().count(), value.len());
            value.elements().for_each(|element| check_tape(text, parsed, element));
        }
        Kind::Object => {
            assert_eq!((first, last), (Some(b'{'), Some(b'}')));
            assert_eq!(value.members().count(), value.len());
            for (name, member) in value.members() {
                assert_eq!(unquoted(parsed.raw(name)).as_deref(), name.as_str());
                check_tape(text, parsed, member);
            }
        }
    }
}

/// A string's content as serde_json reads it.
fn unquoted(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// Compares what both readers made of one text. True where serde_json's value is all that the text says, exactly.
fn compare(ours: Json<'_>, theirs: &Value) -> bool {
    match (ours.kind(), theirs) {
        (Kind::Null, Value::Null) | (Kind::False, Value::Bool(false)) | (Kind::True, Value::Bool(true)) => {
            true
        }
        (Kind::Number, Value::Number(number)) => {
            let written = ours.as_number().unwrap_or_default();
            compare_numbers(written, number)
        }
        (Kind::String, Value::String(text)) => {
            assert_eq!(ours.as_str(), Some(text.as_str()));
            true
        }
        (Kind::Array, Value::Array(elements)) => {
            assert_eq!(ours.len(), elements.len());
            // All of them are compared, whatever becomes of the first.
            ours.elements().zip(elements).fold(true, |exact, (ours, theirs)| compare(ours, theirs) && exact)
        }
        (Kind::Object, Value::Object(members)) => {
            let text = |name: Json<'_>| name.as_str().unwrap_or_default().to_owned();
            for (name, _) in ours.members() {
                assert!(members.contains_key(&text(name)), "both have the same names");
            }
            members.iter().fold(true, |exact, (name, theirs)| {
                // serde_json keeps the last of several.
                let same: Vec<_> = ours.members().filter(|(ours, _)| text(*ours) == *name).collect();
                let (_, last) = same.last().expect("both have the same names");
                if let [(_, only)] = same.as_slice() {
                    let found = ours.get(name).map(|found| found.offset());
                    assert_eq!(found, Some(only.offset()), "a member is found by its name");
                }
                compare(*last, theirs) && same.len() == 1 && exact
            })
        }
        (kind, theirs) => panic!("we read {kind:?}, serde_json {theirs:?}"),
    }
}

/// True where serde_json's number is the one that is written.
fn compare_numbers(written: &str, theirs: &serde_json::Number) -> bool {
    let kept = theirs.to_string();
    let ours = Decimal::parse(written).expect("a number that was read is one");
    let is_same = Decimal::parse(&kept).is_some_and(|theirs| theirs == ours);
    let (nearest, float) = (written.parse::<f64>().ok(), theirs.as_f64());
    if written.parse::<i64>().is_ok() || written.parse::<u64>().is_ok() {
        assert!(is_same, "an integer of 64 bits is kept: {written}, {kept}");
    } else if let (false, Some(nearest), Some(float)) = (is_same, nearest, float) {
        // serde_json rounds quickly rather than to the nearest float.
        let near = (nearest - float).abs() <= nearest.abs() * 1e-14 || nearest.abs() < 1e-300;
        assert!(near || nearest.abs() >= 1e308, "{written} became {kept}");
    }
    is_same
}

/// Whether a copy is the value that it was made of.
fn is_copy(copy: &PolicyValue, value: Json<'_>) -> bool {
    match (copy, value.kind()) {
        (PolicyValue::Null, Kind::Null)
        | (PolicyValue::Bool(true), Kind::True)
        | (PolicyValue::Bool(false), Kind::False) => true,
        (PolicyValue::Number(number), Kind::Number) => value.as_number() == Some(number.text()),
        (PolicyValue::String(text), Kind::String) => value.as_str() == Some(text),
        (PolicyValue::Array(elements), Kind::Array) => {
            elements.len() == value.len()
                && elements.iter().zip(value.elements()).all(|(copy, value)| is_copy(copy, value))
        }
        (PolicyValue::Object(members), Kind::Object) => {
            members.len() == value.len()
                && members.iter().zip(value.members()).all(|((copied, copy), (name, value))| {
                    name.as_str() == Some(copied) && is_copy(copy, value)
                })
        }
        _ => false,
    }
}

/// Whether there is a number that no float holds, or just about.
fn has_huge(value: Json<'_>) -> bool {
    let number = value.as_number().and_then(|text| text.parse::<f64>().ok());
    number.is_some_and(|number| number.abs() >= 1e308)
        || value.elements().any(has_huge)
        || value.members().any(|(_, value)| has_huge(value))
}

/// Whether there is, anywhere in the text, a run that would be a number over its caps.
fn has_long_number(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    text.split(|byte| !is_part(byte)).filter_map(|run| str::from_utf8(run).ok()).any(|run| {
        let exponent = run.split_once(['e', 'E']).map_or("", |(_, exponent)| exponent);
        let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
        run.len() > policy_core::NUMBER_TEXT_MAX
            || exponent.len() > 5
            || exponent.parse::<i32>().is_ok_and(|exponent| exponent > policy_core::EXPONENT_MAX)
    })
}
