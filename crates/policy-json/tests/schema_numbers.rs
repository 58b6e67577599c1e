//! Schemas and the numbers of their arguments: exact, whatever `serde_json` was built to do, and no name among arguments
//! means anything but itself. Run with and without its features, like `feature_unification`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

use std::cmp::Ordering;

use policy_core::arguments::Caps;
use policy_core::{Decimal, Schema};
use policy_json::{Parsed, load};
use proptest::prelude::*;

fn compile(schema: &str) -> Schema {
    let text = format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"schema": {schema}}}}}}}"#);
    load("p", text.as_bytes()).unwrap().tools.remove("t").unwrap().schema.unwrap()
}

fn satisfies(schema: &Schema, arguments: &str) -> bool {
    let parsed = Parsed::parse(arguments.as_bytes(), Caps::default()).unwrap();
    schema.check(parsed.root().unwrap()).is_ok()
}

/// Numbers that floats tell apart and such as they do not.
fn number() -> impl Strategy<Value = String> {
    let digits = "(0|[1-9][0-9]{0,24})";
    prop_oneof![
        3 => proptest::string::string_regex(&format!("-?{digits}(\\.[0-9]{{1,24}})?(e[-+]?[0-9]{{1,3}})?")).unwrap(),
        1 => any::<f64>().prop_filter("a number", |float| float.is_finite()).prop_map(|float| format!("{float:e}")),
        1 => (any::<i64>(), -3..=3_i64).prop_map(|(whole, more)| whole.saturating_add(more).to_string()),
        1 => (9_007_199_254_740_990_u64..9_007_199_254_740_996).prop_map(|whole| whole.to_string()),
    ]
}

proptest! {
    #[test]
    fn bounds_and_equality_are_those_of_decimals(limit in number(), argument in number()) {
        let text = |keyword: &str| {
            format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"schema": {{"properties": {{"n": {{"{keyword}": {limit}}}}}}}}}}}}}"#)
        };
        let arguments = format!(r#"{{"n": {argument}}}"#);
        let order = Decimal::parse(&argument).unwrap().cmp(&Decimal::parse(&limit).unwrap());
        for (keyword, holds) in [
            ("minimum", order != Ordering::Less),
            ("maximum", order != Ordering::Greater),
            ("exclusiveMinimum", order == Ordering::Greater),
            ("exclusiveMaximum", order == Ordering::Less),
            ("const", order == Ordering::Equal),
        ] {
            // A limit that cannot be held exactly is refused; it is never one that is near.
            let Ok(mut policy) = load("p", text(keyword).as_bytes()) else { continue };
            let schema = policy.tools.remove("t").unwrap().schema.unwrap();
            prop_assert_eq!(satisfies(&schema, &arguments), holds, "{} {} {}", argument, keyword, limit);
        }
    }

    #[test]
    fn multiples_are_those_of_whole_numbers(unit in 1..1_000_000_u64, times in 0..1_000_000_000_u64, more in 0..3_u64, places in 0..6_u32) {
        let scaled = |whole: u64| {
            let digits = format!("{whole:0>width$}", width = places as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places as usize);
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        };
        let schema = compile(&format!(r#"{{"properties": {{"n": {{"multipleOf": {}}}}}}}"#, scaled(unit)));
        let value = unit * times + more % unit;
        prop_assert_eq!(satisfies(&schema, &format!(r#"{{"n": {}}}"#, scaled(value))), value % unit == 0);
    }
}

#[test]
fn no_name_makes_a_number_of_an_object() {
    for name in ["$serde_json::private::Number", "$serde_json::private::RawValue", "$__toml_private_datetime"]
    {
        let object = format!(r#"{{"a": {{"{name}": "5"}}}}"#);
        assert!(!satisfies(&compile(r#"{"properties": {"a": {"type": "number"}}}"#), &object), "{name}");
        assert!(!satisfies(&compile(r#"{"properties": {"a": {"const": 5}}}"#), &object), "{name}");
        assert!(
            satisfies(&compile(r#"{"properties": {"a": {"type": "object", "maxProperties": 1}}}"#), &object),
            "{name}"
        );
        let written = format!(r#"{{"properties": {{"a": {{"const": {{"{name}": "5"}}}}}}}}"#);
        assert!(satisfies(&compile(&written), &object), "{name}");
        assert!(!satisfies(&compile(&written), r#"{"a": 5}"#), "{name}");
        let property =
            format!(r#"{{"properties": {{"{name}": {{"type": "string"}}}}, "additionalProperties": false}}"#);
        assert!(satisfies(&compile(&property), &format!(r#"{{"{name}": "5"}}"#)), "{name}");
        assert!(!satisfies(&compile(&property), &format!(r#"{{"{name}": 5}}"#)), "{name}");
    }
}

#[test]
fn what_is_reported_does_not_depend_on_how_members_are_kept() {
    let schema = compile(
        r#"{"properties": {"b": {"type": "string", "minLength": 3}, "a": {"maximum": 1, "enum": [1]}}}"#,
    );
    let parsed = Parsed::parse(br#"{"b": 1, "a": 2}"#, Caps::default()).unwrap();
    let violation = schema.check(parsed.root().unwrap()).unwrap_err();
    assert_eq!((violation.pointer.as_str(), &*violation.keyword), ("/b", "type"));
}
