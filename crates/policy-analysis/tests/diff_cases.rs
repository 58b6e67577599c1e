//! Edits that people make to policies, as data: `tests/diff/*.json`. Each case has two policies (`version` and `default: deny`
//! are filled in), perhaps a server's list of tools, and what is to be reported: direction, kind, tools, how many calls the
//! example takes, and perhaps the arguments of its last call.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use policy_analysis::diff::{Diff, ToolName, diff};
use policy_analysis::values::json_text;
use policy_core::Policy;
use policy_json::ToolCatalogue;
use serde_json::Value;

fn policy(value: &Value) -> Policy {
    let mut document = value.as_object().unwrap().clone();
    document.entry("version").or_insert("1".into());
    document.entry("default").or_insert("deny".into());
    policy_json::load("p", Value::Object(document).to_string().as_bytes()).unwrap()
}

/// A change in a line, with as many words as are expected of it.
fn lines(diff: &Diff) -> Vec<String> {
    let name = |tool: &ToolName| match tool {
        ToolName::Named(name) => name.to_string(),
        ToolName::Others => "(others)".to_owned(),
    };
    let changes = diff.changes.iter().map(|change| {
        let tools: Vec<String> = change.tools.iter().map(name).collect();
        let tools = if tools.is_empty() { "-".to_owned() } else { tools.join(",") };
        let (count, last) = match &change.example {
            Some(example) => {
                (example.count().to_string(), json_text(&example.calls.last().unwrap().arguments))
            }
            None => ("-".to_owned(), String::new()),
        };
        format!("{} {} {tools} {count} {last}", change.direction.name(), change.kind.name())
    });
    changes.chain(diff.notes.iter().map(|_| "note ".to_owned())).collect()
}

/// Whether every expectation is met by one line, and no line is left.
fn matches(expected: &[String], found: &[String]) -> bool {
    let mut left: Vec<&String> = found.iter().collect();
    let all_met = expected.iter().all(|wanted| {
        // Whole words: `pay 1` is not `pay 11`.
        let place = left.iter().position(|line| line.starts_with(&format!("{wanted} ")) || *line == wanted);
        place.map(|place| left.remove(place)).is_some()
    });
    all_met && left.is_empty()
}

#[test]
fn edits_are_reported_for_what_they_are() {
    let mut cases = 0;
    let mut wrong = Vec::new();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff");
    for file in fs::read_dir(directory).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        let list: Vec<Value> = serde_json::from_slice(&text).unwrap();
        for case in list {
            cases += 1;
            let (old, new) = (policy(&case["old"]), policy(&case["new"]));
            let catalogue =
                case.get("tools").map(|tools| ToolCatalogue::parse(tools.to_string().as_bytes()).unwrap());
            let expected: Vec<String> = serde_json::from_value(case["expect"].clone()).unwrap();
            let found = diff(&old, &new, catalogue.as_ref());
            if !matches(&expected, &lines(&found)) {
                wrong.push(format!("{}\n  expected {expected:?}\n  found {:?}", case["name"], lines(&found)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 60, "{cases}");
}
