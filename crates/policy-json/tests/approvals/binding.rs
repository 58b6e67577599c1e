//! What a token is bound to: one call in each of its parts, one policy, one span of time.

use std::time::Duration;

use policy_core::{
    Action, Arguments as _, Code, DefaultEffect, Digest, Engine, Identity, ManualClock, MemoryStore,
    NoArguments, Policy, PolicySet, Tool,
};
use policy_json::JsonText;

use super::{MINUTE, NOON, OTHER_CALL, REFUNDS, World, ana, assert_invalid, key, policies};

const CALL: &str = r#"{"amount": 250, "to": {"name": "Zoë", "tags": ["a", 1, null, true]}}"#;

#[test]
fn an_approved_call_goes_ahead_and_says_who_approved() {
    let world = World::new(REFUNDS);
    let token = world.approved("refund", CALL);
    let decision = world.call_with(token, "refund", CALL);
    assert!(decision.is_allowed());
    assert_eq!(decision.approved_by(), Some("bob"));
    assert!(decision.approval().is_none());
    assert_eq!(decision.limits().next().unwrap().used().as_whole(), Some(1));
    let told = serde_json::to_value(&decision).unwrap();
    assert_eq!(told["approved_by"], "bob");
    assert!(told.get("approval").is_none());
}

#[test]
fn how_the_arguments_are_spelled_does_not_matter() {
    for other in [
        r#"{"to":{"tags":["a",1,null,true],"name":"Zoë"},"amount":250}"#,
        r#" { "to" : { "tags" : [ "a" , 1.0 , null , true ] , "n\u0061me" : "Zo\u00EB" } , "amount" : 2.5e2 } "#,
    ] {
        let world = World::new(REFUNDS);
        let token = world.approved("refund", CALL);
        assert!(world.call_with(token, "refund", other).is_allowed(), "{other}");
    }
}

#[test]
fn what_the_arguments_are_does_matter() {
    let world = World::new(REFUNDS);
    let token = world.approved("refund", CALL);
    for other in [
        r#"{"amount": 251, "to": {"name": "Zoë", "tags": ["a", 1, null, true]}}"#,
        r#"{"amount": 250, "to": {"name": "Zoe\u0308", "tags": ["a", 1, null, true]}}"#,
        r#"{"amount": 250, "to": {"name": "Zoë", "tags": [1, "a", null, true]}}"#,
        r#"{"amount": 250, "to": {"name": "Zoë", "tags": ["a", "1", null, true]}}"#,
        r#"{"amount": 250, "to": {"name": "Zoë", "tags": ["a", 1, null, true], "x": null}}"#,
        r#"{"amount": 250, "to": {"name": "Zoë", "tags": ["a", 1, true]}}"#,
        r#"{"amount": 250, "to": {"Name": "Zoë", "tags": ["a", 1, null, true]}}"#,
        r#"{"amount": 250}"#,
        r#"{"amount": 250.000001, "to": {"name": "Zoë", "tags": ["a", 1, null, true]}}"#,
    ] {
        assert_invalid(&world.call_with(&token, "refund", other), OTHER_CALL);
    }
    assert!(world.call_with(&token, "refund", CALL).is_allowed(), "and none of that has used it up");
}

#[test]
fn another_caller_server_or_tool_is_another_call() {
    let policy = r#"{"version": "1", "default": "allow", "all_tools": {"approve_if": [{"conditions": []}]}}"#;
    let world = World::new(policy);
    let ask = |identity: &Identity, tool: &str| {
        let decision = world.engine.evaluate(identity, tool, NoArguments);
        decision.approval().unwrap().clone()
    };
    let identity = |grant: &str, server: Option<&str>| {
        let identity = Identity::new(grant);
        match server {
            Some(server) => identity.with_server(server),
            None => identity,
        }
    };
    // Parts that run into each other, absent and empty ones, letters that look alike.
    let calls = [
        ("ana", Some("shop"), "pay"),
        ("ana", Some("shop"), "pay2"),
        ("ana", Some("shop"), "Pay"),
        ("ana", Some("sho"), "ppay"),
        ("anas", Some("hop"), "pay"),
        ("ana", Some(""), "pay"),
        ("ana", None, "pay"),
        ("ana", None, "shoppay"),
        ("anashop", None, "pay"),
        ("ana", Some("shop\u{0}"), "pay"),
        ("an\u{430}", Some("shop"), "pay"),
    ];
    let approve = |(grant, server, tool)| {
        world.engine.approve(&ask(&identity(grant, server), tool), "bob", MINUTE).unwrap()
    };
    for approved in calls {
        let token = approve(approved);
        for (grant, server, tool) in calls {
            let call = NoArguments.with_approval(&token);
            let decision = world.engine.evaluate(&identity(grant, server), tool, call);
            assert_eq!(
                decision.is_allowed(),
                approved == (grant, server, tool),
                "{approved:?}, {grant} {server:?} {tool}"
            );
        }
    }
}

