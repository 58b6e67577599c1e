//! Schemas that are made to be too much: in size, in depth, in references, in what they make of arguments. Each is refused
//! when it is loaded, or judged in bounded work. Nothing here is timed: what is not bounded does not come to an end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use policy_core::arguments::Caps;
use policy_core::{Schema, SchemaViolation};
use policy_json::{DiagnosticCode, Parsed, load};

fn compile(schema: &str) -> Result<Schema, Vec<(DiagnosticCode, String)>> {
    let text = format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"schema": {schema}}}}}}}"#);
    match load("bounds", text.as_bytes()) {
        Ok(mut policy) => Ok(policy.tools.remove("t").unwrap().schema.unwrap()),
        Err(error) => {
            Err(error.diagnostics().iter().map(|found| (found.code, found.pointer.clone())).collect())
        }
    }
}

fn refused(schema: &str) -> (DiagnosticCode, String) {
    compile(schema).map(|_| ()).unwrap_err().remove(0)
}

fn check(schema: &Schema, arguments: &str) -> Result<(), SchemaViolation> {
    let parsed = Parsed::parse(arguments.as_bytes(), Caps::default()).unwrap();
    schema.check(parsed.root().unwrap())
}

/// On a thread with as little room as threads commonly have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

fn chain(length: usize, hop: &str) -> String {
    let mut definitions = String::new();
    for place in 0..length {
        let next = hop.replace("NEXT", &format!("#/$defs/c{}", place + 1));
        write!(definitions, "\"c{place}\": {next}, ").unwrap();
    }
    format!(r##"{{"$ref": "#/$defs/c0", "$defs": {{{definitions} "c{length}": {{"type": "object"}}}}}}"##)
}

#[test]
fn a_schema_of_ten_megabytes_is_refused() {
    let long = "x".repeat(10 << 20);
    assert_eq!(refused(&format!(r#"{{"description": "{long}"}}"#)).0, DiagnosticCode::TooLarge);
    let many = (0..600_000).map(|place| format!("\"property{place}\": {{}}")).collect::<Vec<_>>().join(",");
    assert!(many.len() > 8 << 20);
    assert_eq!(refused(&format!(r#"{{"properties": {{{many}}}}}"#)).0, DiagnosticCode::TooLarge);
    let numbers = "1,".repeat(5 << 20);
    let text = format!(r#"{{"enum": [{numbers}1]}}"#);
    assert!(compile(&text).is_err());
}

#[test]
fn what_leads_back_to_itself_on_the_spot_is_refused() {
    for circle in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"anyOf": [{"type": "string"}, {"not": {"$ref": "#"}}]}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"oneOf": [{"$ref": "#/$defs/a"}]}}}"##,
        r##"{"if": {"$ref": "#"}, "then": {}}"##,
        r##"{"dependentSchemas": {"a": {"$ref": "#"}}}"##,
        r##"{"$dynamicAnchor": "x", "allOf": [{"$dynamicRef": "#x"}]}"##,
        r##"{"$id": "https://example.com/a", "$ref": "https://example.com/a"}"##,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"}"##,
        r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "allOf": [{"$recursiveRef": "#"}]}"##,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": {"$ref": "#"}}}"##,
        // Nobody refers to it; it stands in the document all the same.
        r##"{"$defs": {"a": {"$ref": "#/$defs/a"}}}"##,
        r##"{"properties": {"a": {"$ref": "#/x-elsewhere"}}, "x-elsewhere": {"$ref": "#/x-elsewhere"}}"##,
    ] {
        assert_eq!(refused(circle).0, DiagnosticCode::InvalidSchema, "{circle}");
    }
}

#[test]
fn what_leads_into_the_value_may_lead_back() {
    for tree in [
        r##"{"properties": {"children": {"items": {"$ref": "#"}}}, "required": ["name"]}"##,
        r##"{"$dynamicAnchor": "x", "required": ["name"], "properties": {"children": {"items": {"$dynamicRef": "#x"}}}}"##,
        r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "required": ["name"], "properties": {"children": {"items": {"$recursiveRef": "#"}}}}"##,
        r##"{"$schema": "http://json-schema.org/draft-07/schema", "required": ["name"], "properties": {"children": {"items": {"$ref": "#"}}}}"##,
    ] {
        let schema = compile(tree).unwrap();
        assert_eq!(
            check(&schema, r#"{"name": 1, "children": [{"name": 2}, {"name": 3, "children": []}]}"#),
            Ok(())
        );
        let violation =
            check(&schema, r#"{"name": 1, "children": [{"name": 2}, {"children": []}]}"#).unwrap_err();
        assert_eq!((violation.pointer.as_str(), &*violation.keyword), ("/children/1", "required"), "{tree}");
    }
}

#[test]
fn ways_that_multiply_are_refused() {
    let multiplying = |levels: usize| {
        let level = |place: usize| {
            let next = format!(r##"{{"$ref": "#/$defs/d{}"}}"##, place + 1);
            format!(r#""d{place}": {{"allOf": [{}]}}, "#, vec![next; 8].join(","))
        };
        let levels_text: String = (0..levels).map(level).collect();
        format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{levels_text} "d{levels}": {{"type": "object"}}}}}}"##)
    };
    assert!(compile(&multiplying(3)).is_ok());
    assert_eq!(refused(&multiplying(5)).0, DiagnosticCode::TooLarge);
    assert_eq!(refused(&multiplying(500)).0, DiagnosticCode::TooLarge);
    for hop in
        [r##"{"$ref": "NEXT"}"##, r##"{"allOf": [{"$ref": "NEXT"}]}"##, r##"{"if": {"$ref": "NEXT"}}"##]
    {
        assert!(compile(&chain(6, hop)).is_ok(), "{hop}");
        assert_eq!(refused(&chain(100, hop)).0, DiagnosticCode::TooLarge, "{hop}");
        on_a_small_stack(move || assert_eq!(refused(&chain(4_000, hop)).0, DiagnosticCode::TooLarge));
    }
}

