//! Lint over the lists of tools of real servers: rules made from their own schemas are clean, and each slip is found where it
//! is and as what it is. Without the lists beside the project there is nothing to look at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;

use policy_analysis::{LintInput, lint};
use policy_json::ToolCatalogue;
use serde_json::{Map, Value, json};

/// A server's list as it was read, and as values.
struct List {
    name: String,
    catalogue: ToolCatalogue,
    tools: Vec<Value>,
}

fn lists() -> Vec<List> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mcp-tools");
    let Ok(entries) = fs::read_dir(&directory) else {
        println!("nothing to look at: there is no {}", directory.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: &PathBuf| {
        let text = fs::read(file).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        let result = value.get("result").unwrap_or(&value);
        let tools = result.get("tools").unwrap_or(result).as_array()?.clone();
        let catalogue =
            ToolCatalogue::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Some(List { name: file.file_name()?.to_string_lossy().into_owned(), catalogue, tools })
    };
    files.iter().filter_map(read).collect()
}

/// Codes and pointers of what is found in a policy.
fn findings(policy: &Value, list: &List) -> Vec<(String, String)> {
    let text = policy.to_string();
    let loaded = policy_json::load("p", text.as_bytes())
        .unwrap_or_else(|error| panic!("{}: {error}\n{policy:#}", list.name));
    let input = LintInput {
        text: text.as_bytes(),
        policy: &loaded,
        catalogue: Some(&list.catalogue),
        portable: false,
    };
    let found = lint(&input).into_iter();
    found.map(|finding| (finding.code.name().to_owned(), finding.pointer)).collect()
}

/// A condition that asks something sensible of an argument, by what its schema says first of all.
fn sensible(path: &str, schema: &Value) -> Value {
    let condition = |op: &str, value: Value| json!({ "path": path, "op": op, "value": value });
    let kind = schema["type"].as_str();
    match (schema.get("enum").and_then(Value::as_array), kind) {
        (Some(values), _) if !values.is_empty() => {
            let mut distinct: Vec<Value> = Vec::new();
            values.iter().for_each(|value| {
                if !distinct.contains(value) {
                    distinct.push(value.clone());
                }
            });
            condition("in", Value::Array(distinct))
        }
        (_, Some("number" | "integer")) => match (schema.get("maximum"), schema.get("minimum")) {
            (Some(most), _) => condition("lte", most.clone()),
            (None, Some(least)) => condition("gte", least.clone()),
            _ => condition("lte", json!(100)),
        },
        (_, Some("string")) => condition("regex", json!("^[a-z0-9]+$")),
        (_, Some("boolean")) => condition("eq", json!(true)),
        (_, Some("array"))
            if schema["items"]["type"] == "string" && schema["items"].get("enum").is_none() =>
        {
            condition("contains", json!("x"))
        }
        _ => condition("exists", json!(true)),
    }
}

fn properties(schema: &Value) -> Vec<(&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten().collect()
}

/// The path of a name, in quotes where it needs them.
fn path(base: &str, name: &str) -> String {
    let plain = !name.is_empty()
        && !name.contains(['.', '[', ']', '"', '*'])
        && !name.bytes().all(|byte| byte.is_ascii_digit());
    if plain { format!("{base}.{name}") } else { format!("{base}[{}]", json!(name)) }
}

/// Rules for one tool, with a condition on every argument that its schema has, two levels deep.
fn rules(schema: &Value) -> Value {
    let mut require = Vec::new();
    let mut deny_if = Vec::new();
    let required = |schema: &Value, name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name))
    };
    for (name, property) in properties(schema) {
        let at = path("args", name);
        let exists = json!({ "path": at, "op": "exists", "value": true });
        if property["type"] == "string" && property.get("enum").is_none() {
            let contains = json!({ "path": at, "op": "contains", "value": "rm -rf" });
            let conditions =
                if required(schema, name) { json!([contains]) } else { json!([exists, contains]) };
            deny_if.push(json!({ "conditions": conditions }));
        }
        require.push(json!({ "conditions": [sensible(&at, property)] }));
        for (inner, property) in properties(property) {
            require.push(json!({ "conditions": [sensible(&path(&at, inner), property)] }));
        }
    }
    json!({ "require": require, "deny_if": deny_if })
}