#[test]
fn a_session_and_claims_are_no_part_of_it() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    let elsewhere = ana().with_session("other").with_claim("team", policy_core::Value::Null);
    let call = JsonText::new(b"{}").with_approval(&token);
    assert!(world.engine.evaluate(&elsewhere, "close", call).is_allowed());
}

#[test]
fn under_another_policy_it_holds_no_more() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    // The same rules in a document of other bytes: nobody can say that it means the same.
    world.engine.replace_policies(policies(&REFUNDS.replace("    ", " ")));
    assert_invalid(&world.call_with(&token, "close", "{}"), OTHER_CALL);
    // The policy is put back: what was approved under it holds, as long as it has not expired.
    world.engine.replace_policies(policies(REFUNDS));
    assert!(world.call_with(&token, "close", "{}").is_allowed());
}

#[test]
fn a_policy_made_in_code_is_known_by_nothing_but_itself() {
    let made = || {
        let mut policy = Policy::new("made", DefaultEffect::Deny);
        policy.tools.insert("close".into(), Tool { action: Action::RequireApproval, ..Tool::default() });
        PolicySet::single(policy).unwrap()
    };
    let set = made();
    let engine = Engine::builder(set.clone()).approval_key(key(1)).clock(ManualClock::new(NOON)).build();
    let ask = |engine: &Engine| engine.evaluate(&ana(), "close", NoArguments).approval().unwrap().clone();
    let approve = |engine: &Engine| engine.approve(&ask(engine), "bob", MINUTE).unwrap();
    let code = |token: &_| engine.evaluate(&ana(), "close", NoArguments.with_approval(token)).code();

    let (token, kept) = (approve(&engine), approve(&engine));
    assert_eq!(code(&token), Code::Allowed);
    engine.replace_policies(made());
    assert_eq!(code(&kept), Code::ApprovalInvalid, "equal, and yet another policy");
    engine.replace_policies(set.clone());
    assert_eq!(code(&kept), Code::Allowed, "the very same");
    let other = Engine::builder(made()).approval_key(key(1)).clock(ManualClock::new(NOON)).build();
    assert_ne!(ask(&other).digest, ask(&engine).digest);
    assert_ne!(ask(&engine).digest, Digest::default());
}

#[test]
fn a_token_holds_until_its_time_is_over_and_not_a_moment_longer() {
    let world = World::new(REFUNDS);
    let [early, late] = [(); 2].map(|()| world.approved("close", "{}"));
    world.wait(MINUTE - Duration::from_millis(1));
    assert!(world.call_with(early, "close", "{}").is_allowed());
    world.wait(Duration::from_millis(1));
    assert_invalid(&world.call_with(late, "close", "{}"), "it has expired");
}

#[test]
fn a_token_never_outlives_its_request() {
    let world = World::new(REFUNDS);
    let request = world.request("close", "{}");
    world.wait(MINUTE * 14);
    let [early, late] = [(); 2].map(|()| world.engine.approve(&request, "bob", Duration::MAX).unwrap());
    world.wait(MINUTE - Duration::from_millis(1));
    assert!(world.call_with(early, "close", "{}").is_allowed());
    world.wait(Duration::from_millis(1));
    assert_invalid(&world.call_with(late, "close", "{}"), "it has expired");
}

#[test]
fn an_approval_excuses_from_nothing_else() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    for (tool, arguments, code) in [
        ("unlisted", "{}", Code::DefaultDeny),
        ("refund", r#"{"amount": 2000}"#, Code::DeniedByRule),
        ("refund", r#"{"amount": "2000"}"#, Code::TypeMismatch),
        ("refund", "not json", Code::InvalidArguments),
        ("close", "[]", Code::InvalidArguments),
    ] {
        assert_eq!(world.call_with(&token, tool, arguments).code(), code, "{tool} {arguments}");
    }
    world.engine.revoke("ana");
    assert_eq!(world.call_with(&token, "close", "{}").code(), Code::GrantRevoked);
    world.engine.reinstate("ana");
    assert!(world.call_with(&token, "close", "{}").is_allowed(), "and none of that has used it up");
}

#[test]
fn keys_are_changed_without_losing_what_was_approved() {
    let store = MemoryStore::with_capacity(64);
    let world = World::with(REFUNDS, store, |builder| {
        builder.approval_key(key(2)).older_approval_key(key(9)).older_approval_key(key(1))
    });
    let request = world.request("close", "{}");
    let approve = |key: u8, request: &_| super::key(key).approve(request, "bob", NOON, MINUTE).unwrap();
    assert!(world.call_with(approve(1, &request), "close", "{}").is_allowed());
    assert!(world.call_with(approve(2, &world.request("close", "{}")), "close", "{}").is_allowed());
    assert_invalid(
        &world.call_with(approve(3, &world.request("close", "{}")), "close", "{}"),
        super::UNVERIFIED,
    );
    // The engine itself approves with the new one.
    let token = world.approved("close", "{}");
    let new_only =
        World::with(REFUNDS, MemoryStore::with_capacity(64), |builder| builder.approval_key(key(2)));
    assert!(new_only.call_with(token, "close", "{}").is_allowed());
}
