//! Taking back what a call was charged: once, in its own window, at its own engine.

use policy_core::{Code, MemoryStore, PolicySet, StoreError};

use super::{NOON, World, limit, limited, policy, used};

fn two_a_minute() -> World {
    World::new(policy("p", [("run", limited([limit("runs", 2)]))]))
}

#[test]
fn a_refund_makes_room_for_one_call_more() {
    let world = two_a_minute();
    let receipt = world.receipt("ana", "run");
    assert_eq!(world.code("ana", "run"), Code::Allowed);
    assert_eq!(world.code("ana", "run"), Code::LimitExceeded);

    world.engine.refund(receipt).unwrap();

    assert_eq!(world.code("ana", "run"), Code::Allowed);
    assert_eq!(world.code("ana", "run"), Code::LimitExceeded);
}

#[test]
fn a_receipt_is_given_out_once() {
    let world = two_a_minute();
    let mut decision = world.call("ana", "run");

    assert!(decision.take_receipt().is_some());
    assert!(decision.take_receipt().is_none());
    assert_eq!(used(&decision), 1, "the decision still says what was counted");
}

#[test]
fn a_receipt_says_what_was_charged_and_until_when() {
    let world = World::new(policy("p", [("run", limited([limit("a", 5), limit("b", 5)]))]));
    let receipt = world.receipt("ana", "run");

    let entries = receipt.entries();
    assert_eq!(entries.len(), 2);
    assert_ne!(entries[0].counter, entries[1].counter);
    for entry in entries {
        assert_eq!(entry.cost.as_whole(), Some(1));
        assert_eq!(entry.resets_at.since(NOON).as_secs(), 60);
    }
}

#[test]
fn a_refund_after_the_windows_end_changes_nothing() {
    let world = two_a_minute();
    let late = world.receipt("ana", "run");
    world.wait(60);
    assert_eq!(world.code("ana", "run"), Code::Allowed);

    world.engine.refund(late).unwrap();

    assert_eq!(used(&world.call("ana", "run")), 2, "the next window was not touched");
    assert_eq!(world.code("ana", "run"), Code::LimitExceeded);
}

#[test]
fn a_late_refund_does_no_harm_where_the_counter_has_been_forgotten() {
    let two = policy("p", [("run", limited([limit("runs", 2)]))]);
    let world = World::with_store(two, MemoryStore::with_capacity(64));
    let late = world.receipt("ana", "run");
    for other in 0..1_000 {
        world.wait(60);
        assert_eq!(world.code(&format!("caller {other}"), "run"), Code::Allowed);
    }

    world.engine.refund(late).unwrap();

    assert_eq!(used(&world.call("ana", "run")), 1);
}

#[test]
fn a_refund_takes_back_every_charge_of_the_call_and_no_other() {
    let world = World::new(policy(
        "p",
        [("both", limited([limit("a", 9), limit("b", 9)])), ("b", limited([limit("b", 9)]))],
    ));
    let receipt = world.receipt("ana", "both");
    assert!(world.call("ana", "b").is_allowed());
    assert!(world.call("bob", "both").is_allowed());

    world.engine.refund(receipt).unwrap();

    let ana: Vec<_> = world.call("ana", "both").limits().map(|limit| limit.used().as_whole()).collect();
    assert_eq!(ana, [Some(1), Some(2)]);
    let bob: Vec<_> = world.call("bob", "both").limits().map(|limit| limit.used().as_whole()).collect();
    assert_eq!(bob, [Some(2), Some(2)]);
}

#[test]
fn a_receipt_of_another_engine_is_refused() {
    let (ours, theirs) = (two_a_minute(), two_a_minute());
    let foreign = theirs.receipt("ana", "run");
    assert_eq!(ours.code("ana", "run"), Code::Allowed);

    assert!(matches!(ours.engine.refund(foreign), Err(StoreError::ForeignReceipt)));

    assert_eq!(used(&ours.call("ana", "run")), 2, "nothing was taken back here");
    assert_eq!(used(&theirs.call("ana", "run")), 2, "nor there");
}

#[test]
fn a_clone_takes_a_receipt_back() {
    let world = two_a_minute();
    let receipt = world.receipt("ana", "run");

    world.engine.clone().refund(receipt).unwrap();

    assert_eq!(used(&world.call("ana", "run")), 1);
}

#[test]
fn a_denied_call_has_no_receipt_and_neither_has_one_that_nothing_counts() {
    let world = World::new(policy("p", [("run", limited([limit("runs", 0)])), ("free", limited([]))]));

    let mut denied = world.call("ana", "run");
    assert_eq!(denied.code(), Code::LimitExceeded);
    assert!(denied.take_receipt().is_none());
    assert!(world.call("ana", "unknown").take_receipt().is_none());
    assert!(world.call("ana", "free").take_receipt().is_none());
}

#[test]
fn a_result_is_a_receipt_or_the_decision_that_denies() {
    let world = World::new(policy("p", [("run", limited([limit("runs", 1)])), ("free", limited([]))]));

    let receipt = world.call("ana", "run").into_result().expect("the first call is allowed");
    let denied = world.call("ana", "run").into_result().expect_err("the second is not");
    assert_eq!(denied.code(), Code::LimitExceeded);
    assert!(denied.denial_text().starts_with("[POLICY DENIED] Limit \"runs\""));

    world.engine.refund(receipt).unwrap();
    assert!(world.call("ana", "run").into_result().is_ok());

    let nothing = world.call("ana", "free").into_result().expect("nothing counts it");
    assert!(nothing.entries().is_empty());
    world.engine.refund(nothing).unwrap();
}

#[test]
fn a_receipt_outlives_a_change_of_policies() {
    let world = two_a_minute();
    let receipt = world.receipt("ana", "run");
    let other = policy("q", [("run", limited([limit("runs", 1)]))]);
    world.engine.replace_policies(PolicySet::single(other).unwrap());
    assert_eq!(world.code("ana", "run"), Code::LimitExceeded);

    world.engine.refund(receipt).unwrap();

    assert_eq!(world.code("ana", "run"), Code::Allowed);
}
