//! A policy that is written and read again is the same policy, and its document the same text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod random;

use policy_core::{Digest, Policy};
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
