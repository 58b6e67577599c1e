//! What a call meets that needs approval, and what a person is asked.

use std::time::Duration;

use policy_core::{
    ApprovalError, ApprovalKey, ApprovalKeyError, ApprovalRequest, Code, Effect, Identity, MemoryStore,
};
use policy_json::JsonText;

use super::{MINUTE, NOON, REFUNDS, World, ana, key};

#[test]
fn a_call_that_needs_approval_waits_and_costs_nothing() {
    let world = World::new(REFUNDS);
    for _ in 0..5 {
        let decision = world.call("refund", r#"{"amount": 101}"#);
        assert_eq!(decision.effect(), Effect::RequireApproval);
        assert_eq!(decision.code(), Code::ApprovalRequired);
        assert_eq!(decision.rule(), "/tools/refund/approve_if/args.amount-gt");
        assert_eq!(decision.pointer(), "/tools/refund/approve_if/0/conditions/0");
        assert_eq!(decision.denial_text(), "[APPROVAL REQUIRED] A person looks at refunds over 100.");
        assert_eq!(decision.limits().count(), 0);
        let waiting = decision.into_result().unwrap_err();
        assert!(!waiting.is_allowed());
    }
    assert_eq!(
        world.call("refund", r#"{"amount": 100}"#).limits().next().unwrap().used().as_whole(),
        Some(1)
    );
}

#[test]
fn the_request_says_who_calls_what_and_which_rule_asks() {
    let world = World::new(REFUNDS);
    let request = world.request("refund", r#"{"amount": 101, "note": "secret"}"#);
    assert_eq!((&*request.grant, request.server.as_deref(), &*request.tool), ("ana", Some("shop"), "refund"));
    assert_eq!(&*request.policy, "refunds");
    assert_eq!(&*request.rule, "/tools/refund/approve_if/args.amount-gt");
    assert_eq!(&*request.pointer, "/tools/refund/approve_if/0/conditions/0");
    assert_eq!(&*request.message, "A person looks at refunds over 100.");
    assert_eq!(request.expires_at, NOON.after(Duration::from_secs(15 * 60)));
    let told = serde_json::to_string(&request).unwrap();
    assert!(!told.contains("secret") && !told.contains("101"), "{told}");
}

#[test]
fn no_two_requests_are_one() {
    let world = World::new(REFUNDS);
    let [one, other] = [(); 2].map(|()| world.request("refund", r#"{"amount": 101}"#));
    assert_eq!(one.digest, other.digest);
    assert_ne!(one.nonce, other.nonce);
}

#[test]
fn a_request_that_travels_as_json_is_the_same_on_arrival() {
    let world = World::new(REFUNDS);
    let with_server = world.request("close", "{}");
    let without = world.engine.evaluate(&Identity::new("a\"n\u{0}a"), "close", JsonText::new(b"{}"));
    for request in [&with_server, without.approval().unwrap()] {
        let text = serde_json::to_string(request).unwrap();
        let arrived: ApprovalRequest = serde_json::from_str(&text).unwrap();
        assert_eq!(&arrived, request);
        let by_value: ApprovalRequest =
            serde_json::from_value(serde_json::to_value(request).unwrap()).unwrap();
        assert_eq!(&by_value, request);
    }
    let decision = world.call("close", "{}");
    let told = serde_json::to_value(&decision).unwrap();
    let told: ApprovalRequest = serde_json::from_value(told["approval"].clone()).unwrap();
    assert_eq!(Some(&told), decision.approval());
}

#[test]
fn what_is_no_request_is_not_taken_for_one() {
    let world = World::new(REFUNDS);
    let text = serde_json::to_string(&world.request("close", "{}")).unwrap();
    let is_request = |text: &str| serde_json::from_str::<ApprovalRequest>(text).is_ok();
    assert!(is_request(&text));
    for (from, to) in [
        ("\"digest\":\"sha256:", "\"digest\":\""),
        ("\"digest\":\"sha256:", "\"digest\":\"sha256:0"),
        ("\"nonce\":\"", "\"nonce\":\"00"),
        ("\"nonce\":\"", "\"nonce\":\"+"),
        ("\"nonce\":\"", "\"nonce\":1,\"none\":\""),
        ("\"grant\"", "\"grants\""),
        ("\"grant\"", "\"tool\":\"x\",\"grant\""),
        ("\"grant\":\"ana\",", ""),
        ("\"expires_at_ms\":1", "\"expires_at_ms\":-1"),
        ("\"expires_at_ms\":1", "\"expires_at_ms\":1.1"),
        ("\"expires_at_ms\":1", "\"expires_at_ms\":1,\"expires_at_ms\":1"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(!is_request(&changed), "{changed}");
    }
    assert!(!is_request("{}") && !is_request("[]") && !is_request("null"));
}

#[test]
fn how_long_a_request_lives_is_the_hosts_choice() {
    let lifetime = |seconds| {
        World::with(REFUNDS, MemoryStore::with_capacity(64), |builder| {
            builder.approval_key(key(1)).approval_lifetime(Duration::from_secs(seconds))
        })
    };
    assert_eq!(lifetime(60).request("close", "{}").expires_at, NOON.after(MINUTE));
    let at_once = lifetime(0);
    let request = at_once.request("close", "{}");
    assert_eq!(at_once.engine.approve(&request, "bob", MINUTE), Err(ApprovalError::Expired));
}

#[test]
fn an_engine_without_a_key_asks_and_accepts_nothing() {
    let keyless = World::with(REFUNDS, MemoryStore::with_capacity(64), |builder| builder);
    let request = keyless.request("close", "{}");
    assert_eq!(keyless.engine.approve(&request, "bob", MINUTE), Err(ApprovalError::NoKey));
    let token = key(1).approve(&request, "bob", NOON, MINUTE).unwrap();
    super::assert_invalid(&keyless.call_with(token, "close", "{}"), super::UNVERIFIED);
}

#[test]
fn what_cannot_be_approved_is_said() {
    let world = World::new(REFUNDS);
    let request = world.request("close", "{}");
    let approve = |approver: &str, ttl| world.engine.approve(&request, approver, ttl);
    assert_eq!(approve("", MINUTE), Err(ApprovalError::Approver));
    assert!(approve(&"b".repeat(256), MINUTE).is_ok());
    assert_eq!(approve(&"b".repeat(257), MINUTE), Err(ApprovalError::Approver));
    assert_eq!(approve("bob", Duration::from_micros(999)), Err(ApprovalError::Expired));
    assert!(approve("bob", Duration::from_millis(1)).is_ok());
    assert!(approve("bob", Duration::MAX).is_ok());
    world.wait(MINUTE * 15);
    assert_eq!(approve("bob", MINUTE), Err(ApprovalError::Expired));
}

#[test]
fn a_key_is_long_and_not_shown() {
    assert_eq!(ApprovalKey::new(&[7; 31]).unwrap_err(), ApprovalKeyError::TooShort { found: 31 });
    let key = ApprovalKey::new(&[0xAB; 32]).unwrap();
    assert_eq!(format!("{key:?}"), "ApprovalKey(..)");
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    assert_eq!(format!("{token:?}"), "ApprovalToken(..)");
    let with = policy_core::Arguments::with_approval(JsonText::new(b""), token.as_str());
    assert!(!format!("{with:?}").contains(token.as_str()));
    assert!(!format!("{:?}", world.engine).contains("AB"));
}

#[test]
fn keys_that_are_generated_differ() {
    let [one, other] = [(); 2].map(|()| ApprovalKey::generate().unwrap());
    let world = World::with(REFUNDS, MemoryStore::with_capacity(64), |builder| builder.approval_key(one));
    let request = world.request("close", "{}");
    let foreign = other.approve(&request, "bob", NOON, MINUTE).unwrap();
    super::assert_invalid(&world.call_with(foreign, "close", "{}"), super::UNVERIFIED);
    let own = world.engine.approve(&request, "bob", MINUTE).unwrap();
    assert!(world.call_with(own, "close", "{}").is_allowed());
}

/// Nothing of what a waiting or approved decision says comes from the arguments.
#[test]
fn a_number_that_no_approval_can_be_bound_to_is_refused_without_being_named() {
    let world = World::new(REFUNDS);
    let decision = world.call("close", r#"{"id": 9007199254740993}"#);
    assert_eq!(decision.code(), Code::InvalidArguments);
    assert_eq!(
        decision.message(),
        "The arguments are not acceptable: a number that cannot be written canonically without changing it at byte 7"
    );
    assert!(decision.approval().is_none());
    // A call that nobody has to approve may have such numbers.
    assert!(world.call("refund", r#"{"amount": 1, "id": 9007199254740993}"#).is_allowed());
    assert_eq!(
        world.engine.evaluate(&ana(), "close", JsonText::new(b"{\"id\":9007199254740992}")).code(),
        Code::ApprovalRequired
    );
}
