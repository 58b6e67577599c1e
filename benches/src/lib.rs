//! What the benches share: the policies and calls that they measure with.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use policy_core::{Engine, ManualClock, PolicySet, PolicySetError, Timestamp};

/// A noon, for benches that need a time.
pub const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

/// An engine with that one policy, whose clock costs next to nothing.
///
/// # Errors
/// When the text is no policy.
pub fn engine(policy: &str) -> Result<Engine, Box<dyn std::error::Error>> {
    let policies = policies(policy)?;
    Ok(Engine::builder(policies).clock(ManualClock::new(NOON)).build())
}

/// One policy for all.
///
/// # Errors
/// When the text is no policy.
pub fn policies(policy: &str) -> Result<PolicySet, Box<dyn std::error::Error>> {
    let policy = policy_json::load("bench", policy.as_bytes())?;
    Ok(PolicySet::single(policy).map_err(|error: PolicySetError| error.to_string())?)
}

/// Tool names such as servers have them.
#[must_use]
pub fn tool_names(count: usize) -> Vec<String> {
    const VERBS: [&str; 8] = ["list", "get", "create", "update", "start", "stop", "delete", "run"];
    let verb = |number: usize| VERBS.iter().cycle().nth(number % 8).copied().unwrap_or_default();
    (0..count).map(|number| format!("{}-endpoint-{number}", verb(number))).collect()
}

/// A policy that allows those tools.
#[must_use]
pub fn allow_policy(names: &[String]) -> String {
    let tools: Vec<String> = names.iter().map(|name| format!("\"{name}\": {{}}")).collect();
    format!(r#"{{"version": "1", "default": "deny", "tools": {{{}}}}}"#, tools.join(", "))
}

/// A policy with a limit that never fills.
pub const LIMIT_POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"run-endpoint": {
    "limits": [{"counter": "runs", "window": "day", "max": 10000000000}]}}}"#;

/// A policy with one limit and three conditions.
pub const WHOLE_POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"create-pod": {
    "require": [{"conditions": [
        {"path": "args.imageName", "op": "regex", "value": "^runpod/[a-z0-9./:-]+$"},
        {"path": "args.dataCenterId", "op": "in", "value": ["EU-RO-1", "EU-SE-1", "US-TX-3"]}]}],
    "deny_if": [{"conditions": [{"path": "args.gpuCount", "op": "gt", "value": 4}]}],
    "limits": [{"counter": "pods", "window": "day", "max": 10000000000}]}}}"#;

/// 279 bytes of arguments.
pub const SMALL_ARGUMENTS: &str = r#"{"name":"trainer-17","imageName":"runpod/pytorch:2.4.0-py3.11","cloudType":"SECURE","gpuTypeIds":["NVIDIA A40","NVIDIA L4"],"gpuCount":2,"containerDiskInGb":50,"volumeInGb":20.5,"volumeMountPath":"/workspace","dataCenterId":"EU-RO-1","interruptible":false,"env":{"MODE":"train"}}"#;

/// The same with a text of some four kilobytes in it.
#[must_use]
pub fn large_arguments() -> String {
    let script = "pip install -q torch; python train.py --epochs 3 ".repeat(79);
    SMALL_ARGUMENTS.replace("\"train\"", &format!("\"{script}\""))
}

/// The least that anything could do: find a name, add one.
pub type Floor = HashMap<String, AtomicU64, foldhash::fast::RandomState>;

/// A floor with those names.
#[must_use]
pub fn floor(names: &[String]) -> Floor {
    names.iter().map(|name| (name.clone(), AtomicU64::new(0))).collect()
}
