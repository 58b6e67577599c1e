//! A token is genuine or it is nothing: no other text is ever accepted.

use policy_core::{ApprovalKey, ApprovalNonce, Arguments as _, Code, Identity, NoArguments, Timestamp};
use policy_json::JsonText;
use proptest::prelude::*;

use super::{MINUTE, NOON, REFUNDS, UNVERIFIED, World, ana, assert_invalid, key};

fn refused(world: &World, token: &str) -> String {
    let decision = world.engine.evaluate(&ana(), "close", NoArguments.with_approval(token));
    assert_eq!(decision.code(), Code::ApprovalInvalid, "{token}");
    decision.message()
}

#[test]
fn a_token_is_letters_digits_and_one_dot() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    let (prefix, rest) = token.as_str().split_once('.').unwrap();
    assert_eq!(prefix, "policy-approval-1");
    assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    // Digest, nonce, when the request and the token expire, the approver's name, the mark.
    assert_eq!(rest.len(), ((32 + 16 + 8 + 8 + 3 + 32) * 4_usize).div_ceil(3));
}

/// By the reference alone, worked out elsewhere: requests and tokens mean the same to every implementation.
#[test]
fn a_request_and_its_token_are_what_the_reference_says() {
    let policy = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;
    let world = World::new(policy);
    let call = br#"{"to": "Zo\u00eb", "amount": 2.50e2}"#;
    let request = |identity: &Identity| {
        let decision = world.engine.evaluate(identity, "pay", JsonText::new(call));
        decision.approval().unwrap().clone()
    };
    let by_nobodys_server = request(&Identity::new("ana")).digest.to_string();
    assert_eq!(by_nobodys_server, "sha256:ba64237248334b6ce0044e9e5481ed5022ac4e21cdb9482c738d5351e44c14ea");
    let mut request = request(&ana());
    assert_eq!(
        request.digest.to_string(),
        "sha256:6441c5435586964f964490c5f29759a254ffa1b70a09ed50ce5c326715b25e05"
    );
    request.nonce = ApprovalNonce([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    let token = key(1).approve(&request, "bob", NOON, MINUTE).unwrap();
    let expected = concat!(
        "policy-approval-1.",
        "ZEHFQ1WGlk-WRJDF8pdZolT_obcKCe1QzlwyZxWyXgUAAQIDBAUGBwgJCgsMDQ4PAAABm3l7kaAAAAGbeW7AYGJvYu",
        "7AslaF2aAXoe1l6yaiQcBzrJE-JO9M2kvvQxEjGtiY",
    );
    assert_eq!(token.as_str(), expected);
}

#[test]
fn every_bit_counts() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    let bytes = token.as_str().as_bytes();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.to_vec();
            altered[place] ^= 1 << bit;
            // What is not UTF-8 any more no host can hand over.
            if let Ok(altered) = std::str::from_utf8(&altered) {
                refused(&world, altered);
            }
        }
        for other in b"AZaz09-_." {
            let mut altered = bytes.to_vec();
            altered[place] = *other;
            if altered != bytes {
                refused(&world, std::str::from_utf8(&altered).unwrap());
            }
        }
    }
    assert!(world.call_with(&token, "close", "{}").is_allowed(), "none of that has used it up");
}

#[test]
fn a_token_that_is_cut_or_has_more_to_it_is_none() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    let text = token.as_str();
    for end in 0..text.len() {
        refused(&world, text.get(..end).unwrap());
        refused(&world, text.get(end + 1..).unwrap());
    }
    for more in ["A", "AA", "AAAA", "=", "==", ".", " ", "\n", "\0"] {
        refused(&world, &format!("{text}{more}"));
        refused(&world, &format!("{more}{text}"));
    }
    refused(&world, &text.to_uppercase());
    refused(&world, &text.replace("-1.", "-2."));
    refused(&world, &"A".repeat(1 << 20));
    assert!(world.call_with(&token, "close", "{}").is_allowed());
}

#[test]
fn another_key_is_no_key() {
    let world = World::new(REFUNDS);
    let request = world.request("close", "{}");
    let mut nearly = [1; 32];
    nearly[31] = 2;
    for other in [key(2), ApprovalKey::new(&nearly).unwrap(), ApprovalKey::new(&[1; 33]).unwrap()] {
        let token = other.approve(&request, "bob", NOON, MINUTE).unwrap();
        assert_invalid(&world.call_with(token, "close", "{}"), UNVERIFIED);
    }
    let token = key(1).approve(&request, "bob", NOON, MINUTE).unwrap();
    assert!(world.call_with(token, "close", "{}").is_allowed());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Not even where the text is laid out like a token.
    #[test]
    fn no_text_that_was_made_up_is_accepted(text in ".{0,200}", laid_out in "[A-Za-z0-9_-]{0,400}") {
        let world = World::new(REFUNDS);
        refused(&world, &text);
        refused(&world, &format!("policy-approval-1.{laid_out}"));
    }

    #[test]
    fn whatever_a_request_says_beside_what_is_marked_no_other_call_gets_through(
        nonce in any::<[u8; 16]>(), expires in any::<u64>(), tool in "[a-z]{1,6}", approver in ".{1,40}",
    ) {
        let world = World::new(REFUNDS);
        // A request for a small refund's sibling, with everything in it changed that is only there to be read.
        let mut request = world.request("refund", r#"{"amount": 101}"#);
        request.tool = tool.into();
        request.nonce = ApprovalNonce(nonce);
        request.expires_at = Timestamp::from_millis(expires.max(NOON.as_millis() + 1));
        let Ok(token) = key(1).approve(&request, &approver, NOON, MINUTE) else { return Ok(()) };
        prop_assert_eq!(world.call_with(&token, "close", "{}").code(), Code::ApprovalInvalid);
        let decision = world.call_with(&token, "refund", r#"{"amount": 101}"#);
        prop_assert_eq!(decision.approved_by(), Some(&*approver));
        prop_assert_eq!(world.call_with(&token, "refund", r#"{"amount": 101}"#).code(), Code::ApprovalInvalid);
    }
}
