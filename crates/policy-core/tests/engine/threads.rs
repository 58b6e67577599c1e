//! Many threads on one engine: what is counted is exact, and decisions may go wherever they like.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use policy_core::{Code, Decision, Identity, Limit, MemoryStore, NoArguments, PolicySet, Timestamp, Window};

use super::{NOON, World, limit, limited, policy, used};

/// In each of two windows. The clock moves from the one to the other while all threads call.
#[test]
fn thirty_two_threads_are_admitted_exactly_as_often_as_the_limit_says() {
    for max in [1, 2, 3, 5, 8, 31, 32, 33, 64, 100, 257, 1_000] {
        let world = World::new(policy("p", [("run", limited([limit("runs", max)]))]));
        let edge = Timestamp::from_millis(NOON.as_millis() + 60_000);
        world.clock.set(Timestamp::from_millis(edge.as_millis() - 1));
        let admitted: [AtomicU64; 2] = Default::default();
        let start = Barrier::new(32);
        let call = |ana: &Identity| {
            let decision = world.engine.evaluate(ana, "run", NoArguments);
            if decision.is_allowed() {
                let resets_at = decision.limits().next().unwrap().resets_at();
                admitted[usize::from(resets_at > edge)].fetch_add(1, Ordering::Relaxed);
            }
            decision.code()
        };
        thread::scope(|scope| {
            for thread in 0..32 {
                let (call, start, world) = (&call, &start, &world);
                scope.spawn(move || {
                    let ana = Identity::new("ana");
                    start.wait();
                    if thread == 0 {
                        // Alone calls often enough to fill the first window, then lets the next begin.
                        while call(&ana) == Code::Allowed {}
                        world.clock.set(edge);
                    }
                    // Twice: the clock may move between asking it and being counted.
                    while call(&ana) == Code::Allowed {}
                    while world.clock_is_before(edge) {
                        call(&ana);
                    }
                    while call(&ana) == Code::Allowed {}
                });
            }
        });
        assert_eq!(admitted.map(AtomicU64::into_inner), [max, max], "in either window");
    }
}

impl World {
    fn clock_is_before(&self, then: Timestamp) -> bool {
        policy_core::Clock::now(&self.clock) < then
    }
}

#[test]
fn under_contention_a_call_is_charged_at_all_of_its_limits_or_at_none() {
    let tools = [
        ("both", limited([limit("a", 400), limit("b", 300)])),
        ("both again", limited([limit("b", 300), limit("a", 400)])),
        ("a", limited([limit("a", 400)])),
        ("look at a", limited([limit("a", 1_000_000)])),
        ("look at b", limited([limit("b", 1_000_000)])),
    ];
    let world = World::new(policy("p", tools));
    let admitted: [AtomicU64; 2] = Default::default();
    thread::scope(|scope| {
        for thread in 0..16 {
            let (world, admitted) = (&world, &admitted);
            scope.spawn(move || {
                let ana = Identity::new("ana");
                for round in 0..60 {
                    let (tool, kind) = match (thread + round) % 4 {
                        0 => ("a", 1),
                        1 => ("both again", 0),
                        _ => ("both", 0),
                    };
                    let decision = world.engine.evaluate(&ana, tool, NoArguments);
                    admitted[kind].fetch_add(u64::from(decision.is_allowed()), Ordering::Relaxed);
                }
            });
        }
    });
    let [both, only_a] = admitted.map(AtomicU64::into_inner);
    assert_eq!(used(&world.call("ana", "look at a")), both + only_a + 1);
    assert_eq!(used(&world.call("ana", "look at b")), both + 1);
    assert!(both <= 300 && both + only_a <= 400);
    assert!(both == 300 || both + only_a == 400, "{both} and {only_a}: more was asked for than there was");
}

