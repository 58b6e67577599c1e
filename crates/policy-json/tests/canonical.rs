//! Canonical JSON (RFC 8785): the vectors of its authors, and what approvals rely on: one text for each value, and never one
//! for two.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod hostile_data;
mod random;

use std::fmt::Write as _;
use std::fs;

use policy_core::arguments::{ArgumentError, ArgumentFault, CanonicalNumbers, Caps};
use policy_json::Parsed;
use proptest::prelude::*;
use random::{cases, json};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn canonical(text: &str, numbers: CanonicalNumbers) -> Result<String, ArgumentError> {
    let parsed =
        Parsed::parse(text.as_bytes(), Caps::default()).unwrap_or_else(|error| panic!("{error}: {text}"));
    parsed.root().unwrap().canonical(numbers)
}

fn nearest(text: &str) -> String {
    canonical(text, CanonicalNumbers::Nearest).unwrap()
}

#[test]
fn the_vectors_of_its_authors_come_out_byte_for_byte() {
    let Some(folder) = hostile_data::folder("jcs-canonicalization") else { return };
    let mut seen = 0;
    for entry in fs::read_dir(folder.join("testdata/input")).unwrap() {
        let input = entry.unwrap().path();
        let output = folder.join("testdata/output").join(input.file_name().unwrap());
        let expected = fs::read_to_string(output).unwrap();
        assert_eq!(nearest(&fs::read_to_string(&input).unwrap()), expected.trim_end(), "{}", input.display());
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// The first hundred thousand of the numbers that the authors generate, by the checksum that they give.
#[test]
fn a_hundred_thousand_numbers_are_written_as_ecmascript_writes_them() {
    let Some(folder) = hostile_data::folder("jcs-canonicalization") else { return };
    let page = fs::read_to_string(folder.join("testdata/README.md")).unwrap();
    let (fixed, _) = page.split_once("staticU64s = ").unwrap().1.split_once("])").unwrap();
    let fixed = fixed.split("0x").skip(1).map(|hex| u64::from_str_radix(hex.get(..16).unwrap(), 16).unwrap());
    let serial = (0..2_000).map(|number| 0x0010_0000_0000_0000 + number);
    let mut block = [0; 32];
    let random = std::iter::repeat_with(move || {
        block = Sha256::digest(block).into();
        block
    });
    let random = random.flat_map(|block: [u8; 32]| {
        let words: Vec<u64> =
            block.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        words.into_iter().filter(|bits| {
            let float = f64::from_bits(*bits);
            float != 0.0 && float.is_finite()
        })
    });
    let mut lines = String::new();
    for bits in fixed.chain(serial).chain(random).take(100_000) {
        let float = f64::from_bits(bits);
        writeln!(lines, "{bits:x},{}", nearest(&format!("{float:e}"))).unwrap();
    }
    let hash: String = Sha256::digest(&lines).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7");
}

#[test]
fn a_number_that_canonical_json_would_change_is_refused_where_it_stands() {
    for text in [
        "9007199254740993",
        "-9007199254740993",
        "333333333.33333329",
        "0.1000000000000000000001",
        "123456789012345678901234567890",
        "1e400",
        "-1e400",
        "1e-400",
        "1.7976931348623159e308",
    ] {
        let refused = canonical(&format!("{{\"a\": [1, {text}]}}"), CanonicalNumbers::Exact).unwrap_err();
        assert_eq!(refused, ArgumentError { fault: ArgumentFault::NotCanonical, offset: 10 }, "{text}");
    }
}

#[test]
fn a_number_is_written_in_one_way_however_it_was_spelled() {
    for (expected, texts) in [
        ("0", &["0", "-0", "0.0", "0e5", "-0.00E-7"][..]),
        ("1", &["1", "1.0", "10e-1", "0.1E+1", "1e0"]),
        ("0.1", &["0.1", "1e-1", "0.10"]),
        ("9007199254740992", &["9007199254740992", "9.007199254740992e15"]),
        ("100000000000000000000", &["1e20", "100000000000000000000"]),
        ("1e+21", &["1e21", "1000000000000000000000"]),
        ("1e+23", &["1e23", "100000000000000000000000"]),
        ("0.000001", &["0.000001", "1e-6"]),
        ("1e-7", &["0.0000001", "1E-7"]),
        ("5e-324", &["5e-324", "0.5e-323"]),
    ] {
        for text in texts {
            assert_eq!(canonical(text, CanonicalNumbers::Exact).unwrap(), expected, "{text}");
        }
    }
}

/// Where two texts of as many digits are equally near, the even one is written; it is another number all the same.
#[test]
fn a_float_halfway_between_two_texts_is_written_with_the_even_one() {
    for text in ["1234567333333333.25", "1234567333333333.33333328", "1234567333333333.2"] {
        assert_eq!(nearest(text), "1234567333333333.2");
    }
    assert!(canonical("1234567333333333.25", CanonicalNumbers::Exact).is_err());
    assert!(canonical("1234567333333333.2", CanonicalNumbers::Exact).is_ok());
}

#[test]
fn names_stand_in_the_order_of_their_utf_16_code_units() {
    // U+10000 is written in surrogates, which come before U+E000.
    let text = "{\"\u{e000}\": 1, \"\u{10000}\": 2, \"a\": {\"z\": [], \"\": {}}, \"Z\": null}";
    assert_eq!(nearest(text), "{\"Z\":null,\"a\":{\"\":{},\"z\":[]},\"\u{10000}\":2,\"\u{e000}\":1}");
}

#[test]
fn nesting_as_deep_as_a_host_permits_exhausts_no_stack() {
    let caps = Caps { depth: 400_000, ..Caps::default() };
    let text = "[".repeat(400_000) + &"]".repeat(400_000);
    let caps = Caps { nodes: 400_000, ..caps };
    let parsed = Parsed::parse(text.as_bytes(), caps).unwrap();
    assert_eq!(parsed.root().unwrap().canonical(CanonicalNumbers::Exact).unwrap(), text);
}

/// The value in another layout: members turned round, blanks, every character escaped.
fn spelled_otherwise(value: &Value) -> String {
    let string = |text: &str| {
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        format!("\"{escaped}\"")
    };
    match value {
        Value::String(text) => string(text),
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(spelled_otherwise).collect();
            format!("[ {} ]", elements.join("\t,\n"))
        }
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| format!("{} : {}", string(name), spelled_otherwise(value));
            format!("{{ {} }}", members.iter().rev().map(member).collect::<Vec<_>>().join(",\r\n"))
        }
        other => other.to_string(),
    }
}

/// Equal in every way that is not a matter of writing: the slow way to say it.
fn is_the_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.to_string(), right.to_string());
            policy_core::Decimal::parse(&left) == policy_core::Decimal::parse(&right)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_the_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| is_the_same(left, right)))
        }
        (left, right) => left == right,
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn how_a_value_is_spelled_changes_nothing(value in json()) {
        let canonical = |text: &str| canonical(text, CanonicalNumbers::Exact).map_err(|error| error.fault);
        prop_assert_eq!(canonical(&value.to_string()), canonical(&spelled_otherwise(&value)));
    }

    #[test]
    fn what_is_canonical_stays_as_it_is(value in json()) {
        let once = nearest(&value.to_string());
        prop_assert_eq!(&nearest(&once), &once);
        prop_assert_eq!(&canonical(&once, CanonicalNumbers::Exact).unwrap(), &once);
    }

    #[test]
    fn two_values_share_a_canonical_text_only_where_they_are_the_same(left in json(), right in json()) {
        let [one, other] = [&left, &right].map(|value| canonical(&value.to_string(), CanonicalNumbers::Exact));
        if let (Ok(one), Ok(other)) = (one, other) {
            prop_assert_eq!(one == other, is_the_same(&left, &right));
        }
    }
}
