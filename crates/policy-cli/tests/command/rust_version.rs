//! The crates build with the Rust version that the workspace states: nothing they need asks for a later one.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// `1.88` and `1.88.0` as numbers that compare.
fn version(text: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn nothing_the_crates_need_asks_for_a_later_rust() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();

    let ours =
        |name: &str| packages.values().find(|package| package["name"] == name && package["source"].is_null());
    let stated = version(ours("policy-core").unwrap()["rust_version"].as_str().unwrap());
    let mut waiting: Vec<String> =
        ["policy-core", "policy-json", "policy-cli"].map(|name| text(&ours(name).unwrap()["id"])).to_vec();
    let mut seen = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        let package = &packages[&id];
        if seen.insert(id.clone(), text(&package["name"])).is_some() {
            continue;
        }
        if let Some(wanted) = package["rust_version"].as_str() {
            assert!(version(wanted) <= stated, "{} wants Rust {wanted}", package["id"]);
        }
        for dependency in list(&nodes[&id]["deps"]) {
            // A kind of null is a normal dependency; the others are for building and testing.
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    assert!(seen.values().any(|name| name == "regex"), "{seen:?}");
}