/// Some calls never fit, and leave the place that they made for the counter; others meanwhile find it there and are charged.
#[test]
fn admitted_and_refused_calls_meet_at_new_counters_and_none_is_lost() {
    let tools = [
        ("run", limited([limit("runs", 2)])),
        ("never", limited([limit("runs", 0)])),
        ("both", limited([limit("runs", 2), limit("more", 2)])),
        ("neither", limited([limit("runs", 2), limit("more", 0)])),
    ];
    let world = World::new(policy("p", tools));
    let admitted: Vec<AtomicU64> = (0..300).map(|_| AtomicU64::new(0)).collect();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (world, admitted, start) = (&world, &admitted, &start);
            scope.spawn(move || {
                start.wait();
                for (number, admitted) in admitted.iter().enumerate() {
                    let ana = Identity::new(format!("ana {number}"));
                    for tool in ["never", "run", "neither", "both", "run", "never"]
                        .iter()
                        .cycle()
                        .skip(thread)
                        .take(6)
                    {
                        let decision = world.engine.evaluate(&ana, tool, NoArguments);
                        admitted.fetch_add(u64::from(decision.is_allowed()), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    for (number, admitted) in admitted.into_iter().enumerate() {
        assert_eq!(admitted.into_inner(), 2, "caller {number}");
        let decision = world.call(&format!("ana {number}"), "run");
        assert_eq!((decision.code(), used(&decision)), (Code::LimitExceeded, 2), "caller {number}");
    }
}

/// More callers than places, in windows of a second that end all the time: places change hands while others look for them.
#[test]
fn where_places_change_hands_no_window_is_overfilled_and_no_call_split() {
    const MAX: u64 = 3;
    let a_second = |counter: &str| Limit { window: Window::Seconds(1), ..limit(counter, MAX) };
    let tools = [
        ("both", limited([a_second("a"), a_second("b")])),
        ("again", limited([a_second("b"), a_second("a")])),
        ("one", limited([a_second("a")])),
    ];
    let world = World::with_store(policy("p", tools), MemoryStore::with_capacity(64));
    let counted: Mutex<HashMap<(u64, String, Timestamp), u64>> = Mutex::default();
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (world, counted) = (&world, &counted);
            scope.spawn(move || {
                for round in 0..2_000 {
                    let caller = (round * 7 + thread * 3) % 50;
                    let ana = Identity::new(format!("ana {caller}"));
                    let tool = ["both", "again", "one"][usize::try_from((round + thread) % 3).unwrap()];
                    let decision = world.engine.evaluate(&ana, tool, NoArguments);
                    if decision.is_allowed() {
                        let mut counted = counted.lock().unwrap();
                        for limit in decision.limits() {
                            let key = (caller, limit.counter().to_owned(), limit.resets_at());
                            *counted.entry(key).or_default() += 1;
                        }
                    }
                    if round % 16 == 0 {
                        world.clock.advance(Duration::from_millis(40));
                    }
                }
            });
        }
    });
    let counted = counted.into_inner().unwrap();
    assert!(counted.values().all(|count| *count <= MAX), "{counted:?}");
    assert!(counted.values().any(|count| *count == MAX), "limits were reached");
}

#[test]
fn charges_and_refunds_from_many_threads_add_up() {
    let world = World::new(policy("p", [("run", limited([limit("runs", 5)]))]));
    let kept = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..8 {
            let (world, kept) = (&world, &kept);
            scope.spawn(move || {
                for round in 0..500 {
                    let mut decision = world.call("ana", "run");
                    let Some(receipt) = decision.take_receipt() else { continue };
                    if (thread + round) % 100 == 0 && kept.fetch_add(1, Ordering::Relaxed) < 3 {
                        continue;
                    }
                    world.engine.refund(receipt).unwrap();
                }
            });
        }
    });
    let kept = kept.into_inner().min(3);
    assert_eq!(used(&world.call("ana", "run")), kept + 1);
}

