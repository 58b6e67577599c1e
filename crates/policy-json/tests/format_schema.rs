//! The format's own JSON Schema against the loader, both ways: what loads satisfies the schema, and what satisfies the schema
//! loads, up to what no schema can say. That is listed here, and in docs/policy-format.md.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod documents;
mod random;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use documents::{Doc, change, doc, in_a_condition, in_a_limit};
use policy_core::arguments::{Json, Kind};
use policy_core::{EVERY_MAX, Schema};
use policy_json::{
    DOCUMENT_CAPS, Diagnostic, DiagnosticCode, FORMAT_SCHEMA, FORMAT_SCHEMA_ID, Parsed, load, load_schema,
};
use proptest::prelude::*;
use random::{cases, policy};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| load_schema(FORMAT_SCHEMA.as_bytes()).unwrap());

/// What a schema cannot say: the codes with which the loader may refuse what the schema accepts, each with a document.
const UNSAID: [(DiagnosticCode, &str); 12] = [
    (DiagnosticCode::DuplicateKey, r#"{"version": "1", "default": "deny", "default": "deny"}"#),
    (
        DiagnosticCode::DuplicateLimit,
        r#"{"version": "1", "default": "deny", "all_tools": {"limits": [
            {"counter": "c", "window": 60, "max": 1}, {"counter": "c", "window": "minute", "max": 2}]}}"#,
    ),
    (
        DiagnosticCode::InvalidPath,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a[4294967296]", "op": "exists", "value": true}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPath,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args[\"\\ud800\"]", "op": "exists", "value": true}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPattern,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "regex", "value": "(?=a)"}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPattern,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"schema": {"pattern": "(?=a)"}}}}"#,
    ),
    (
        DiagnosticCode::InvalidSchema,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"schema": {"type": "strin"}}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "path_within", "value": ["/a/../b"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "url_host_in", "value": ["a..example"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "cidr_in", "value": ["10.0.0.1/8"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::TooLarge,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "lt", "value": 1e10000}]}]}}}"#,
    ),
    (DiagnosticCode::InvalidJson, "{\"version\": \"1\", \"default\": \"deny\", }"),
];

/// Whether the loader alone can find this, so that the schema is not to blame for accepting the document.
fn is_unsaid(found: &Diagnostic, text: &[u8]) -> bool {
    let written = String::from_utf8_lossy(&text[found.span.clone()]).to_lowercase();
    let parts: Vec<&str> = found.pointer.split('/').collect();
    let is_listed = matches!(parts.as_slice(), [.., "value", place] if place.parse::<usize>().is_ok());
    let is_in_schema = matches!(parts.as_slice(), ["", "tools", _, "schema", ..]);
    match found.code {
        DiagnosticCode::DuplicateLimit => true,
        DiagnosticCode::InvalidPath => {
            let mut numbers = written.split(|character: char| !character.is_ascii_digit());
            numbers.any(|digits| digits.len() >= 10)
                || written.contains("\\ud")
                || written.matches("[*]").count() > EVERY_MAX
        }
        DiagnosticCode::InvalidPattern => is_in_schema || matches!(parts.as_slice(), [.., "value"]),
        DiagnosticCode::InvalidSchema | DiagnosticCode::TooLarge => is_in_schema,
        DiagnosticCode::InvalidValue => is_listed,
        _ => false,
    }
}

/// `None` for a text that cannot be read: neither has anything to say about it.
fn is_valid(text: &[u8]) -> Option<bool> {
    let parsed = Parsed::parse(text, DOCUMENT_CAPS).ok()?;
    Some(SCHEMA.check(parsed.root()?).is_ok())
}

/// Why schema and loader do not agree on a document, if they do not.
fn disagreement(text: &[u8]) -> Result<(), String> {
    let shown = || String::from_utf8_lossy(text);
    let Some(valid) = is_valid(text) else {
        return load("p", text)
            .map(|_| ())
            .map_or(Ok(()), |()| Err(format!("not JSON, and loads: {}", shown())));
    };
    match load("p", text) {
        Ok(_) if valid => Ok(()),
        Ok(_) => {
            let parsed = Parsed::parse(text, DOCUMENT_CAPS).unwrap();
            let violation = SCHEMA.check(parsed.root().unwrap()).unwrap_err();
            Err(format!("loads, but {violation}: {}", shown()))
        }
        Err(_) if !valid => Ok(()),
        Err(error) => {
            let found = error.diagnostics();
            // Of two members of one name the schema sees one.
            let is_ambiguous = found.iter().any(|found| found.code == DiagnosticCode::DuplicateKey);
            if is_ambiguous || found.iter().all(|found| is_unsaid(found, text)) {
                return Ok(());
            }
            Err(format!("satisfies the schema, but {error}: {}", shown()))
        }
    }
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    disagreement(text.as_bytes()).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_policy_satisfies_the_schema(policy in policy()) {
        let text = policy_json::to_json(&policy);
        prop_assert_eq!(is_valid(text.as_bytes()), Some(true), "{}", text);
        agree(&text)?;
    }

    #[test]
    fn the_schema_and_the_loader_agree_on_a_policy_that_was_changed(
        policy in policy(), changes in prop::collection::vec(change(), 1..4)
    ) {
        let mut doc = Doc::parse(&policy_json::to_json(&policy));
        for change in &changes {
            doc.change(change);
            agree(&doc.write())?;
        }
    }

    #[test]
    fn they_agree_on_whatever_has_the_words_of_the_format(doc in doc()) {
        agree(&doc.write())?;
        let doc = doc.write();
        for field in ["hide", "all_tools", "tools", "description"] {
            agree(&format!(r#"{{"version": "1", "default": "deny", "{field}": {doc}}}"#))?;
        }
        agree(&format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {doc}}}}}"#))?;
    }
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn they_agree_on_conditions(text in in_a_condition()) {
        agree(&text)?;
    }

    #[test]
    fn they_agree_on_limits(text in in_a_limit()) {
        agree(&text)?;
    }
}