#[test]
fn long_ways_into_the_value_take_no_more_stack_than_threads_have() {
    on_a_small_stack(|| {
        let schema = compile(&chain(4_000, r##"{"properties": {"a": {"$ref": "NEXT"}}}"##)).unwrap();
        assert_eq!(check(&schema, &(r#"{"a":"#.repeat(63) + "{}" + &"}".repeat(63))), Ok(()));
    });
    // The longest chain of subschemas that look at one value, for each of as many values as may nest.
    for link in
        [r##"{"$ref": "NEXT"}"##, r##"{"allOf": [{"$ref": "NEXT"}]}"##, r##"{"anyOf": [{"$ref": "NEXT"}]}"##]
    {
        let links = if link.len() > 20 { 6 } else { 13 };
        let mut schema = chain(links, link);
        let end = format!(r##""c{links}": {{"type": "object"}}"##);
        assert!(schema.contains(&end));
        schema = schema.replace(
            &end,
            &format!(r##""c{links}": {{"properties": {{"a": {{"$ref": "#"}}}}, "required": ["b"]}}"##),
        );
        on_a_small_stack(move || {
            let schema = compile(&schema).unwrap();
            let deepest = r#"{"b":1,"a":"#.repeat(63) + r#"{"b":1}"# + &"}".repeat(63);
            assert_eq!(check(&schema, &deepest), Ok(()));
            let wrong = r#"{"b":1,"a":"#.repeat(63) + "{}" + &"}".repeat(63);
            assert!(check(&schema, &wrong).is_err());
        });
    }
}

#[test]
fn a_schema_that_looks_again_and_again_gives_up_and_denies() {
    // Every level of the arguments is looked at by two subschemas, each of which looks at the next level.
    let names: Vec<String> = (0..20)
        .map(|place| format!(r##"{{"properties": {{"a": {{"$ref": "#"}}, "b{place}": {{}}}}}}"##))
        .collect();
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let last = if keyword == "allOf" { "" } else { r#", "required": ["never"]"# };
        let schema = compile(&format!(r#"{{"{keyword}": [{}]{last}}}"#, names.join(","))).unwrap();
        let nested = r#"{"a":"#.repeat(63) + "{}" + &"}".repeat(63);
        // Whatever comes out, it comes out; allowed is only what satisfies.
        let found = check(&schema, &nested);
        if keyword != "allOf" {
            assert!(found.is_err(), "{keyword}");
        }
    }
}

#[test]
fn unevaluated_in_each_other_compile_and_judge_in_bounded_work() {
    let nested = (0..12).fold("{}".to_owned(), |inner, _| {
        format!(r#"{{"unevaluatedProperties": false, "allOf": [{inner}], "anyOf": [{inner}]}}"#)
    });
    if let Ok(schema) = compile(&nested) {
        assert!(check(&schema, r#"{"a": 1}"#).is_err());
    }
}

#[test]
fn many_and_large_patterns_are_refused() {
    assert_eq!(
        refused(r#"{"pattern": "(?=x)"}"#),
        (DiagnosticCode::InvalidPattern, "/tools/t/schema/pattern".into())
    );
    assert_eq!(refused(r#"{"pattern": "(?<!x)y"}"#).0, DiagnosticCode::InvalidPattern);
    assert_eq!(refused(r#"{"pattern": "(x)\\1"}"#).0, DiagnosticCode::InvalidPattern);
    assert_eq!(refused(r#"{"patternProperties": {"(?=x)": {}}}"#).0, DiagnosticCode::InvalidPattern);
    assert_eq!(
        refused(r#"{"properties": {"a": {"pattern": "(((a{1,100}){1,100}){1,100})"}}}"#).0,
        DiagnosticCode::InvalidPattern
    );
    let many: Vec<String> =
        (0..3_000).map(|place| format!(r#"{{"pattern": "[\\\\p{{L}}\\\\w{place}]{{40}}"}}"#)).collect();
    assert!(compile(&format!(r#"{{"items": {{"anyOf": [{}]}}}}"#, many.join(","))).is_err());
    let slow = compile(r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#).unwrap();
    assert!(check(&slow, &format!(r#"{{"a": "{}!"}}"#, "a".repeat(100_000))).is_err());
}

#[test]
fn many_different_elements_are_told_apart_in_bounded_work() {
    let schema = compile(r#"{"properties": {"a": {"uniqueItems": true}}}"#).unwrap();
    let numbers = |last: &str| {
        let all: Vec<String> = (0..9_900).map(|place| place.to_string()).collect();
        format!(r#"{{"a": [{}, {last}]}}"#, all.join(","))
    };
    assert_eq!(check(&schema, &numbers("-1")), Ok(()));
    assert!(check(&schema, &numbers("1.0e1")).is_err());
}
