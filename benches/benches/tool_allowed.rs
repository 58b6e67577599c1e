//! W1: may this caller call this tool? Beside its floor: one look-up by name, one addition.
#![allow(missing_docs, clippy::expect_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::hint::black_box;
use std::sync::atomic::Ordering;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use policy_benches::{allow_policy, engine, floor, tool_names};
use policy_core::{Identity, NoArguments};

fn tool_allowed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tool_allowed");
    for count in [1, 26, 1_000, 10_000] {
        let names = tool_names(count);
        let counters = floor(&names);
        let engine = engine(&allow_policy(&names)).expect("a policy");
        let alice = Identity::new("alice");
        let mut place = 0;
        let mut next = || {
            place = if place + 1 == count { 0 } else { place + 1 };
            names[place].as_str()
        };
        group.bench_function(BenchmarkId::new("floor", count), |bencher| {
            bencher.iter(|| counters.get(black_box(next())).expect("a name").fetch_add(1, Ordering::Relaxed));
        });
        group.bench_function(BenchmarkId::new("evaluate", count), |bencher| {
            bencher.iter(|| {
                let decision = engine.evaluate(black_box(&alice), black_box(next()), NoArguments);
                assert!(decision.is_allowed());
                decision.code()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tool_allowed);
criterion_main!(benches);