fn policy(list: &List) -> Value {
    let rules = |tool: &Value| (tool["name"].as_str().unwrap().to_owned(), rules(&tool["inputSchema"]));
    let tools: Map<String, Value> = list.tools.iter().map(rules).collect();
    json!({ "version": "1", "default": "deny", "tools": tools })
}

fn pointer(tool: &str) -> String {
    format!("/tools/{}", tool.replace('~', "~0").replace('/', "~1"))
}

#[test]
fn rules_made_from_a_servers_own_schemas_are_clean() {
    let mut wrong = Vec::new();
    let (mut tools, mut conditions) = (0, 0);
    for list in lists() {
        let policy = policy(&list);
        tools += list.tools.len();
        conditions += policy.to_string().matches("\"op\"").count();
        let found = findings(&policy, &list);
        for (code, place) in found {
            let about = place.rsplit_once('/').and_then(|(group, _)| policy.pointer(group)).cloned();
            wrong.push(format!("{}: {code} at {place}: {}", list.name, about.unwrap_or_default()));
        }
    }
    println!("{tools} tools, {conditions} conditions");
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_misspelt_tool_is_found() {
    for list in lists().iter().filter(|list| !list.tools.is_empty()) {
        let mut policy = policy(list);
        let tools = policy["tools"].as_object_mut().unwrap();
        let name = tools.keys().next().unwrap().clone();
        let rules = tools.remove(&name).unwrap();
        let misspelt = format!("{name}Qx");
        tools.insert(misspelt.clone(), rules);
        let expected = [("unlisted_tool".to_owned(), pointer(&misspelt))];
        assert_eq!(findings(&policy, list), expected, "{}", list.name);
    }
}

/// Changes the condition of each argument that `slip` has something for, one at a time, and looks for exactly that finding.
fn each_slip(code: &str, field: &str, slip: impl Fn(&Value, &str, &Value) -> Option<Value>) -> usize {
    let mut slips = 0;
    for list in lists() {
        for tool in &list.tools {
            let (name, schema) = (tool["name"].as_str().unwrap(), &tool["inputSchema"]);
            // One for each tool is enough.
            let changed = properties(schema)
                .into_iter()
                .find_map(|(argument, property)| slip(schema, &path("args", argument), property));
            let Some(condition) = changed else { continue };
            let policy = json!({
                "version": "1",
                "default": "deny",
                "tools": { name: { "require": [{ "conditions": [condition] }] } },
            });
            let place = format!("{}/require/0/conditions/0/{field}", pointer(name));
            let found = findings(&policy, &list);
            assert_eq!(found, [(code.to_owned(), place)], "{} {name}: {condition}", list.name);
            slips += 1;
        }
    }
    slips
}

#[test]
fn an_argument_that_a_closed_schema_does_not_have_is_found() {
    let slips = each_slip("unknown_argument", "path", |schema, path, _| {
        let open = ["anyOf", "oneOf", "allOf", "patternProperties", "$ref"];
        let closed = schema["additionalProperties"] == json!(false)
            && open.iter().all(|keyword| schema.get(keyword).is_none());
        let path = path.strip_suffix(']').map_or_else(|| format!("{path}Zq"), |_| "args.zq".to_owned());
        closed.then(|| json!({ "path": path, "op": "exists", "value": true }))
    });
    println!("{slips} slips");
    assert!(slips > 500 || lists().is_empty(), "{slips}");
}

#[test]
fn an_operator_that_never_fits_the_type_is_found() {
    let slips = each_slip("type_never_fits", "op", |_, path, property| match property["type"].as_str() {
        Some("number" | "integer" | "boolean") => {
            Some(json!({ "path": path, "op": "regex", "value": "^[a-z]+$" }))
        }
        Some("string") => Some(json!({ "path": path, "op": "lte", "value": 5 })),
        _ => None,
    });
    println!("{slips} slips");
    assert!(slips > 500 || lists().is_empty(), "{slips}");
}

#[test]
fn a_value_that_is_not_enumerated_is_found() {
    let slips = each_slip("value_outside_schema", "value", |_, path, property| {
        let values = property.get("enum").and_then(Value::as_array)?;
        values
            .iter()
            .any(Value::is_string)
            .then(|| json!({ "path": path, "op": "eq", "value": "no such value" }))
    });
    println!("{slips} slips");
    assert!(slips > 50 || lists().is_empty(), "{slips}");
}