#[test]
fn decisions_are_read_and_dropped_on_other_threads() {
    let world = World::new(policy("p", [("run", limited([limit("runs", 1_000_000)]))]));
    let (give, take) = mpsc::channel::<Decision>();
    let reader = thread::spawn(move || {
        let mut seen = 0;
        for mut decision in take {
            assert!(decision.is_allowed());
            assert_eq!(decision.policy().unwrap().id, "p");
            assert!(decision.take_receipt().is_some());
            seen += 1;
        }
        seen
    });
    thread::scope(|scope| {
        for _ in 0..4 {
            let (give, world) = (give.clone(), &world);
            scope.spawn(move || (0..500).for_each(|_| give.send(world.call("ana", "run")).unwrap()));
        }
    });
    drop(give);
    assert_eq!(reader.join().unwrap(), 2_000);
    assert_eq!(used(&world.call("ana", "run")), 2_001);
}

#[test]
fn a_thread_may_hold_any_number_of_decisions_across_reloads() {
    let world = World::new(policy("0", [("run", limited([]))]));
    let mut held = Vec::new();
    for round in 0..50 {
        let id = round.to_string();
        let policies = PolicySet::single(policy(&id, [("run", limited([]))])).unwrap();
        world.engine.replace_policies(policies);
        held.extend((0..20).map(|_| (world.call("ana", "run"), id.clone())));
    }
    // Dropped from both ends: what comes back to the thread is of all ages.
    while held.len() > 2 {
        for (decision, id) in [held.remove(0), held.pop().unwrap()] {
            assert_eq!(decision.policy().unwrap().id, id);
        }
        assert_eq!(world.call("ana", "run").policy().unwrap().id, "49");
    }
}

#[test]
fn a_decision_may_end_with_its_thread() {
    thread_local! {
        static KEPT: RefCell<Vec<Decision>> = const { RefCell::new(Vec::new()) };
    }
    let world = Arc::new(World::new(policy("p", [("run", limited([limit("runs", 1_000_000)]))])));
    for before in [false, true] {
        // Whichever of the thread's own values is dropped first, the decisions' or the engine's.
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let world = Arc::clone(&world);
                thread::spawn(move || {
                    if before {
                        KEPT.with_borrow_mut(Vec::clear);
                    }
                    for _ in 0..20 {
                        let decision = world.call("ana", "run");
                        KEPT.with_borrow_mut(|kept| kept.push(decision));
                    }
                    world.engine.replace_policies(
                        PolicySet::single(policy("p", [("run", limited([limit("runs", 1_000_000)]))]))
                            .unwrap(),
                    );
                    assert!(world.call("ana", "run").is_allowed());
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    assert_eq!(used(&world.call("ana", "run")), 2 * 8 * 21 + 1);
}

/// A call may be decided while another is: from within its arguments, for a host that reads them lazily.
#[test]
fn a_call_within_a_call_is_decided_by_itself() {
    use policy_core::arguments::{ArgumentError, Arguments, TapeWriter};
    use policy_core::{Condition, Group, Operator, Path, Tool, Value};

    struct Nested<'w>(&'w World);

    impl Arguments for Nested<'_> {
        fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
            tape.begin_object(0)?;
            let inner = self.0.call("ana", "picky");
            assert_eq!(inner.code(), Code::RequireFailed, "it has no arguments");
            tape.name_owned(0, "x")?;
            tape.literal(Some(true), 0)?;
            tape.end()
        }
    }

    let wants_x = Condition::new(Path::parse("args.x").unwrap(), Operator::Eq, Value::Bool(true)).unwrap();
    let require = vec![Group { conditions: vec![wants_x], ..Group::default() }];
    let world = World::new(policy("p", [("picky", Tool { require, ..Tool::default() })]));

    let outer = world.engine.evaluate(&Identity::new("ana"), "picky", Nested(&world));

    assert_eq!(outer.code(), Code::Allowed);
    world.clock.advance(Duration::from_secs(1));
}
