//! A token is used once: whatever the threads, the clock and the store do.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use policy_core::{Code, Decision, MemoryStore, Timestamp};

use super::still_counters::{Answer, Still};
use super::{MINUTE, NOON, REFUNDS, World, assert_invalid, key};

const USED: &str = "it has been used already";

fn used(decision: &Decision) -> Option<u64> {
    decision.limits().next().unwrap().used().as_whole()
}

#[test]
fn the_second_time_it_is_refused_and_charged_nothing() {
    let world = World::new(REFUNDS);
    let call = r#"{"amount": 250}"#;
    let token = world.approved("refund", call);
    assert_eq!(used(&world.call_with(&token, "refund", call)), Some(1));
    for _ in 0..3 {
        let again = world.call_with(&token, "refund", call);
        assert_invalid(&again, USED);
        assert_eq!(again.limits().count(), 0);
    }
    assert_eq!(used(&world.call("refund", r#"{"amount": 1}"#)), Some(2), "replaying has charged nothing");
}

#[test]
fn a_call_that_a_limit_refuses_keeps_its_approval() {
    let world = World::new(REFUNDS);
    let call = r#"{"amount": 250}"#;
    let request = world.request("refund", call);
    for _ in 0..3 {
        assert!(world.call("refund", r#"{"amount": 1}"#).is_allowed());
    }
    let token = world.engine.approve(&request, "bob", MINUTE).unwrap();
    for _ in 0..3 {
        let refused = world.call_with(&token, "refund", call);
        assert_eq!(refused.code(), Code::LimitExceeded);
        assert_eq!(refused.rule(), "/tools/refund/limits/refunds");
        assert!(refused.approved_by().is_none());
    }
    // The next day begins while the token still holds: that is all it was waiting for.
    world.clock.set(Timestamp::from_millis(NOON.as_millis() + 43_200_000 - 1_000));
    let token = world.approved("refund", call);
    assert_eq!(world.call_with(&token, "refund", call).code(), Code::LimitExceeded);
    world.wait(Duration::from_secs(1));
    assert_eq!(used(&world.call_with(&token, "refund", call)), Some(1));
    assert_invalid(&world.call_with(&token, "refund", call), USED);
}

#[test]
fn a_call_that_needs_no_approval_leaves_it_unused() {
    let world = World::new(REFUNDS);
    let token = world.approved("close", "{}");
    for token in [token.as_str(), "", "no token at all"] {
        let decision = world.call_with(token, "refund", r#"{"amount": 1}"#);
        assert!(decision.is_allowed());
        assert_eq!(decision.approved_by(), None);
    }
    assert!(world.call_with(&token, "close", "{}").is_allowed());
}

#[test]
fn a_refund_gives_the_charges_back_and_not_the_approval() {
    let world = World::new(REFUNDS);
    let call = r#"{"amount": 250}"#;
    let token = world.approved("refund", call);
    let mut decision = world.call_with(&token, "refund", call);
    let receipt = decision.take_receipt().unwrap();
    assert_eq!(receipt.entries().len(), 1);
    world.engine.refund(receipt).unwrap();
    assert_invalid(&world.call_with(&token, "refund", call), USED);
    assert_eq!(used(&world.call("refund", r#"{"amount": 1}"#)), Some(1), "the charge was given back");
    // Where no limit counts the call there is nothing to give back.
    let token = world.approved("close", "{}");
    assert!(world.call_with(&token, "close", "{}").take_receipt().is_none());
    assert!(world.call_with(&token, "close", "{}").into_result().is_err());
}

/// Two people answer one request, for a short time and for a long one: it is still one call that was asked for.
#[test]
fn a_request_that_is_approved_twice_is_used_once() {
    for (first, second) in [(0, 1), (1, 0)] {
        let policy = r#"{
            "version": "1", "default": "deny",
            "tools": { "fill": { "limits": [{ "counter": "c", "window": 1, "max": 1 }] }, "close": { "action": "require_approval" } }
        }"#;
        let world = World::new(policy);
        let request = world.request("close", "{}");
        let approve = |approver, ttl| world.engine.approve(&request, approver, ttl).unwrap();
        let tokens = [approve("bob", MINUTE), approve("carol", MINUTE * 10)];
        assert!(world.call_with(&tokens[first], "close", "{}").is_allowed());
        assert!(!world.call_with(&tokens[second], "close", "{}").is_allowed());
        world.wait(MINUTE * 2);
        // Whatever has ended by now gives its room to others.
        for number in 0..2_000 {
            let grant = policy_core::Identity::new(format!("grant{number}"));
            let _full = world.engine.evaluate(&grant, "fill", policy_core::NoArguments);
        }
        world.wait(MINUTE * 2);
        assert_invalid(&world.call_with(&tokens[1], "close", "{}"), USED);
    }
}

#[test]
fn an_edge_of_a_window_does_not_bring_it_back() {
    let world = World::new(REFUNDS);
    let request = world.request("close", "{}");
    let token = world.engine.approve(&request, "bob", Duration::MAX).unwrap();
    assert!(world.call_with(&token, "close", "{}").is_allowed());
    // Over the edges of seconds, of minutes and of the quarter of an hour.
    for millis in [1, 999, 1_000, 58_000, 60_000, 839_998] {
        world.wait(Duration::from_millis(millis));
        let code = world.call_with(&token, "close", "{}").code();
        assert_eq!(code, Code::ApprovalInvalid);
    }
}

#[test]
fn sixty_four_threads_with_one_token_get_one_allow() {
    for round in 0..20 {
        let world = World::new(REFUNDS);
        let (tool, call) = if round % 2 == 0 { ("close", "{}") } else { ("refund", r#"{"amount": 250}"#) };
        let token = world.approved(tool, call);
        let (allowed, invalid) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let start = Barrier::new(64);
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    start.wait();
                    let decision = world.call_with(&token, tool, call);
                    let counter = match decision.code() {
                        Code::Allowed => &allowed,
                        Code::ApprovalInvalid => &invalid,
                        code => panic!("{code:?}"),
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        assert_eq!((allowed.into_inner(), invalid.into_inner()), (1, 63));
        if tool == "refund" {
            assert_eq!(used(&world.call("refund", r#"{"amount": 1}"#)), Some(2));
        }
    }
}

/// Two tokens for the last room under a limit: one call goes ahead, and the other's token stays good.
#[test]
fn tokens_that_compete_for_a_limit_are_used_up_only_where_the_call_goes_ahead() {
    let world = World::new(REFUNDS);
    let calls: Vec<String> = (0..16).map(|number| format!("{{\"amount\": {}}}", 200 + number)).collect();
    let tokens: Vec<_> = calls.iter().map(|call| world.approved("refund", call)).collect();
    let start = Barrier::new(16);
    let first: Vec<Code> = thread::scope(|scope| {
        let threads: Vec<_> = calls
            .iter()
            .zip(&tokens)
            .map(|(call, token)| {
                let (world, start) = (&world, &start);
                scope.spawn(move || {
                    start.wait();
                    world.call_with(token, "refund", call).code()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(first.iter().filter(|code| **code == Code::Allowed).count(), 3);
    for ((call, token), first) in calls.iter().zip(&tokens).zip(first) {
        let again = if first == Code::Allowed { Code::ApprovalInvalid } else { Code::LimitExceeded };
        assert_eq!(world.call_with(token, "refund", call).code(), again);
    }
}

#[test]
fn where_the_store_has_no_room_to_remember_it_the_call_is_denied() {
    let store = MemoryStore::with_capacity(64);
    let policy = r#"{
        "version": "1", "default": "deny",
        "tools": { "fill": { "limits": [{ "counter": "c", "window": "day", "max": 1 }] }, "close": { "action": "require_approval" } }
    }"#;
    let world = World::with(policy, store, |builder| builder.approval_key(key(1)));
    let token = world.approved("close", "{}");
    let fill = |number: usize| {
        let grant = policy_core::Identity::new(format!("grant{number}"));
        world.engine.evaluate(&grant, "fill", policy_core::NoArguments).code()
    };
    assert!((0..64).all(|number| fill(number) == Code::Allowed));
    let denied = world.call_with(&token, "close", "{}");
    assert_eq!(denied.code(), Code::CountersFull);
    assert_eq!(denied.rule(), "/tools/close/action");
    assert!(denied.approved_by().is_none());
}

/// A clock that is set back makes an expired token look fresh: what has been forgotten by then is not taken for unused.
#[test]
fn a_clock_that_steps_back_brings_no_used_approval_back() {
    let policy = r#"{
        "version": "1", "default": "deny",
        "tools": { "fill": { "limits": [{ "counter": "c", "window": 1, "max": 1 }] }, "close": { "action": "require_approval" } }
    }"#;
    let store = MemoryStore::with_capacity(64);
    let world = World::with(policy, store, |builder| builder.approval_key(key(1)));
    let token = world.approved("close", "{}");
    assert!(world.call_with(&token, "close", "{}").is_allowed());
    // When it has expired its room is given to others.
    world.wait(MINUTE * 20);
    for number in 0..64 {
        let grant = policy_core::Identity::new(format!("grant{number}"));
        assert!(world.engine.evaluate(&grant, "fill", policy_core::NoArguments).is_allowed());
    }
    world.clock.set(NOON);
    let code = world.call_with(&token, "close", "{}").code();
    assert_eq!(code, Code::CountersFull, "no room, as long as the others are counting");
    // Back again to where there is room, and back to where the token holds.
    world.wait(MINUTE * 30);
    let grant = policy_core::Identity::new("another");
    for _ in 0..64 {
        let _made = world.engine.evaluate(&grant, "fill", policy_core::NoArguments);
    }
    world.clock.set(NOON);
    assert!(!world.call_with(&token, "close", "{}").is_allowed());
}

#[test]
fn a_store_that_does_not_answer_or_lies_lets_no_approved_call_through() {
    for answer in Answer::WRONG {
        for (tool, call) in [("close", "{}"), ("refund", r#"{"amount": 250}"#)] {
            let world = World::with(REFUNDS, Still(answer), |builder| builder.approval_key(key(1)));
            let token = world.approved(tool, call);
            let mut decision = world.call_with(&token, tool, call);
            assert!(!decision.is_allowed(), "{answer:?} {tool}");
            assert!(decision.take_receipt().is_none(), "{answer:?} {tool}");
            assert!(decision.approved_by().is_none());
            let expected = match answer {
                Answer::Full | Answer::FullAndCharged => Code::CountersFull,
                // Refused, and the approval charged: that is what one that is used already looks like.
                Answer::RefusedAndCharged => Code::ApprovalInvalid,
                _ => Code::StoreUnavailable,
            };
            assert_eq!(decision.code(), expected, "{answer:?} {tool}");
        }
    }
}

/// A call that is replayed does not come to its limits, so nothing that they would have said is told.
#[test]
fn a_replayed_call_tells_nothing_of_limits_that_it_never_came_to() {
    let policy = r#"{
        "version": "1", "default": "deny",
        "tools": { "close": {
            "action": "require_approval",
            "deny_if": [{ "conditions": [], "mode": "shadow" }],
            "limits": [
                { "counter": "calls", "window": "day", "max": 1, "mode": "shadow" },
                { "counter": "cost", "window": "day", "max": 1, "mode": "shadow", "increment_from": "args.n" }
            ]
        } }
    }"#;
    let world = World::new(policy);
    let token = world.approved("close", "{}");
    let found = |decision: &Decision| decision.shadowed().map(|finding| finding.rule()).collect::<Vec<_>>();
    let first = world.call_with(&token, "close", "{}");
    assert!(first.is_allowed());
    assert_eq!(found(&first), ["/tools/close/deny_if/(always)", "/tools/close/limits/cost"]);
    let again = world.call_with(&token, "close", "{}");
    assert_invalid(&again, USED);
    assert_eq!(found(&again), ["/tools/close/deny_if/(always)"]);
    assert_eq!(again.limits().count(), 0);
}
