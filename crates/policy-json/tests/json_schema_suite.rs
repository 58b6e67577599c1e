//! The official test suite of JSON Schema, through the argument reader and the schema of a tool. Instances need not be
//! objects here: schemas are asked about the tape directly. What differs stands in `json_schema_suite.json`, each with its
//! reason; a difference that is gone fails the test as much as one that is new.

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

mod hostile_data;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use policy_core::arguments::{Caps, Json, Kind};
use policy_core::{Engine, Identity, PolicySet, Schema};
use policy_json::{JsonText, Parsed, load};

const DRAFTS: [(&str, &str); 3] = [
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
];

/// Differences that are known: `draft/file/group/test` (or up to the group, where no test of it can be run), and why.
fn known() -> BTreeMap<String, String> {
    let text = include_bytes!("json_schema_suite.json");
    let parsed = Parsed::parse(text, Caps::default()).unwrap();
    assert_eq!(parsed.duplicates().count(), 0);
    let mut known = BTreeMap::new();
    for (reason, names) in parsed.root().unwrap().members() {
        for name in names.elements() {
            let before = known.insert(name.as_str().unwrap().to_owned(), reason.as_str().unwrap().to_owned());
            assert_eq!(before, None, "{}", name.as_str().unwrap());
        }
    }
    known
}

fn policy(schema: &str) -> String {
    format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"schema": {schema}}}}}}}"#)
}

/// The schema's text, its dialect written into it.
fn with_dialect(parsed: &Parsed<'_>, schema: Json<'_>, dialect: &str) -> String {
    let raw = parsed.raw(schema);
    if schema.kind() != Kind::Object || schema.get("$schema").is_some() {
        return raw.to_owned();
    }
    let comma = if schema.is_empty() { "" } else { "," };
    format!("{{\"$schema\": \"{dialect}\"{comma}{}", &raw[1..])
}

#[derive(Default)]
struct Run {
    tests: usize,
    differences: BTreeMap<String, String>,
}

impl Run {
    fn file(&mut self, name: &str, path: &Path, dialect: &str) {
        let text = fs::read(path).unwrap();
        let parsed =
            Parsed::parse(&text, Caps { bytes: 1 << 24, nodes: 1 << 24, ..Caps::default() }).unwrap();
        for group in parsed.root().unwrap().elements() {
            let description = group.get("description").unwrap().as_str().unwrap();
            let schema_text = with_dialect(&parsed, group.get("schema").unwrap(), dialect);
            let policy = match load("suite", policy(&schema_text).as_bytes()) {
                Ok(policy) => policy,
                Err(error) => {
                    self.tests += group.get("tests").unwrap().len();
                    self.differences.insert(format!("{name}/{description}"), error.to_string());
                    continue;
                }
            };
            let schema: Schema = policy.tools["t"].schema.clone().unwrap();
            let engine = Engine::new(PolicySet::single(policy).unwrap());
            for test in group.get("tests").unwrap().elements() {
                self.tests += 1;
                let data = parsed.raw(test.get("data").unwrap());
                let valid = test.get("valid").unwrap().as_bool().unwrap();
                let instance = Parsed::parse(data.as_bytes(), Caps::default()).unwrap();
                let root = instance.root().unwrap();
                let found = schema.check(root);
                if root.kind() == Kind::Object {
                    let decision = engine.evaluate(&Identity::new("a"), "t", JsonText::new(data.as_bytes()));
                    assert_eq!(decision.is_allowed(), found.is_ok(), "{name}/{description}");
                    assert_eq!(decision.violation(), found.as_ref().err());
                }
                if found.is_ok() != valid {
                    let test = test.get("description").unwrap().as_str().unwrap();
                    self.differences.insert(format!("{name}/{description}/{test}"), format!("{found:?}"));
                }
            }
        }
    }

    fn folder(&mut self, name: &str, path: &Path, dialect: &str) {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            let file = entry.file_stem().unwrap().to_str().unwrap();
            let name = format!("{name}/{file}");
            if entry.is_dir() {
                self.folder(&name, &entry, dialect);
            } else {
                self.file(&name, &entry, dialect);
            }
        }
    }
}

#[test]
fn the_official_suite_is_judged_as_it_says() {
    let Some(suite) = hostile_data::folder("JSON-Schema-Test-Suite/tests") else { return };
    let mut run = Run::default();
    for (draft, dialect) in DRAFTS {
        run.folder(draft, &suite.join(draft), dialect);
    }
    assert!(run.tests > 3_000, "{} tests", run.tests);
    let known = known();
    let new: Vec<_> = run.differences.iter().filter(|(name, _)| !known.contains_key(*name)).collect();
    let gone: Vec<_> = known.keys().filter(|name| !run.differences.contains_key(*name)).collect();
    println!("{} tests, {} known differences", run.tests, known.len());
    assert!(new.is_empty(), "differ: {new:#?}");
    assert!(gone.is_empty(), "differ no more: {gone:#?}");
}
