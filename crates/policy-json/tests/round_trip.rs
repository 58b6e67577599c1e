//! A policy that is written and read again is the same policy, and its document the same text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod random;

use policy_core::{
    Amount, Condition, DefaultEffect, Digest, Limit, Operator, Path, Policy, RateLimit, Tool, Value, Window,
};
use proptest::prelude::*;
use random::{cases, policy};

fn read(text: &str) -> Policy {
    let policy = policy_json::load("p", text.as_bytes());
    let policy = policy.unwrap_or_else(|error| panic!("what was written loads: {error}\n{text}"));
    assert_ne!(policy.digest, Digest::default());
    Policy { digest: Digest::default(), ..policy }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_policy_that_is_written_and_read_is_the_same(policy in policy()) {
        let text = policy_json::to_json(&policy);
        let again = read(&text);
        prop_assert_eq!(&again, &policy);
        prop_assert_eq!(policy_json::to_json(&again), text);
    }

    /// Only the digest tells one layout from another.
    #[test]
    fn how_a_document_is_laid_out_changes_nothing_of_its_meaning(policy in policy()) {
        let text = policy_json::to_json(&policy);
        let in_one_line: String = text.lines().map(str::trim_start).collect();
        prop_assert_eq!(read(&in_one_line), policy);
        let digest = |text: &str| policy_json::load("p", text.as_bytes()).unwrap().digest;
        prop_assert_ne!(digest(&in_one_line), digest(&text));
        prop_assert_eq!(digest(&text), digest(&text));
    }
}

/// A policy that was made in code passes its check only if a document can say it: what is written then reads back the same.
#[test]
fn what_no_document_can_say_is_a_fault_of_the_policy() {
    let sixty = || Limit::new("c", Window::Seconds(60), Amount::ONE);
    let limited = |limit: Limit| Tool { limits: vec![limit], ..Tool::default() };
    let twice = Value::Object(vec![("a".into(), Value::Null), ("a".into(), Value::Bool(true))]);
    assert!(
        Condition::new(Path::parse("args.x").unwrap(), Operator::Eq, twice).is_err(),
        "a name twice in a value"
    );
    let rate_limit = RateLimit { max: Amount::ONE, window: Window::Minute };
    let odd = [
        ("a limit of one and a half", limited(Limit { max: Amount::from_micros(1_500_000), ..sixty() })),
        ("a window of no length", limited(Limit { window: Window::Seconds(0), ..sixty() })),
        ("a window beyond a year", limited(Limit { window: Window::Seconds(u32::MAX), ..sixty() })),
        ("a counter without a name", limited(Limit { counter: "".into(), ..sixty() })),
        ("a rate limit by the minute", Tool { rate_limit: Some(rate_limit), ..Tool::default() }),
    ];
    let mut slipped = Vec::new();
    for (what, tool) in odd {
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        policy.tools.insert("run".into(), tool);
        let text = policy_json::to_json(&policy);
        let again = policy_json::load("p", text.as_bytes());
        let same = again.is_ok_and(|again| Policy { digest: Digest::default(), ..again } == policy);
        if policy.check().is_ok() && !same {
            slipped.push(what);
        }
    }
    assert_eq!(slipped, [""; 0], "passes the check and is not what is read back");
}
