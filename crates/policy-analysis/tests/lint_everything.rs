//! Whatever policy loads and whatever a server lists: lint comes to an end, and every finding has its place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use policy_analysis::{Finding, LintCode, LintInput, lint};
use policy_core::Policy;
use policy_json::{DOCUMENT_CAPS, Parsed, Part, ToolCatalogue};
use proptest::prelude::*;
use serde_json::{Value, json};

// What policy-json's own tests make policies with.
#[path = "../../policy-json/tests/random/mod.rs"]
mod random;

fn look_over(text: &str, policy: &Policy, catalogue: Option<&ToolCatalogue>, portable: bool) -> Vec<Finding> {
    let found = lint(&LintInput { text: text.as_bytes(), policy, catalogue, portable });
    assert!(found.is_sorted_by_key(|finding| finding.span.start), "in the order of the text");
    let parsed = Parsed::parse(text.as_bytes(), DOCUMENT_CAPS).unwrap();
    for finding in &found {
        let places = parsed.locate(&[(&finding.pointer, Part::Value)]);
        assert!(places[0].is_some(), "the pointer leads somewhere: {finding:?}");
        assert!(text.get(finding.span.clone()).is_some_and(|place| !place.is_empty()), "{finding:?}");
        assert_eq!(parsed.position(finding.span.start), (finding.line, finding.column), "{finding:?}");
        assert!(!finding.to_string().contains(char::is_control), "one line of plain text: {finding:?}");
    }
    found
}

/// A list with the policy's own tools, each with a schema made of this and that.
fn catalogue(policy: &Policy, schemas: &[Value]) -> ToolCatalogue {
    let mut tools: Vec<Value> = Vec::new();
    for (place, name) in policy.tools.keys().enumerate() {
        let schema = schemas.get(place % schemas.len().max(1)).cloned().unwrap_or(json!({}));
        tools.push(json!({ "name": name, "inputSchema": schema }));
    }
    ToolCatalogue::parse(json!({ "tools": tools }).to_string().as_bytes()).unwrap()
}

/// Schemas that use the keywords which are looked at, rightly and wrongly.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({})),
        Just(json!({ "$ref": "#" })),
        Just(json!({ "$ref": "#/$defs/a" })),
        Just(json!({ "$ref": "https://example.com/a" })),
        prop::sample::select(vec!["string", "number", "integer", "array", "object", "null", "x"])
            .prop_map(|name| json!({ "type": name })),
        random::json().prop_map(|value| json!({ "const": value })),
        random::json().prop_map(|value| json!({ "enum": value, "default": 1 })),
        random::json()
            .prop_map(|value| json!({ "minimum": value, "maximum": value, "type": ["number", "string"] })),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let inner = inner.boxed();
        let names = || prop::sample::select(vec!["a", "b", "amount", "x"]);
        let properties = prop::collection::btree_map(names(), inner.clone(), 0..3);
        prop_oneof![
            (properties.clone(), any::<bool>(), prop::collection::vec(names(), 0..2)).prop_map(
                |(properties, open, required)| json!({
                    "type": "object", "properties": properties, "additionalProperties": open, "required": required,
                    "$defs": { "a": { "$ref": "#/properties/a" } },
                })
            ),
            properties.prop_map(|properties| json!({ "properties": properties, "unevaluatedProperties": false })),
            (prop::sample::select(vec!["anyOf", "oneOf", "allOf"]), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(keyword, branches)| json!({ keyword: branches })),
            inner.prop_map(|items| json!({ "type": "array", "items": items })),
        ]
    })
}

/// Names are the author's, and a message may name where another rule stands.
#[test]
fn a_name_that_does_not_show_is_escaped_in_a_message() {
    let text = r#"{"version": "1", "default": "deny", "tools": {
        "\u0000": {"limits": [{"counter": "c", "window": 60, "max": 1}]},
        "pay": {"limits": [{"counter": "c", "window": 60, "max": 9, "increment_from": "args.amount"}]}}}"#;
    let found = look_over(text, &policy_json::load("p", text.as_bytes()).unwrap(), None, false);
    let mixed = found.iter().find(|finding| finding.code == LintCode::CounterMixesUnits).unwrap();
    assert!(mixed.message.contains(r"/tools/\0/limits/0"), "{}", mixed.message);
}

