//! An allowed call allocates nothing, once the memory that is kept from call to call has grown.

use policy_core::{Engine, Identity, PolicySet};
use policy_json::JsonText;

const POLICY: &[u8] = br#"{"version": "1", "default": "deny", "tools": {"create-pod": {
    "require": [{"conditions": [
        {"path": "args.imageName", "op": "regex", "value": "^runpod/[a-z0-9./:-]+$"},
        {"path": "args.dataCenterId", "op": "in", "value": ["EU-RO-1", "EU-SE-1", "US-TX-3"]},
        {"path": "args.ports[*]", "op": "ends_with", "value": "/http"},
        {"path": "args.mounts[*][\"path\"]", "op": "path_within", "value": ["/srv", "/data"]}]}],
    "deny_if": [{"conditions": [{"path": "args.gpuCount", "op": "gt", "value": 4}]},
        {"conditions": [{"path": "args.mounts[*].from", "op": "cidr_in", "value": ["10.0.0.0/8", "fd00::/8"]}]}],
    "limits": [{"counter": "pods", "window": "day", "max": 1000}]}}}"#;

const ARGUMENTS: &[u8] =
    br#"{"name":"a \"trainer\"","imageName":"runpod/pytorch:2.4.0","gpuCount":2,"ports":["8888/http","80/http"],
    "mounts":[{"path":"/data/a/./b","from":"192.0.2.1"},{"path":"/data//c","from":"::ffff:192.0.2.2"}],
    "dataCenterId":"EU-RO-1","volumeInGb":20.5,"env":{"MODE":"train","DEPTH":null}}"#;

#[test]
fn an_allowed_call_allocates_nothing() {
    let policy = policy_json::load("pods", POLICY).unwrap();
    let engine = Engine::new(PolicySet::single(policy).unwrap());
    let alice = Identity::new("alice");
    let call = || assert!(engine.evaluate(&alice, "create-pod", JsonText::new(ARGUMENTS)).is_allowed());
    (0..3).for_each(|_| call());

    let allocated = allocation_counter::measure(|| (0..100).for_each(|_| call()));

    assert_eq!(allocated.count_total, 0);
}

#[cfg(feature = "json-schema")]
const SCHEMA: &str = r##"{"type": "object", "required": ["name", "gpuCount"], "additionalProperties": false,
    "$defs": {"port": {"type": "string", "pattern": "^[0-9]+/(http|tcp)$"}},
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "imageName": {"type": "string", "pattern": "^runpod/[a-z0-9./:-]+$"},
        "gpuCount": {"type": "integer", "minimum": 1, "maximum": 8},
        "ports": {"type": "array", "maxItems": 8, "items": {"$ref": "#/$defs/port"}},
        "mounts": {"type": "array", "items": {"type": "object", "required": ["path"],
            "properties": {"path": {"type": "string"}, "from": {"type": "string"}}}},
        "dataCenterId": {"enum": ["EU-RO-1", "EU-SE-1", "US-TX-3"]},
        "volumeInGb": {"anyOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}]},
        "env": {"type": "object", "additionalProperties": {"type": ["string", "null"]}}}}"##;

#[cfg(feature = "json-schema")]
#[test]
fn a_schema_adds_no_allocation() {
    let text = format!(
        r#"{{"version": "1", "default": "deny", "tools": {{"create-pod": {{"schema": {SCHEMA}}}}}}}"#
    );
    let policy = policy_json::load("pods", text.as_bytes()).unwrap();
    let list = format!(r#"[{{"name": "create-pod", "inputSchema": {SCHEMA}}}]"#);
    let catalogue = policy_json::ToolCatalogue::parse(list.as_bytes()).unwrap().compile().unwrap();
    let engine = Engine::builder(PolicySet::single(policy).unwrap()).catalogue(catalogue).build();
    let alice = Identity::new("alice");
    let call = || assert!(engine.evaluate(&alice, "create-pod", JsonText::new(ARGUMENTS)).is_allowed());
    (0..3).for_each(|_| call());

    let allocated = allocation_counter::measure(|| (0..100).for_each(|_| call()));

    assert_eq!(allocated.count_total, 0);
}
