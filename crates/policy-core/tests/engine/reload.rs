//! Putting other policies in place: whole, at once, and without losing a count.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use policy_core::{Code, Decision, Digest, Identity, NoArguments, Policy, PolicySet, Tool};

use super::{World, limit, limited, policy, used};

fn set(policy: Policy) -> PolicySet {
    PolicySet::single(policy).unwrap()
}

/// What a decision says it was made by.
fn made_by(decision: &Decision) -> (&str, Digest) {
    let policy = decision.policy().expect("a policy was applied");
    (policy.id, policy.digest)
}

#[test]
fn the_next_call_is_decided_by_the_new_policies() {
    let world = World::new(policy("old", [("run", limited([]))]));
    let before = world.call("ana", "run");

    world.engine.replace_policies(set(policy("new", [("walk", limited([]))])));

    let after = world.call("ana", "run");
    assert_eq!((after.code(), made_by(&after).0), (Code::DefaultDeny, "new"));
    assert!(world.call("ana", "walk").is_allowed());
    assert_eq!(made_by(&before), ("old", Digest([b'o'; 32])), "a decision keeps what it was made by");
}

#[test]
fn clones_share_policies_counters_and_revocations() {
    let world = World::new(policy("old", [("run", limited([limit("runs", 2)]))]));
    let (clone, ana) = (world.engine.clone(), Identity::new("ana"));

    assert_eq!(used(&world.call("ana", "run")), 1);
    assert_eq!(used(&clone.evaluate(&ana, "run", NoArguments)), 2);
    assert_eq!(world.code("ana", "run"), Code::LimitExceeded);

    clone.replace_policies(set(policy("new", [("run", limited([limit("runs", 3)]))])));
    assert_eq!(used(&world.call("ana", "run")), 3);

    clone.revoke("ana");
    assert_eq!(world.code("ana", "run"), Code::GrantRevoked);
    assert!(!clone.is_visible(&ana, "run"));
}

#[test]
fn engines_that_are_no_clones_share_nothing() {
    let one = World::new(policy("p", [("run", limited([limit("runs", 1)]))]));
    let other = World::new(policy("p", [("run", limited([limit("runs", 1)]))]));

    assert!(one.call("ana", "run").is_allowed());
    one.engine.revoke("bob");

    assert!(other.call("ana", "run").is_allowed());
    assert!(other.call("bob", "run").is_allowed());
}

#[test]
fn counters_outlive_the_policies_that_named_them() {
    let world = World::new(policy("old", [("run", limited([limit("runs", 5)]))]));
    (0..4).for_each(|_| assert!(world.call("ana", "run").is_allowed()));

    world.engine.replace_policies(PolicySet::empty());
    assert_eq!(world.code("ana", "run"), Code::NoPolicy);
    // The counter's name counts, not the tool's.
    world.engine.replace_policies(set(policy("new", [("walk", limited([limit("runs", 5)]))])));

    assert_eq!(used(&world.call("ana", "walk")), 5);
    assert_eq!(world.code("ana", "walk"), Code::LimitExceeded);
}

#[test]
fn several_engines_in_turn_on_one_thread_never_mix_up_their_policies() {
    let ids: Vec<String> = (0..20_u8).map(|number| char::from(b'a' + number).to_string()).collect();
    let worlds: Vec<World> = ids.iter().map(|id| World::new(policy(id, [(id, limited([]))]))).collect();
    let mut held = Vec::new();
    for round in 0..200 {
        for (world, id) in worlds.iter().zip(&ids) {
            let decision = world.call("ana", id);
            assert!(decision.is_allowed(), "{id} in round {round}");
            assert_eq!(made_by(&decision).0, id);
            let other = if id == "a" { "b" } else { "a" };
            assert_eq!(world.code("ana", other), Code::DefaultDeny);
            // Some decisions are dropped at once, some later and in another order.
            if round % 3 == 0 {
                held.push((decision, id));
            }
            if held.len() > 50 {
                let (decision, id) = held.swap_remove(round % held.len());
                assert_eq!(made_by(&decision).0, id);
            }
        }
    }
}

#[test]
fn an_engine_that_is_gone_leaves_its_decisions_whole() {
    let mut decision = World::new(policy("p", [("run", limited([limit("runs", 1)]))])).call("ana", "run");

    assert!(decision.is_allowed());
    assert_eq!(made_by(&decision).0, "p");
    let receipt = decision.take_receipt().unwrap();
    let other = World::new(policy("p", [("run", limited([limit("runs", 1)]))]));
    assert!(other.engine.refund(receipt).is_err());
}

/// Policy `a` permits `run`, `b` denies it by its action and `c` does not know it. Eight threads call it meanwhile.
#[test]
fn a_reload_is_seen_whole_or_not_at_all_and_loses_no_count() {
    let counted = || limited([limit("runs", 1_000_000_000)]);
    let refusing = Tool { action: policy_core::Action::Deny, ..counted() };
    let policies = [
        set(policy("a", [("run", counted()), ("count", counted())])),
        set(policy("b", [("run", refusing), ("count", counted())])),
        set(policy("c", [("count", counted())])),
    ];
    let world = World::new(policy("a", [("run", counted()), ("count", counted())]));
    let (done, allowed) = (AtomicBool::new(false), AtomicU64::new(0));
    let seen: [AtomicU64; 3] = Default::default();
    let wrong = Mutex::new(Vec::new());
    let call = || {
        let ana = Identity::new("ana");
        while !done.load(Ordering::Relaxed) {
            let decision = world.engine.evaluate(&ana, "run", NoArguments);
            let (id, digest) = made_by(&decision);
            let (place, expected) = match id {
                "a" => (0, Code::Allowed),
                "b" => (1, Code::ToolDenied),
                _ => (2, Code::DefaultDeny),
            };
            // Id, digest and outcome are of one policy.
            if digest != Digest([id.as_bytes()[0]; 32]) || decision.code() != expected {
                wrong.lock().unwrap().push(format!("{decision:?}"));
                done.store(true, Ordering::Relaxed);
            }
            seen[place].fetch_add(1, Ordering::Relaxed);
            allowed.fetch_add(u64::from(decision.is_allowed()), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        (0..8).for_each(|_| drop(scope.spawn(call)));
        // Goes on until every policy has decided something.
        let all_seen = || seen.iter().all(|calls| calls.load(Ordering::Relaxed) > 0);
        for round in 0.. {
            if round >= 100 && all_seen() || done.load(Ordering::Relaxed) {
                break;
            }
            world.engine.replace_policies(policies[round % 3].clone());
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(wrong.into_inner().unwrap(), [""; 0]);
    world.engine.replace_policies(policies[0].clone());
    assert_eq!(used(&world.call("ana", "count")), allowed.into_inner() + 1);
}

#[test]
fn of_reloads_at_the_same_time_one_is_the_last_and_holds() {
    let world = World::new(policy("start", [("run", limited([]))]));
    thread::scope(|scope| {
        for thread in 0..4_u8 {
            let engine = &world.engine;
            scope.spawn(move || {
                for _ in 0..100 {
                    let id = char::from(b'a' + thread).to_string();
                    engine.replace_policies(set(policy(&id, [("run", limited([]))])));
                    engine.revoke(id);
                }
            });
        }
    });

    let decision = world.call("ana", "run");
    let (last, _) = made_by(&decision);
    assert!(["a", "b", "c", "d"].contains(&last), "{last}");
    assert_eq!(made_by(&world.call("ana", "run")).0, last);
    for revoked in ["a", "b", "c", "d"] {
        assert_eq!(world.code(revoked, "run"), Code::GrantRevoked, "no revocation was lost");
    }
}