proptest! {
    #![proptest_config(random::cases(256))]

    #[test]
    fn every_policy_that_loads_is_looked_over(
        policy in random::policy(),
        schemas in prop::collection::vec(schema(), 1..4),
    ) {
        let text = policy_json::to_json(&policy);
        let catalogue = catalogue(&policy, &schemas);
        let plain = look_over(&text, &policy, None, false);
        let held = look_over(&text, &policy, Some(&catalogue), false);
        let portable = look_over(&text, &policy, None, true);
        // What is asked for besides takes nothing away.
        prop_assert!(plain.iter().all(|finding| portable.contains(finding)));
        prop_assert!(!held.iter().any(|finding| finding.code == LintCode::UnlistedTool));
    }
}

#[test]
fn what_is_valid_by_a_schema_is_never_said_to_be_impossible() {
    // Each condition holds for arguments that the schema permits, so nothing may be said against it.
    let cases = [
        (
            json!({ "anyOf": [{ "properties": { "a": { "type": "string" } } }, { "properties": { "a": { "type": "number" } } }] }),
            json!({ "path": "args.a", "op": "gt", "value": 1 }),
        ),
        (
            json!({ "properties": { "a": { "enum": [1, "x"] } }, "additionalProperties": false }),
            json!({ "path": "args.a", "op": "eq", "value": 1.0 }),
        ),
        (
            json!({ "properties": { "a": { "type": "number", "exclusiveMaximum": 5 } } }),
            json!({ "path": "args.a", "op": "gt", "value": 4.999 }),
        ),
        (
            json!({ "properties": { "a": { "type": "string", "nullable": true } } }),
            json!({ "path": "args.a", "op": "eq", "value": null }),
        ),
        (
            json!({ "properties": { "a": { "$ref": "#/$defs/n" } }, "$defs": { "n": { "type": ["integer", "null"] } }, "additionalProperties": false }),
            json!({ "path": "args.a", "op": "lte", "value": 3 }),
        ),
        (
            json!({ "$schema": "http://json-schema.org/draft-07/schema#", "properties": { "a": { "$ref": "#/definitions/n", "type": "string" } },
                 "definitions": { "n": { "type": "number" } } }),
            json!({ "path": "args.a", "op": "lte", "value": 3 }),
        ),
    ];
    for (schema, condition) in cases {
        let text = json!({ "version": "1", "default": "deny",
            "tools": { "t": { "require": [{ "conditions": [condition] }] } } })
        .to_string();
        let policy = policy_json::load("p", text.as_bytes()).unwrap();
        let catalogue = catalogue(&policy, &[schema]);
        assert_eq!(look_over(&text, &policy, Some(&catalogue), false), [], "{text}");
    }
}

#[test]
fn ten_thousand_tools_are_looked_over_without_comparing_each_with_each() {
    let tools: serde_json::Map<String, Value> = (0..10_000)
        .map(|number| {
            let rules = json!({
                "deny_if": [{ "conditions": [{ "path": "args.amount", "op": "gt", "value": number }] }],
                "limits": [{ "counter": format!("calls-{number}"), "window": "minute", "max": 5 }],
            });
            (format!("tool-{number:05}-x"), rules)
        })
        .collect();
    let text = json!({ "version": "1", "default": "deny", "tools": tools }).to_string();
    let policy = policy_json::load("p", text.as_bytes()).unwrap();
    assert_eq!(look_over(&text, &policy, None, false), []);
    let names: Vec<Value> =
        (0..10_000).map(|number| json!({ "name": format!("tool-{number:05}-y") })).collect();
    let catalogue = ToolCatalogue::parse(json!(names).to_string().as_bytes()).unwrap();
    let found = lint(&LintInput {
        text: text.as_bytes(),
        policy: &policy,
        catalogue: Some(&catalogue),
        portable: false,
    });
    assert_eq!(found.len(), 10_000);
    // Looking for the nearest name goes through the whole list, so it is done for the first few alone.
    assert_eq!(found.iter().filter(|finding| finding.help.is_some()).count(), 10);
}

#[test]
fn deep_and_wide_schemas_come_to_an_end() {
    // Each level refers to the next one twice: followed without a bound, 2^40 ways.
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        defs.insert(format!("d{level}"), json!({ "allOf": [next, next], "anyOf": [next, next] }));
    }
    defs.insert("d40".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": defs });
    let text = json!({ "version": "1", "default": "deny",
        "tools": { "t": { "require": [{ "conditions": [{ "path": "args.a", "op": "gt", "value": 1 }] }] } } })
    .to_string();
    let policy = policy_json::load("p", text.as_bytes()).unwrap();
    let catalogue = catalogue(&policy, &[schema]);
    assert_eq!(look_over(&text, &policy, Some(&catalogue), false), [], "too involved to say anything");
}
