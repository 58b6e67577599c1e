//! Whose calls are counted together, what happens when there is no room for another counter, and that a call which is
//! denied costs nothing.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use policy_core::{Code, Identity, Limit, MemoryStore, Mode, NoArguments, Scope, Timestamp, Tool, Window};

use super::{NOON, World, limit, limited, policy, used};

fn scoped(scope: Scope) -> Tool {
    limited([Limit { scope, ..limit("calls", 1_000) }])
}

fn by_scope() -> World {
    let tools = Scope::ALL.map(|scope| (scope.name(), scoped(scope)));
    World::new(policy("p", tools))
}

/// What a counter holds after one more call.
fn count(world: &World, identity: &Identity, scope: Scope) -> u64 {
    used(&world.engine.evaluate(identity, scope.name(), NoArguments))
}

#[test]
fn absent_and_empty_servers_and_sessions_are_counted_apart() {
    let world = by_scope();
    let ana = || Identity::new("ana");
    let callers = [
        ana(),
        ana().with_server(""),
        ana().with_server("files"),
        ana().with_session(""),
        ana().with_session("s"),
        ana().with_server("").with_session(""),
        ana().with_server("files").with_session(""),
        ana().with_server("").with_session("s"),
    ];
    // A call without a session is counted with its grant, so three of the eight begin counters of their grant.
    let first: Vec<u64> = callers.iter().map(|caller| count(&world, caller, Scope::Session)).collect();
    assert_eq!(first, [1; 8]);
    let by_grant: Vec<u64> = callers.iter().map(|caller| count(&world, caller, Scope::Grant)).collect();
    assert_eq!(by_grant, [2, 2, 2, 3, 4, 3, 3, 4], "no server, server \"\", server \"files\"");
    let by_server: Vec<u64> = callers.iter().map(|caller| count(&world, caller, Scope::Server)).collect();
    assert_eq!(by_server, [1, 1, 1, 2, 3, 2, 2, 3]);
    let by_everybody: Vec<u64> = callers.iter().map(|caller| count(&world, caller, Scope::Global)).collect();
    assert_eq!(by_everybody, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn claims_make_no_other_caller() {
    let world = by_scope();
    let ana = Identity::new("ana").with_claim("role", policy_core::Value::String("admin".into()));

    assert_eq!(count(&world, &Identity::new("ana"), Scope::Grant), 1);
    assert_eq!(count(&world, &ana, Scope::Grant), 2);
}

#[test]
fn one_counter_under_two_windows_is_two_counters() {
    let world = World::new(policy(
        "p",
        [
            ("minute", limited([Limit::new("c", Window::Minute, limit("", 9).max)])),
            ("sixty", limited([Limit::new("c", Window::Seconds(60), limit("", 9).max)])),
            ("hour", limited([Limit::new("c", Window::Hour, limit("", 9).max)])),
        ],
    ));

    assert_eq!(used(&world.call("ana", "minute")), 1);
    assert_eq!(used(&world.call("ana", "sixty")), 2, "a minute is sixty seconds");
    assert_eq!(used(&world.call("ana", "hour")), 1);
}

#[test]
fn a_call_may_meet_any_number_of_limits_and_is_charged_at_all_or_none() {
    let limits: Vec<Limit> = (0..40).map(|number| limit(&format!("c{number}"), 50 - number)).collect();
    let world = World::new(policy("p", [("run", limited(limits))]));
    (0..11).for_each(|_| assert!(world.call("ana", "run").is_allowed()));

    let denied = world.call("ana", "run");

    assert_eq!(denied.pointer(), "/tools/run/limits/39");
    assert_eq!(denied.limits().count(), 40);
    assert!(denied.limits().all(|limit| limit.used().as_whole() == Some(11)));
}

#[test]
fn limits_hold_at_the_first_and_at_the_last_of_times() {
    for now in [Timestamp::default(), Timestamp::MAX] {
        for window in [Window::Seconds(1), Window::Seconds(Window::SECONDS_MAX)] {
            let world = World::new(policy("p", [("run", limited([Limit { window, ..limit("runs", 2) }]))]));
            world.clock.set(now);
            assert_eq!(used(&world.call("ana", "run")), 1);
            assert_eq!(used(&world.call("ana", "run")), 2);
            assert_eq!(world.code("ana", "run"), Code::LimitExceeded);
        }
    }
}

#[test]
fn live_counters_are_never_evicted_and_newcomers_are_denied_until_there_is_room() {
    let one = policy("p", [("run", limited([limit("runs", 2)]))]);
    let world = World::with_store(one, MemoryStore::with_capacity(64));
    let callers: Vec<String> = (0..64).map(|number| format!("caller {number}")).collect();
    callers.iter().for_each(|caller| assert!(world.call(caller, "run").is_allowed()));

    for number in 0..500 {
        let denied = world.call(&format!("newcomer {number}"), "run");
        assert_eq!(denied.code(), Code::CountersFull);
        assert_eq!(denied.pointer(), "/tools/run/limits/0");
        assert_eq!(denied.limits().count(), 0);
    }
    for caller in &callers {
        assert_eq!(used(&world.call(caller, "run")), 2, "{caller} is served on, and was not forgotten");
        assert_eq!(world.code(caller, "run"), Code::LimitExceeded);
    }
    world.wait(60);
    assert!(world.call("newcomer 0", "run").is_allowed());
}

/// Otherwise a caller with ever new sessions could fill the store by calls that are never admitted.
#[test]
fn refused_calls_take_no_room() {
    let never = || limit("never", 0);
    let tools = [
        ("run", limited([limit("runs", 2)])),
        ("never", limited([never()])),
        ("never both", limited([limit("runs too", 2), never()])),
    ];
    let world = World::with_store(policy("p", tools), MemoryStore::with_capacity(64));
    for number in 0..200 {
        let caller = format!("refused {number}");
        assert_eq!(world.code(&caller, "never"), Code::LimitExceeded);
        assert_eq!(world.code(&caller, "never both"), Code::LimitExceeded);
    }

    (0..64).for_each(|number| assert!(world.call(&format!("caller {number}"), "run").is_allowed()));

    assert_eq!(world.code("newcomer", "run"), Code::CountersFull);
}

#[test]
fn a_shadow_limit_that_finds_no_room_denies_nobody() {
    let shadow = Limit { mode: Mode::Shadow, ..limit("watched", 9) };
    let one = policy("p", [("run", limited([limit("runs", 9)])), ("watch", limited([shadow]))]);
    let world = World::with_store(one, MemoryStore::with_capacity(64));
    (0..64).for_each(|number| assert!(world.call(&format!("caller {number}"), "run").is_allowed()));

    let decision = world.call("newcomer", "watch");

    assert!(decision.is_allowed());
    let shadowed: Vec<_> = decision.shadowed().map(|finding| finding.code()).collect();
    assert_eq!(shadowed.len(), 1, "and it is told that the limit could not say");
}

/// One place is left, and the limit that only watches comes first.
#[test]
fn a_shadow_limit_takes_no_room_from_one_that_decides() {
    let shadow = Limit { mode: Mode::Shadow, ..limit("watched", 9) };
    let tools = [("one", limited([limit("a", 9)])), ("two", limited([shadow, limit("b", 9)]))];
    let world = World::with_store(policy("p", tools), MemoryStore::with_capacity(64));
    (0..63).for_each(|number| assert!(world.call(&format!("caller {number}"), "one").is_allowed()));

    let decision = world.call("newcomer", "two");

    assert_eq!(decision.code(), Code::Allowed);
    assert_eq!(decision.shadowed().count(), 1, "and it is told that the limit could not say");
}

/// A counter that holds nothing may be forgotten; what it held in the window before must not be.
#[test]
fn a_clock_that_steps_back_brings_no_spent_window_back_where_the_next_was_refunded() {
    let one = policy("p", [("run", limited([limit("runs", 1)]))]);
    let world = World::with_store(one, MemoryStore::with_capacity(64));
    assert!(world.call("ana", "run").is_allowed());
    world.wait(60);
    let receipt = world.receipt("ana", "run");
    world.engine.refund(receipt).unwrap();
    // Newcomers who in the end hold nothing either come to every place there is.
    for number in 0..1_000 {
        let mut decision = world.call(&format!("caller {number}"), "run");
        if let Some(receipt) = decision.take_receipt() {
            world.engine.refund(receipt).unwrap();
        }
    }

    world.clock.set(NOON);
    let decision = world.call("ana", "run");

    let spent = decision.limits().any(|limit| limit.resets_at().since(NOON).as_secs() <= 60);
    assert!(!decision.is_allowed() || !spent, "admitted again in a minute that was spent");
}

/// A call with two new counters has to find room for both, whatever places they fall on. Each must answer: within ten
/// seconds, where it takes microseconds.
#[test]
fn two_new_counters_of_one_call_do_not_take_each_others_place_for_ever() {
    let (told, hear) = mpsc::channel();
    thread::spawn(move || {
        for number in 0..500 {
            let (a, b) = (format!("a{number}"), format!("b{number}"));
            let both = policy("p", [("run", limited([limit(&a, 1), limit(&b, 1)]))]);
            let world = World::with_store(both, MemoryStore::with_capacity(64));
            told.send((number, world.code("ana", "run"))).expect("somebody listens");
        }
    });
    for number in 0..500 {
        let answer = hear.recv_timeout(Duration::from_secs(10));
        assert_eq!(answer, Ok((number, Code::Allowed)), "engine {number} answers");
    }
}

/// The same where the room is nearly used up: one place is left, and a call needs two.
#[test]
fn a_call_that_needs_more_counters_than_there_is_room_for_is_denied() {
    let (told, hear) = mpsc::channel();
    thread::spawn(move || {
        let tools = [("one", limited([limit("a", 9)])), ("two", limited([limit("b", 9), limit("c", 9)]))];
        let world = World::with_store(policy("p", tools), MemoryStore::with_capacity(64));
        (0..63).for_each(|number| assert!(world.call(&format!("caller {number}"), "one").is_allowed()));
        told.send(world.code("newcomer", "two")).expect("somebody listens");
        told.send(world.code("newcomer", "one")).expect("somebody listens");
    });
    assert_eq!(hear.recv_timeout(Duration::from_secs(10)), Ok(Code::CountersFull));
    assert_eq!(hear.recv_timeout(Duration::from_secs(10)), Ok(Code::Allowed), "the last place is still free");
}
