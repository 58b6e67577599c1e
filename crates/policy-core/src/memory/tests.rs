#![allow(clippy::arithmetic_side_effects)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::*;
use crate::counter::{CounterKey, CounterName};
use crate::identity::Identity;
use crate::limit::Scope;
use crate::store::ReceiptEntry;

/// A counter of that grant's, with windows of a minute. Tests are short: what they leak is gone with them.
fn key(grant: &str, counter: &'static str) -> CounterKey<'static> {
    let name = CounterName::new(Scope::Grant, counter, 60);
    CounterKey::new(Box::leak(Box::new(Identity::new(grant))), Box::leak(Box::new(name)))
}

fn charge(key: CounterKey<'_>, cost: u64, capacity: u64) -> Charge<'_> {
    Charge {
        key,
        cost: Amount::whole(cost).unwrap(),
        capacity: Amount::whole(capacity).unwrap(),
        enforced: true,
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// What became of the charges, and how each counter then stands.
fn charged(
    store: &MemoryStore,
    charges: &[Charge<'_>],
    now: Timestamp,
) -> (ChargeOutcome, Vec<CounterState>) {
    let mut states = vec![CounterState::default(); charges.len()];
    (store.charge(charges, &mut states, now).unwrap(), states)
}

/// Whether it was charged, and what each counter then holds.
fn outcome(store: &MemoryStore, charges: &[Charge<'_>], now: Timestamp) -> (bool, Vec<u64>) {
    let (outcome, states) = charged(store, charges, now);
    assert_ne!(outcome, ChargeOutcome::Full, "there is room");
    let used = states.iter().map(|state| state.used.as_whole().unwrap()).collect();
    (outcome == ChargeOutcome::Charged, used)
}

#[test]
fn counts_to_the_capacity_and_afresh_in_the_next_window() {
    let store = MemoryStore::with_capacity(64);
    let one = [charge(key("alice", "c"), 1, 2)];
    assert_eq!(outcome(&store, &one, at(0)), (true, vec![1]));
    assert_eq!(outcome(&store, &one, at(59)), (true, vec![2]));
    assert_eq!(outcome(&store, &one, at(59)), (false, vec![2]));
    assert_eq!(outcome(&store, &one, at(60)), (true, vec![1]));
    // The clock steps back: the newest window goes on.
    assert_eq!(outcome(&store, &one, at(30)), (true, vec![2]));
    assert_eq!(outcome(&store, &one, at(0)), (false, vec![2]));
}

#[test]
fn a_plan_is_charged_whole_or_not_at_all() {
    let store = MemoryStore::with_capacity(64);
    let (a, b) = (charge(key("alice", "a"), 1, 5), charge(key("alice", "b"), 1, 1));
    assert_eq!(outcome(&store, &[a, b], at(0)), (true, vec![1, 1]));
    assert_eq!(outcome(&store, &[a, b], at(0)), (false, vec![1, 1]));
    assert_eq!(outcome(&store, &[b, a], at(0)), (false, vec![1, 1]));
    assert_eq!(outcome(&store, &[a], at(0)), (true, vec![2]));
    // What is not enforced is left out where it does not fit.
    let shadow = Charge { enforced: false, ..b };
    assert_eq!(outcome(&store, &[a, shadow], at(0)), (true, vec![3, 1]));
    assert_eq!(outcome(&store, &[shadow], at(0)), (true, vec![1]));
}

#[test]
fn a_cost_that_overflows_is_refused() {
    let store = MemoryStore::with_capacity(64);
    let huge = Charge {
        cost: Amount::from_micros(u64::MAX),
        capacity: Amount::from_micros(u64::MAX),
        ..charge(key("alice", "c"), 1, 1)
    };
    assert_eq!(charged(&store, &[huge], at(0)).0, ChargeOutcome::Charged);
    assert_eq!(charged(&store, &[huge], at(0)).0, ChargeOutcome::Refused);
}

fn receipt(counter: CounterKey<'_>, resets_at: Timestamp) -> Receipt {
    let counter = CounterHandle::Fingerprint(counter.fingerprint());
    Receipt {
        engine: 0,
        entries: SmallVec::from_iter([ReceiptEntry { counter, resets_at, cost: Amount::ONE }]),
    }
}

#[test]
fn a_refund_touches_its_own_window_only() {
    let store = MemoryStore::with_capacity(64);
    let alice = key("alice", "c");
    let one = [charge(alice, 1, 2)];
    assert_eq!(outcome(&store, &one, at(0)), (true, vec![1]));
    store.refund(receipt(alice, at(60))).unwrap();
    assert_eq!(outcome(&store, &one, at(0)), (true, vec![1]));
    assert_eq!(outcome(&store, &one, at(60)), (true, vec![1]));
    store.refund(receipt(alice, at(60))).unwrap();
    assert_eq!(outcome(&store, &one, at(60)), (true, vec![2]));
    store.refund(receipt(key("nobody", "c"), at(60))).unwrap();
}

#[test]
fn live_counters_are_never_evicted_and_ended_ones_make_room() {
    let store = MemoryStore::with_capacity(64);
    let names: Vec<String> = (0..65).map(|number| format!("grant{number}")).collect();
    for name in &names[..64] {
        assert_eq!(outcome(&store, &[charge(key(name, "c"), 1, 1)], at(0)), (true, vec![1]));
    }
    let last = [charge(key(&names[64], "c"), 1, 1)];
    assert_eq!(charged(&store, &last, at(0)).0, ChargeOutcome::Full);
    for name in &names[..64] {
        assert_eq!(outcome(&store, &[charge(key(name, "c"), 1, 1)], at(0)), (false, vec![1]));
    }
    assert_eq!(charged(&store, &last, at(60)).0, ChargeOutcome::Charged);
}

#[test]
fn a_clock_that_steps_back_brings_no_forgotten_window_back() {
    let store = MemoryStore::with_capacity(64);
    let names: Vec<String> = (0..64).map(|number| format!("grant{number}")).collect();
    let alice = [charge(key("alice", "c"), 1, 1)];
    assert_eq!(outcome(&store, &alice, at(0)), (true, vec![1]));
    // The next minute's callers take every slot, alice's too.
    for name in &names {
        assert_eq!(outcome(&store, &[charge(key(name, "c"), 1, 1)], at(60)), (true, vec![1]));
    }
    // With the clock back in the first minute there is no room for alice, who has spent that one.
    assert_eq!(charged(&store, &alice, at(0)).0, ChargeOutcome::Full);
    // The minute after there is; from then on the clock may step back as it likes.
    assert_eq!(outcome(&store, &alice, at(120)), (true, vec![1]));
    assert_eq!(outcome(&store, &alice, at(0)), (false, vec![1]));
    // A newcomer who takes over a slot begins no earlier than the window that was forgotten there.
    let bob = key("bob", "c");
    assert_eq!(outcome(&store, &[charge(bob, 1, 1)], at(130)), (true, vec![1]));
    assert_eq!(outcome(&store, &[charge(bob, 1, 1)], at(70)), (false, vec![1]));
}

/// The charge of an approval that is used once, and expires then.
fn once(nonce: u8, until: Timestamp) -> Charge<'static> {
    let once = Box::leak(Box::new(CounterName::once([nonce; 16], until)));
    let key = CounterKey::new(Box::leak(Box::new(Identity::new("alice"))), once);
    Charge { key, cost: Amount::ONE, capacity: Amount::ONE, enforced: true }
}

#[test]
fn what_is_used_once_stays_used_over_every_edge() {
    let store = MemoryStore::with_capacity(64);
    let approval = [once(1, at(86_400))];
    assert_eq!(outcome(&store, &approval, at(0)), (true, vec![1]));
    for seconds in [0, 1, 59, 60, 61, 3_600, 86_399, 86_400, 86_401, 172_800] {
        assert_eq!(outcome(&store, &approval, at(seconds)), (false, vec![1]), "{seconds}");
    }
    assert_eq!(outcome(&store, &approval, at(0)), (false, vec![1]), "nor when the clock steps back");
    assert_eq!(outcome(&store, &[once(2, at(86_400))], at(0)), (true, vec![1]), "another is another");
}

#[test]
fn what_comes_at_its_end_or_later_counts_as_used() {
    // Each in a store of its own: one that takes over another's room knows that something has ended by then.
    let just_before = Timestamp::from_millis(59_999);
    for (now, used) in [(at(60), true), (at(61), true), (just_before, false)] {
        let store = MemoryStore::with_capacity(64);
        assert_eq!(outcome(&store, &[once(1, at(60))], now), (!used, vec![1]));
    }
}

/// Where somebody has made the same nonce end later, it is still the same.
#[test]
fn what_was_used_is_not_used_again_under_a_later_end() {
    let store = MemoryStore::with_capacity(64);
    assert_eq!(outcome(&store, &[once(1, at(50))], at(0)), (true, vec![1]));
    for now in [10, 49, 50, 60, 99] {
        assert_eq!(outcome(&store, &[once(1, at(100))], at(now)), (false, vec![1]), "{now}");
    }
}

#[test]
fn what_is_used_once_is_charged_with_the_limits_or_not_at_all() {
    let store = MemoryStore::with_capacity(64);
    let (limit, approval) = (charge(key("alice", "c"), 1, 1), once(1, at(90)));
    assert_eq!(outcome(&store, &[limit], at(0)), (true, vec![1]));
    assert_eq!(outcome(&store, &[limit, approval], at(0)), (false, vec![1, 0]), "the limit has no room");
    assert_eq!(outcome(&store, &[limit, approval], at(60)), (true, vec![1, 1]), "it has, and so it is used");
    let wider = charge(key("alice", "c"), 1, 9);
    assert_eq!(
        outcome(&store, &[wider, approval], at(60)),
        (false, vec![1, 1]),
        "nothing is charged for a replay"
    );
}

/// Its room is another's by then: that nothing is known of it any more does not mean that it was not used.
#[test]
fn what_was_used_and_forgotten_stays_used_when_the_clock_steps_back() {
    for (until, is_charged) in [(at(50), false), (at(60), true)] {
        let store = MemoryStore::with_capacity(64);
        assert_eq!(outcome(&store, &[once(1, at(50))], at(0)), (true, vec![1]));
        // When it has expired others take every slot but one, and somebody takes that one, is refused, and leaves it.
        for number in 0..63 {
            let name = format!("grant{number}");
            assert_eq!(outcome(&store, &[charge(key(&name, "c"), 1, 1)], at(55)), (true, vec![1]));
        }
        assert_eq!(outcome(&store, &[charge(key("bob", "c"), 2, 1)], at(55)), (false, vec![0]));
        // Nobody can know any more what was used by then; what holds longer has not been.
        let nonce = if is_charged { 2 } else { 1 };
        assert_eq!(outcome(&store, &[once(nonce, until)], at(10)).0, is_charged);
    }
}

#[test]
fn many_threads_that_use_it_at_once_use_it_once() {
    for _round in 0..50 {
        let store = MemoryStore::with_capacity(64);
        let admitted = AtomicU64::new(0);
        thread::scope(|scope| {
            for thread in 0..8 {
                let (store, admitted) = (&store, &admitted);
                scope.spawn(move || {
                    let (limit, approval) = (charge(key("x", "c"), 1, 1_000), once(1, at(60)));
                    let both = if thread % 2 == 0 { [limit, approval] } else { [approval, limit] };
                    for _ in 0..20 {
                        if charged(store, &both, at(0)).0 == ChargeOutcome::Charged {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1);
        assert_eq!(outcome(&store, &[charge(key("x", "c"), 1, 1_000)], at(0)), (true, vec![2]));
    }
}

/// 32 threads on one counter admit exactly N in each window, while the clock crosses a window's edge.
#[test]
fn thirty_two_threads_admit_exactly_max_in_each_window() {
    for max in [1, 2, 3, 7, 31, 32, 33, 100, 1_000] {
        let store = MemoryStore::with_capacity(64);
        let (clock, alice) = (AtomicU64::new(59_000), key("alice", "c"));
        let admitted = [AtomicU64::new(0), AtomicU64::new(0)];
        let call = || {
            let now = Timestamp::from_millis(clock.load(Ordering::Relaxed));
            let (outcome, states) = charged(&store, &[charge(alice, 1, max)], now);
            if outcome == ChargeOutcome::Charged {
                let second = states[0].resets_at == at(120);
                admitted[usize::from(second)].fetch_add(1, Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            for thread in 0..32 {
                let (call, clock) = (&call, &clock);
                scope.spawn(move || {
                    // The first thread alone calls often enough to fill the first window, then moves the clock.
                    if thread == 0 {
                        (0..max).for_each(|_| call());
                        clock.store(60_000, Ordering::Relaxed);
                    }
                    while clock.load(Ordering::Relaxed) < 60_000 {
                        call();
                    }
                    (0..max).for_each(|_| call());
                });
            }
        });
        let counted = admitted.map(AtomicU64::into_inner);
        assert_eq!(counted, [max, max], "in either window");
    }
}

/// Threads that charge overlapping pairs in either order neither deadlock nor split a pair.
#[test]
fn overlapping_plans_from_many_threads_stay_whole() {
    let store = MemoryStore::with_capacity(64);
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..16 {
            let (store, admitted) = (&store, &admitted);
            scope.spawn(move || {
                let (a, b) = (charge(key("x", "a"), 1, 1_000), charge(key("x", "b"), 1, 700));
                let both = if thread % 2 == 0 { [a, b] } else { [b, a] };
                for _ in 0..500 {
                    if charged(store, &both, at(0)).0 == ChargeOutcome::Charged {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.load(Ordering::Relaxed), 700);
    assert_eq!(outcome(&store, &[charge(key("x", "a"), 1, 1_000)], at(0)), (true, vec![701]));
}

/// New counters that many threads meet at once get one slot each.
#[test]
fn a_counter_never_has_two_slots() {
    for _round in 0..50 {
        let store = MemoryStore::with_capacity(64);
        let admitted = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for name in ["a", "b", "c", "d"] {
                        let one = [charge(key(name, "c"), 1, 3)];
                        if charged(&store, &one, at(0)).0 == ChargeOutcome::Charged {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.load(Ordering::Relaxed), 12);
    }
}
