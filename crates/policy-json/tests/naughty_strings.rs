//! Strings that break software: each is found where it stands and nowhere else, by every operator that looks at strings, at
//! both doors, in policies that were read from text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hostile_data;

use std::fs;

use policy_core::{Arguments, Engine, Identity, PolicySet};
use policy_json::JsonText;
use serde_json::{Value, json};

/// A policy that permits a call where the argument `s` holds by each of the conditions.
fn engine(conditions: &Value) -> Engine {
    let groups: Vec<Value> = conditions
        .as_array()
        .unwrap()
        .iter()
        .map(|condition| {
            let [op, value] = [&condition[0], &condition[1]];
            json!({ "conditions": [{ "path": "args.s", "op": op, "value": value }] })
        })
        .collect();
    let policy = json!({ "version": "1", "default": "deny", "tools": { "run": { "require": groups } } });
    let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
    // Written and read once more: no string gets lost on the way.
    let policy = policy_json::load("p", policy_json::to_json(&policy).as_bytes()).unwrap();
    Engine::new(PolicySet::single(policy).unwrap())
}

/// A pattern that finds this text and no other. Of all marks, only `<` and `>` mean something with a backslash before them.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("^(?s:");
    for character in text.chars() {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + ")$"
}

fn is_allowed(engine: &Engine, arguments: impl Arguments) -> bool {
    engine.evaluate(&Identity::new("ana"), "run", arguments).is_allowed()
}

/// Every character as `\uXXXX`: the same string, written otherwise.
fn escaped(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("{{\"s\": \"{units}\"}}")
}

#[test]
fn naughty_strings_are_what_they_are_and_nothing_else() {
    let Some(folder) = hostile_data::folder("naughty-strings") else { return };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(folder.join("blns.json")).unwrap()).unwrap();
    assert!(strings.len() > 500);
    for text in &strings {
        let around = format!("<{text}>");
        let exact = engine(&json!([
            ["eq", text],
            ["in", ["other", text]],
            ["contains", text],
            ["regex", pattern(text)],
            ["exists", true],
        ]));
        let inside = engine(&json!([["contains", text], ["neq", text], ["not_in", [text]]]));
        let listed = engine(&json!([["contains", text], ["eq", ["a", text]]]));
        for (engine, argument, expected) in [
            (&exact, json!(text), true),
            (&exact, json!(around), false),
            (&inside, json!(around), true),
            (&inside, json!(text), false),
            (&listed, json!(["a", text]), true),
            (&listed, json!(["a", around]), false),
        ] {
            let arguments = json!({ "s": argument });
            let written = arguments.to_string();
            assert_eq!(is_allowed(engine, &arguments), expected, "{text:?}");
            assert_eq!(
                is_allowed(engine, JsonText::new(written.as_bytes())),
                expected,
                "{text:?} in {written}"
            );
        }
        let escaped = escaped(text);
        assert!(is_allowed(&exact, JsonText::new(escaped.as_bytes())), "{text:?} as {escaped}");
    }
}

/// As names, too: of arguments, of tools, of counters.
#[test]
fn naughty_names_are_names() {
    let Some(folder) = hostile_data::folder("naughty-strings") else { return };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(folder.join("blns.json")).unwrap()).unwrap();
    for text in strings.iter().filter(|text| !text.is_empty()) {
        let policy = json!({ "version": "1", "default": "deny", "tools": {
            text: { "limits": [{ "counter": text, "window": "minute", "max": 1 }] }
        } });
        let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
        let engine = Engine::new(PolicySet::single(policy).unwrap());
        let ana = Identity::new(text.as_str()).with_session(text.as_str());
        let allowed = engine.evaluate(&ana, text, JsonText::new(b"{}"));
        assert!(allowed.is_allowed(), "{text:?}");
        assert_eq!(allowed.limits().next().unwrap().counter(), text);
        let denied = engine.evaluate(&ana, text, JsonText::new(b"{}"));
        assert_eq!(denied.rule(), format!("/tools/{text}/limits/{text}"));
        let pointer = format!("/tools/{}/limits/0", policy_core::escape(text));
        assert_eq!(denied.pointer(), pointer);
        assert!(!engine.evaluate(&ana, &format!("{text} "), JsonText::new(b"{}")).is_allowed(), "{text:?}");

        let Ok(path) = policy_core::Path::parse(&format!("args.{text}")) else { continue };
        let arguments = text.split('.').rev().fold(json!("here"), |inner, name| json!({ name: inner }));
        let policy = json!({ "version": "1", "default": "deny", "tools": { "run": { "require": [
            { "conditions": [{ "path": path.text(), "op": "eq", "value": "here" }] }
        ] } } });
        let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
        let engine = Engine::new(PolicySet::single(policy).unwrap());
        let written = arguments.to_string();
        assert!(is_allowed(&engine, JsonText::new(written.as_bytes())), "{text:?} in {written}");
        assert!(is_allowed(&engine, &arguments), "{text:?}");
        assert!(!is_allowed(&engine, JsonText::new(b"{}")), "{text:?}");
    }
}
