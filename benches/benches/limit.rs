//! W2: one limit for each grant. Beside its floor: one look-up by grant, one addition. With a clock that costs nothing
//! on both sides, with the system's on both sides, and from two threads.
#![allow(missing_docs, clippy::expect_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use policy_benches::{LIMIT_POLICY, NOON, floor, policies};
use policy_core::{Engine, EngineBuilder, Identity, ManualClock, MemoryStore, NoArguments};

/// Goes through all places in an order that no cache foresees.
fn scattered(count: usize) -> impl FnMut() -> usize {
    let mut place = 0;
    move || {
        place = (place + 617_369) % count;
        place
    }
}

fn grants(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("grant-{number:08}")).collect()
}

/// With twice the room that the callers need.
fn build(callers: usize) -> EngineBuilder {
    let policies = policies(LIMIT_POLICY).expect("a policy");
    Engine::builder(policies).store(MemoryStore::with_capacity(callers * 2))
}

fn coarse() -> ManualClock {
    ManualClock::new(NOON)
}

fn one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limit");
    for count in [1, 10_000, 1_000_000] {
        let grants = grants(count);
        {
            let counters = floor(&grants);
            let mut next = scattered(count);
            group.bench_function(BenchmarkId::new("floor", count), |bencher| {
                bencher.iter(|| counters[black_box(grants[next()].as_str())].fetch_add(1, Ordering::Relaxed));
            });
            group.bench_function(BenchmarkId::new("floor_system_clock", count), |bencher| {
                bencher.iter(|| {
                    black_box(SystemTime::now());
                    counters[black_box(grants[next()].as_str())].fetch_add(1, Ordering::Relaxed)
                });
            });
        }
        let identities: Vec<Identity> = grants.iter().map(|grant| Identity::new(grant.as_str())).collect();
        let mut next = scattered(count);
        let mut run = |name: &str, engine: &Engine| {
            // Every counter is there already, as on the floor.
            for identity in &identities {
                assert!(engine.evaluate(identity, "run-endpoint", NoArguments).is_allowed());
            }
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter(|| {
                    let decision =
                        engine.evaluate(black_box(&identities[next()]), "run-endpoint", NoArguments);
                    assert!(decision.is_allowed());
                    decision.code()
                });
            });
        };
        run("evaluate", &build(count).clock(coarse()).build());
        run("evaluate_system_clock", &build(count).build());
    }
    group.finish();
}

/// Two threads at once, each `iterations` times; the time of the slower.
fn two_threads(iterations: u64, work: impl Fn(usize) + Sync) -> Duration {
    let barrier = std::sync::Barrier::new(2);
    let run = |thread: usize| {
        barrier.wait();
        let start = Instant::now();
        (0..iterations).for_each(|_| work(thread));
        start.elapsed()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        run(0).max(other.join().expect("the other thread"))
    })
}

fn two_threads_at_once(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limit_two_threads");
    // Far apart in the list, as two callers among many are.
    let grants = grants(10_000);
    let identities: Vec<Identity> = grants.iter().map(|grant| Identity::new(grant.as_str())).collect();
    let counters = floor(&grants);
    let engine = build(grants.len()).clock(coarse()).build();
    for (name, places) in [("distinct", [17, 7_919]), ("shared", [17, 17])] {
        group.bench_function(BenchmarkId::new("floor", name), |bencher| {
            bencher.iter_custom(|iterations| {
                two_threads(iterations, |thread| {
                    let grant = grants[places[thread]].as_str();
                    black_box(counters[black_box(grant)].fetch_add(1, Ordering::Relaxed));
                })
            });
        });
        group.bench_function(BenchmarkId::new("evaluate", name), |bencher| {
            bencher.iter_custom(|iterations| {
                two_threads(iterations, |thread| {
                    let identity = black_box(&identities[places[thread]]);
                    assert!(engine.evaluate(identity, "run-endpoint", NoArguments).is_allowed());
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_thread, two_threads_at_once);
criterion_main!(benches);
