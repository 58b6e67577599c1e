//! The policies of the case files, and those beside the repository where they are: each with one rule taken out at a time. What
//! is taken out never narrows, and what is put back narrows by the same.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use policy_analysis::diff::{Direction, diff};
use policy_core::{Amount, Mode, Policy};
use serde_json::Value;

fn policies(directory: &str) -> Vec<Policy> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let mut policies = Vec::new();
    for file in files {
        let Ok(Value::Array(cases)) = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()) else {
            continue;
        };
        for case in cases {
            let text = case["policy"].to_string();
            // Some are there because they do not load.
            if let Ok(policy) = policy_json::load("p", text.as_bytes())
                && seen.insert(text)
            {
                policies.push(policy);
            }
        }
    }
    policies
}

/// The policy with one thing less each.
fn loosened(policy: &Policy) -> Vec<Policy> {
    let mut all = Vec::new();
    let mut without = |change: &dyn Fn(&mut Policy)| {
        let mut copy = policy.clone();
        change(&mut copy);
        all.push(copy);
    };
    for place in 0..policy.hide.len() {
        without(&|policy| drop(policy.hide.remove(place)));
    }
    for place in 0..policy.all_tools.limits.len() {
        without(&|policy| drop(policy.all_tools.limits.remove(place)));
    }
    for place in 0..policy.all_tools.deny_if.len() {
        without(&|policy| drop(policy.all_tools.deny_if.remove(place)));
    }
    for (name, tool) in &policy.tools {
        for place in 0..tool.require.len() {
            without(&|policy| drop(policy.tools.get_mut(name).unwrap().require.remove(place)));
        }
        for place in 0..tool.deny_if.len() {
            without(&|policy| drop(policy.tools.get_mut(name).unwrap().deny_if.remove(place)));
        }
        for place in 0..tool.approve_if.len() {
            without(&|policy| drop(policy.tools.get_mut(name).unwrap().approve_if.remove(place)));
        }
        for (place, limit) in tool.limits.iter().enumerate() {
            without(&|policy| drop(policy.tools.get_mut(name).unwrap().limits.remove(place)));
            // One that does not decide takes room from others where it charges more.
            if limit.mode == Mode::Enforce
                && let Some(max) = limit.max.checked_add(Amount::ONE)
            {
                without(&|policy| policy.tools.get_mut(name).unwrap().limits[place].max = max);
            }
            without(&|policy| policy.tools.get_mut(name).unwrap().limits[place].mode = Mode::Shadow);
        }
        if tool.schema.is_some() {
            without(&|policy| policy.tools.get_mut(name).unwrap().schema = None);
        }
    }
    all
}

#[test]
fn a_rule_less_never_narrows() {
    let mut policies = policies("../../cases");
    policies.extend(self::policies("../../../shared/cases"));
    let (mut widened, mut undecided, mut same) = (0, 0, 0);
    for policy in &policies {
        assert!(diff(policy, policy, None).is_empty());
        for loosened in loosened(policy) {
            if loosened.check().is_err() {
                continue;
            }
            let (forward, backward) = (diff(policy, &loosened, None), diff(&loosened, policy, None));
            let count = |diff: &policy_analysis::diff::Diff, direction| diff.of(direction).count();
            let context = || {
                format!("{}\n{}\n{forward:#?}", policy_json::to_json(policy), policy_json::to_json(&loosened))
            };
            assert_eq!(count(&forward, Direction::Narrowing), 0, "{}", context());
            assert_eq!(count(&forward, Direction::MaybeNarrowing), 0, "{}", context());
            assert_eq!(
                count(&forward, Direction::Widening),
                count(&backward, Direction::Narrowing),
                "{}",
                context()
            );
            widened += count(&forward, Direction::Widening);
            // Schemas are compared as they are written: what one less permits is often left open.
            if policy.tools.values().all(|tool| tool.schema.is_none()) {
                undecided += count(&forward, Direction::MaybeWidening);
            }
            same += usize::from(!forward.may_widen());
        }
    }
    eprintln!(
        "{} policies: {widened} widenings, {undecided} undecided, {same} that change nothing",
        policies.len()
    );
    assert!(
        widened > 300 && undecided * 20 < widened,
        "{widened} widenings, {undecided} undecided, {same} without"
    );
}