/// Every policy in a case file, as it is written there.
fn case_policies(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap();
    let parsed = Parsed::parse(&text, DOCUMENT_CAPS).unwrap();
    let root = parsed.root().unwrap();
    let cases = if root.kind() == Kind::Array { root.elements().collect() } else { vec![root] };
    let policy = |case: Json<'_>| match (case.get("policy"), case.get("policy_text")) {
        (Some(policy), _) => parsed.raw(policy).to_owned(),
        (None, text) => text.unwrap().as_str().unwrap().to_owned(),
    };
    cases.into_iter().map(policy).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let files = files.map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

#[test]
fn they_agree_on_every_policy_of_the_case_files() {
    let mut seen = 0;
    // Those beside the clone are looked at where they are.
    for path in files("cases").into_iter().chain(files("../shared/cases")) {
        for policy in case_policies(&path) {
            seen += 1;
            disagreement(policy.as_bytes()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        }
    }
    assert!(seen > 800, "{seen} policies");
}

#[test]
fn the_examples_satisfy_the_schema() {
    for path in ["examples/runpod/policy.json", "examples/guarded-server/policy.json"] {
        let text = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap();
        assert_eq!(is_valid(&text), Some(true), "{path}");
        assert!(load("p", &text).is_ok(), "{path}");
    }
}

/// The list of what no schema can say is no longer than it has to be: each of it happens.
#[test]
fn what_no_schema_can_say_is_accepted_by_it_and_refused_by_the_loader() {
    for (code, text) in UNSAID {
        let error = load("p", text.as_bytes()).unwrap_err();
        assert!(error.diagnostics().iter().all(|found| found.code == code), "{error}");
        // What cannot be read as JSON, no schema is ever asked about.
        assert_ne!(is_valid(text.as_bytes()), Some(false), "{text}");
        disagreement(text.as_bytes()).unwrap();
    }
}

/// The reference lists the same codes.
#[test]
fn the_reference_lists_what_no_schema_can_say() {
    let page = include_str!("../../../docs/policy-format.md");
    let section =
        page.split("### 15.1 What the schema cannot say").nth(1).unwrap().split("\n## ").next().unwrap();
    for code in DiagnosticCode::ALL {
        let is_listed = section.contains(&format!("\n| `{}` |", code.name()));
        let is_unsaid = UNSAID.iter().any(|(unsaid, _)| *unsaid == code);
        // Said of a build without features, which this is not.
        assert_eq!(is_listed, is_unsaid || code == DiagnosticCode::NotSupported, "{}", code.name());
    }
}

/// Editors show these texts.
#[test]
fn every_field_has_a_title_and_a_description() {
    fn look(schema: &serde_json::Value, root: &serde_json::Value, fields: &mut usize) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            *fields += 1;
            let target = field["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
            let target = target.map_or(field, |pointer| root.pointer(pointer).unwrap());
            for text in ["title", "description"] {
                assert!(field[text].is_string() || target[text].is_string(), "`{name}` has no {text}");
            }
        }
        for child in ["$defs", "properties"].into_iter().filter_map(|of| schema[of].as_object()) {
            // What stands under `allOf` speaks of fields that have their texts already.
            child.values().for_each(|schema| look(schema, root, fields));
        }
    }
    let schema: serde_json::Value = serde_json::from_str(FORMAT_SCHEMA).unwrap();
    let mut fields = 0;
    look(&schema, &schema, &mut fields);
    assert!(fields > 30, "{fields}");
    assert_eq!(schema["$id"], FORMAT_SCHEMA_ID);
}

