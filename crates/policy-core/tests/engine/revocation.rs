//! Revoking a grant: at once, for every clone and thread, and for longer than any policy lasts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use policy_core::{Code, Identity, NoArguments, PolicySet};

use super::{World, limit, limited, policy};

fn world() -> World {
    World::new(policy("p", [("run", limited([])), ("paid", limited([limit("runs", 1)]))]))
}

#[test]
fn a_revoked_grant_is_denied_whatever_it_asks_for() {
    let world = world();
    world.engine.revoke("ana");

    for tool in ["run", "paid", "unknown", ""] {
        let denied = world.call("ana", tool);
        assert_eq!(denied.code(), Code::GrantRevoked, "{tool}");
        assert!(denied.policy().is_none());
        assert!(!world.engine.is_visible(&Identity::new("ana"), tool));
    }
    assert!(world.call("bob", "run").is_allowed(), "others go on");
}

#[test]
fn a_revocation_outlives_the_policies_and_ends_when_the_grant_is_reinstated() {
    let world = world();
    world.engine.revoke("ana");

    let other = policy("q", [("run", limited([]))]);
    world.engine.replace_policies(PolicySet::single(other).unwrap());
    assert_eq!(world.code("ana", "run"), Code::GrantRevoked);

    world.engine.reinstate("ana");
    assert_eq!(world.code("ana", "run"), Code::Allowed);
}

#[test]
fn a_revoked_grant_is_denied_in_every_session_and_on_every_server() {
    let world = world();
    world.engine.revoke("ana");

    let ana = Identity::new("ana").with_server("files").with_session("s1");
    assert_eq!(world.engine.evaluate(&ana, "run", NoArguments).code(), Code::GrantRevoked);
}

#[test]
fn a_revoked_grant_spends_nothing() {
    let world = world();
    world.engine.revoke("ana");
    for _ in 0..3 {
        assert_eq!(world.code("ana", "paid"), Code::GrantRevoked);
    }
    world.engine.reinstate("ana");

    assert_eq!(world.code("ana", "paid"), Code::Allowed);
}

#[test]
fn revoking_many_grants_at_once_loses_none() {
    let world = world();
    thread::scope(|scope| {
        for thread in 0..8 {
            let engine = &world.engine;
            scope.spawn(move || (0..50).for_each(|number| engine.revoke(format!("grant {thread} {number}"))));
        }
    });

    for thread in 0..8 {
        for number in 0..50 {
            assert_eq!(world.code(&format!("grant {thread} {number}"), "run"), Code::GrantRevoked);
        }
    }
}

/// Threads look at which phase it is before and after a call. Where it was the same, the call was within it.
#[test]
fn every_call_that_begins_after_a_revocation_is_denied_on_every_thread() {
    const ROUNDS: u32 = 30;
    const END: u32 = 4 * ROUNDS;
    let world = world();
    // Modulo four: 0 reinstated, 2 revoked, odd: on the way from one to the other.
    let (phase, within) = (AtomicU32::new(0), AtomicU32::new(0));
    let wrong = Mutex::new(Vec::new());
    let call = || {
        let ana = Identity::new("ana");
        while phase.load(Ordering::SeqCst) < END {
            let before = phase.load(Ordering::SeqCst);
            let code = world.engine.evaluate(&ana, "run", NoArguments).code();
            let after = phase.load(Ordering::SeqCst);
            let expected: &[Code] = match before % 4 {
                0 if before == after => &[Code::Allowed],
                2 if before == after => &[Code::GrantRevoked],
                _ => &[Code::Allowed, Code::GrantRevoked],
            };
            if !expected.contains(&code) {
                wrong.lock().unwrap().push((before, code));
                phase.store(END, Ordering::SeqCst);
            }
            within.fetch_add(u32::from(expected.len() == 1), Ordering::SeqCst);
        }
    };
    thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(call)));
        // Goes on when some call was within the phase, or all is over.
        let next_phase = |change: &dyn Fn()| {
            phase.fetch_add(1, Ordering::SeqCst);
            change();
            let before = within.load(Ordering::SeqCst);
            phase.fetch_add(1, Ordering::SeqCst);
            while within.load(Ordering::SeqCst) == before && phase.load(Ordering::SeqCst) < END {
                thread::yield_now();
            }
        };
        for _ in 0..ROUNDS {
            next_phase(&|| world.engine.revoke("ana"));
            next_phase(&|| world.engine.reinstate("ana"));
        }
    });
    assert_eq!(wrong.into_inner().unwrap(), []);
}
