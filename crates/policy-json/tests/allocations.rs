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