/// Keywords that refuse something. `type` beside a list of words refuses nothing more, and is there for editors.
fn constraints(schema: &serde_json::Value, at: &str, found: &mut Vec<(String, &'static str)>) {
    const KEYWORDS: [&str; 14] = [
        "type",
        "required",
        "additionalProperties",
        "enum",
        "const",
        "pattern",
        "minLength",
        "minimum",
        "maximum",
        "uniqueItems",
        "items",
        "anyOf",
        "then",
        "$ref",
    ];
    let Some(members) = schema.as_object() else { return };
    let is_field = at.ends_with("/properties") || at.ends_with("/$defs");
    if !is_field && !at.ends_with("/if") {
        let has_words =
            members.contains_key("enum") || members.contains_key("const") || members.contains_key("anyOf");
        for keyword in KEYWORDS {
            if members.contains_key(keyword) && !(keyword == "type" && has_words) {
                found.push((at.to_owned(), keyword));
            }
        }
    }
    for (name, value) in members {
        if matches!(name.as_str(), "examples" | "default" | "enum" | "if") && !is_field {
            continue;
        }
        if name == "allOf" {
            for (place, branch) in value.as_array().into_iter().flatten().enumerate() {
                constraints(branch, &format!("{at}/allOf/{place}"), found);
            }
        } else {
            constraints(value, &format!("{at}/{}", policy_core::escape(name)), found);
        }
    }
}

/// The tests above would see it if any of the schema were left out: each keyword refuses something that does not load, and
/// that nothing else in the schema refuses.
#[test]
fn every_keyword_of_the_schema_refuses_something() {
    let schema: serde_json::Value = serde_json::from_str(FORMAT_SCHEMA).unwrap();
    let mut keywords = Vec::new();
    constraints(&schema, "", &mut keywords);
    assert!(keywords.len() > 80, "{}", keywords.len());

    let mut documents =
        case_policies(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/load-errors.json")));
    documents.extend(one_thing_wrong());
    documents.retain(|text| is_valid(text.as_bytes()) == Some(false));
    let parsed: Vec<_> =
        documents.iter().map(|text| Parsed::parse(text.as_bytes(), DOCUMENT_CAPS).unwrap()).collect();
    let mut idle = Vec::new();
    for (at, keyword) in keywords {
        let mut weaker = schema.clone();
        weaker.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(keyword);
        let weaker = load_schema(weaker.to_string().as_bytes()).unwrap();
        if parsed.iter().all(|document| weaker.check(document.root().unwrap()).is_err()) {
            idle.push(format!("{at}/{keyword}"));
        }
    }
    assert_eq!(idle, [""; 0]);
}

/// A policy that has every field, with one thing wrong in each.
fn one_thing_wrong() -> Vec<String> {
    let group = r#"{"conditions": [{"path": "args.a", "op": "eq", "value": 1}], "on_deny": "x", "mode": "shadow", "description": "x"}"#;
    let limit = r#"{"counter": "c", "window": 60, "max": 1, "scope": "grant", "increment_from": "args.a", "on_deny": "x",
        "mode": "shadow", "algorithm": "fixed_window", "description": "x"}"#;
    let lists = format!(
        r#""require": [{group}], "deny_if": [{group}], "approve_if": [{group}], "limits": [{limit}], "description": "x""#
    );
    let whole = format!(
        r#"{{"$schema": "x", "version": "1", "default": "deny", "description": "x", "hide": ["a", "b"], "all_tools": {{{lists}}},
        "tools": {{"t": {{"schema": true, "action": "deny", "reason": "x", "rate_limit": {{"max": 1, "window": 60}}, {lists}}}}}}}"#
    );
    disagreement(whole.as_bytes()).unwrap();
    assert_eq!(is_valid(whole.as_bytes()), Some(true));
    let whole = Doc::parse(&whole);
    let mut documents = Vec::new();
    let mut with = |number: usize, doc: Doc| {
        let mut changed = whole.clone();
        *changed.at(number) = doc;
        documents.push(changed.write());
    };
    for number in 0..whole.clone().count() {
        let wrong = [
            "null",
            "7",
            "-1",
            "0.5",
            "1e30",
            "\"\"",
            "\"x\"",
            "[null]",
            "[\"a\", \"a\"]",
            "[\"\"]",
            "{\"x\": 1}",
        ];
        wrong.into_iter().for_each(|wrong| with(number, Doc::parse(wrong)));
        let value = whole.clone().at(number).clone();
        match value {
            Doc::Object(members) => {
                for place in 0..members.len() {
                    let mut fewer = members.clone();
                    fewer.remove(place);
                    with(number, Doc::Object(fewer));
                }
                let more = members.into_iter().chain([("x".to_owned(), Doc::Plain("1".to_owned()))]);
                with(number, Doc::Object(more.collect()));
            }
            Doc::List(_) | Doc::Plain(_) => {}
        }
    }
    for (op, value) in [
        ("in", "1"),
        ("lt", "\"1\""),
        ("regex", "1"),
        ("exists", "1"),
        ("ends_with", "1"),
        ("path_within", "\"/a\""),
        ("path_within", "[1]"),
        ("path_within", "[\"a\"]"),
        ("url_host_in", "\"a\""),
        ("url_host_in", "[1]"),
        ("url_host_in", "[\"a/b\"]"),
        ("cidr_in", "\"::1\""),
        ("cidr_in", "[1]"),
        ("cidr_in", "[\"a/b\"]"),
    ] {
        let condition = format!(r#"{{"path": "args.a", "op": "{op}", "value": {value}}}"#);
        documents.push(format!(
            r#"{{"version": "1", "default": "deny", "all_tools": {{"require": [{{"conditions": [{condition}]}}]}}}}"#
        ));
    }
    documents.iter().for_each(|text| disagreement(text.as_bytes()).unwrap());
    documents
}
