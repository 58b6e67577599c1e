//! Target `canonical`: canonical JSON against a slow writer of it, and against what it is for: one text for each value, and
//! never one for two.

use policy_core::Decimal;
use policy_core::arguments::{CanonicalNumbers, Caps, Json, Kind};
use policy_json::Parsed;

use crate::number::ecmascript;

/// Writes values canonically that are read from `bytes`: one JSON text, or two with a byte 0x1E between them.
///
/// - The text is that of a slow writer, whose numbers are put together by the rules of ECMAScript.
/// - It reads as JSON again, and its own canonical text is itself.
/// - How a value is laid out changes nothing: the order of members, blanks, escapes.
/// - Where every number is exact, two values have one text if and only if they are the same.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(bytes: &[u8]) {
    let parts = bytes.splitn(2, |byte| *byte == 0x1e).map(|part| (part, read(part)));
    let read: Vec<_> = parts.filter_map(|(_, parsed)| parsed).collect();
    let roots: Vec<Json<'_>> = read.iter().filter_map(|parsed| parsed.root()).collect();
    for root in &roots {
        check_one(*root);
    }
    if let [left, right] = roots.as_slice()
        && let (Ok(one), Ok(other)) =
            (left.canonical(CanonicalNumbers::Exact), right.canonical(CanonicalNumbers::Exact))
    {
        assert_eq!(one == other, is_same(*left, *right), "{one}\n{other}");
    }
}

/// What stands in arguments: no name twice in one object.
fn read(text: &[u8]) -> Option<Parsed<'_>> {
    let parsed = Parsed::parse(text, Caps::default()).ok()?;
    let doubled = parsed.duplicates().next().is_some();
    (!doubled).then_some(parsed)
}

fn check_one(root: Json<'_>) {
    let mut expected = String::new();
    let is_finite = write(root, &mut expected);
    let canonical = root.canonical(CanonicalNumbers::Nearest);
    assert_eq!(canonical.is_ok(), is_finite, "only what is beyond all floats has no canonical form");
    let exact = root.canonical(CanonicalNumbers::Exact);
    assert_eq!(
        exact.is_ok(),
        is_finite && crate::rules::is_exact(root),
        "only what is exact is written exactly"
    );
    let Ok(canonical) = canonical else { return };
    assert_eq!(canonical, expected);
    if let Ok(exact) = exact {
        assert_eq!(exact, canonical);
    }
    let mut otherwise = String::new();
    spell_otherwise(root, &mut otherwise);
    for text in [&canonical, &otherwise] {
        let caps = Caps { bytes: usize::MAX, ..Caps::default() };
        let again = Parsed::parse(text.as_bytes(), caps).expect("what is written is JSON");
        let again = again.root().map(|root| root.canonical(CanonicalNumbers::Nearest));
        assert_eq!(again, Some(Ok(canonical.clone())), "{text}");
    }
}

/// The slow writer. False where a number is beyond all floats.
fn write(value: Json<'_>, out: &mut String) -> bool {
    match value.kind() {
        Kind::Null => out.push_str("null"),
        Kind::False => out.push_str("false"),
        Kind::True => out.push_str("true"),
        Kind::Number => {
            let float: f64 = value.as_number().and_then(|text| text.parse().ok()).expect("it is a number");
            if !float.is_finite() {
                return false;
            }
            out.push_str(&ecmascript(float));
        }
        Kind::String | Kind::Name => {
            out.push_str(&serde_json::to_string(value.as_str().unwrap_or_default()).expect("a text is JSON"));
        }
        Kind::Array => {
            out.push('[');
            for (place, element) in value.elements().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                if !write(element, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Kind::Object => {
            let units =
                |name: Json<'_>| name.as_str().unwrap_or_default().encode_utf16().collect::<Vec<u16>>();
            let mut members: Vec<_> =
                value.members().map(|(name, value)| (units(name), name, value)).collect();
            members.sort_by(|(left, ..), (right, ..)| left.cmp(right));
            out.push('{');
            for (place, (_, name, member)) in members.into_iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write(name, out);
                out.push(':');
                if !write(member, out) {
                    return false;
                }
            }
            out.push('}');
        }
    }
    true
}

/// The value in another layout.
fn spell_otherwise(value: Json<'_>, out: &mut String) {
    match value.kind() {
        Kind::String | Kind::Name => {
            let units = value.as_str().unwrap_or_default().encode_utf16();
            out.push('"');
            units.for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
            out.push('"');
        }
        Kind::Array => {
            out.push_str("[ ");
            for (place, element) in value.elements().enumerate() {
                out.push_str(if place > 0 { "\t,\n" } else { "" });
                spell_otherwise(element, out);
            }
            out.push_str(" ]");
        }
        Kind::Object => {
            let mut members: Vec<_> = value.members().collect();
            members.reverse();
            out.push_str("{\r");
            for (place, (name, member)) in members.into_iter().enumerate() {
                out.push_str(if place > 0 { " , " } else { "" });
                spell_otherwise(name, out);
                out.push_str(" :\n");
                spell_otherwise(member, out);
            }
            out.push('}');
        }
        Kind::Number => out.push_str(value.as_number().unwrap_or_default()),
        Kind::Null => out.push_str("null"),
        Kind::False => out.push_str("false"),
        Kind::True => out.push_str("true"),
    }
}

/// Whether two values are the same: numbers by value, members in whatever order.
fn is_same(left: Json<'_>, right: Json<'_>) -> bool {
    if left.kind() != right.kind() || left.len() != right.len() {
        return false;
    }
    match left.kind() {
        Kind::Number => {
            let decimal = |value: Json<'_>| value.as_number().map(ToOwned::to_owned).unwrap_or_default();
            Decimal::parse(&decimal(left)) == Decimal::parse(&decimal(right))
        }
        Kind::String | Kind::Name => left.as_str() == right.as_str(),
        Kind::Array => left.elements().zip(right.elements()).all(|(left, right)| is_same(left, right)),
        Kind::Object => left.members().all(|(name, left)| {
            let right = right.get(name.as_str().unwrap_or_default());
            right.is_some_and(|right| is_same(left, right))
        }),
        Kind::Null | Kind::False | Kind::True => true,
    }
}
