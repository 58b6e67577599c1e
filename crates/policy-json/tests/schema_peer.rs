//! Input schemas of real servers: each compiles, and judges arguments that are made for it, right ones and wrong ones, as
//! another implementation does: the Python package `jsonschema`. `./test` installs it and says in `SCHEMA_PEER_PYTHON` which
//! Python has it.
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

mod arguments_for;
mod hostile_data;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use policy_core::{Code, DefaultEffect, Engine, Identity, Policy, PolicySet};
use policy_json::{JsonText, ToolCatalogue};

use arguments_for::{Maker, wrong};
use serde_json::{Value, json};

/// Lists of tools by the file's name. `None` where they are not there, which is said.
fn lists() -> Option<BTreeMap<String, Vec<u8>>> {
    let folder = hostile_data::folder("../mcp-tools")?;
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| (path.file_stem().unwrap().to_str().unwrap().into(), fs::read(path).unwrap());
    let mut lists: BTreeMap<String, Vec<u8>> = json.map(read).collect();
    let of_results: Vec<_> = lists.iter().filter_map(|(name, text)| schemas_of_results(name, text)).collect();
    lists.extend(of_results);
    Some(lists)
}

/// The schemas that a list has for its tools' results, as if they were for arguments: they are real ones, too.
fn schemas_of_results(name: &str, text: &[u8]) -> Option<(String, Vec<u8>)> {
    let list: Value = serde_json::from_slice(text).unwrap();
    let tools = list["tools"].as_array().unwrap().iter();
    let tools: Vec<Value> = tools
        .filter(|tool| tool["outputSchema"].is_object())
        .map(|tool| json!({"name": tool["name"], "inputSchema": tool["outputSchema"]}))
        .collect();
    let text = json!({ "tools": tools }).to_string().into_bytes();
    (!tools.is_empty()).then(|| (format!("{name}, results"), text))
}

/// An engine that holds the arguments of each server's tools against their schemas, and permits everything else.
fn engine(lists: &BTreeMap<String, Vec<u8>>) -> Engine {
    let policy = Policy::new("all", DefaultEffect::Allow);
    let mut engine = Engine::builder(PolicySet::single(policy).unwrap());
    for (server, text) in lists {
        let catalogue = ToolCatalogue::parse(text).unwrap_or_else(|error| panic!("{server}: {error}"));
        let schemas = catalogue.compile().unwrap_or_else(|error| panic!("{server}: {error}"));
        assert_eq!(schemas.len(), catalogue.tools().len());
        engine = engine.catalogue_for(server.as_str(), schemas);
    }
    engine.build()
}

struct Case {
    server: String,
    tool: String,
    schema: Value,
    instances: Vec<Value>,
    judged: Vec<bool>,
}

fn cases(lists: &BTreeMap<String, Vec<u8>>) -> Vec<Case> {
    let engine = engine(lists);
    let mut cases = Vec::new();
    for (server, text) in lists {
        let list: Value = serde_json::from_slice(text).unwrap();
        for tool in list["tools"].as_array().unwrap() {
            let (name, schema) = (tool["name"].as_str().unwrap(), &tool["inputSchema"]);
            let mut maker = Maker::new(schema, name);
            let mut instances: Vec<Value> = (0..8).map(|_| maker.arguments()).collect();
            for place in 0..16 {
                let instance = wrong(&instances[place % 8], maker.chance());
                instances.push(instance);
            }
            instances.push(json!({}));
            let caller = Identity::new("peer").with_server(server.as_str());
            let judge = |instance: &Value| {
                let decision = engine.evaluate(&caller, name, JsonText::new(instance.to_string().as_bytes()));
                assert!(
                    matches!(decision.code(), Code::Allowed | Code::SchemaViolation),
                    "{}",
                    decision.message()
                );
                decision.is_allowed()
            };
            let judged = instances.iter().map(judge).collect();
            cases.push(Case {
                server: server.clone(),
                tool: name.into(),
                schema: schema.clone(),
                instances,
                judged,
            });
        }
    }
    cases
}

#[test]
fn real_schemas_compile_and_judge_as_another_implementation_does() {
    let Some(lists) = lists() else { return };
    let cases = cases(&lists);
    let all = || cases.iter().flat_map(|case| &case.judged);
    let (right, total) = (all().filter(|right| **right).count(), all().count());
    println!("{} schemas, {total} arguments, {right} of them right", cases.len());
    assert!(cases.len() > 1_150 && right * 4 > total && right * 4 < total * 3);
    // What is made to be right is right at least once, and something is wrong for whatever asks anything.
    let never_right: Vec<_> =
        cases.iter().filter(|case| !case.judged.contains(&true)).map(|case| &case.tool).collect();
    assert!(never_right.len() <= 2, "{never_right:?}");
    let never_wrong = cases.iter().filter(|case| !case.judged.contains(&false));
    let asks = |case: &Case| case.schema["required"].as_array().is_some_and(|required| !required.is_empty());
    assert_eq!(
        never_wrong.filter(|case| asks(case)).map(|case| &case.tool).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );

    let Ok(python) = std::env::var("SCHEMA_PEER_PYTHON") else {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "SCHEMA_PEER_PYTHON names no Python");
        println!("skipped: SCHEMA_PEER_PYTHON names no Python that has the package jsonschema");
        return;
    };
    let mut lines = String::new();
    for case in &cases {
        writeln!(lines, "{}", json!({"schema": case.schema, "instances": case.instances})).unwrap();
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema-peer.jsonl");
    fs::write(&file, lines).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema_peer.py");
    let ran = Command::new(python).arg(script).arg(&file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let peer = String::from_utf8(ran.stdout).unwrap();
    let peer: Vec<Vec<bool>> = peer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(peer.len(), cases.len());
    let mut differences = Vec::new();
    for (case, peer) in cases.iter().zip(&peer) {
        assert_eq!(peer.len(), case.instances.len());
        for ((instance, ours), theirs) in case.instances.iter().zip(&case.judged).zip(peer) {
            if ours != theirs {
                differences.push(format!("{}/{}: {theirs}, not {ours}: {instance}", case.server, case.tool));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ: {:#?}",
        differences.len(),
        &differences[..differences.len().min(20)]
    );
}
