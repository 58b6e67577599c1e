//! W5: the whole decision from raw bytes: look-up, arguments, three conditions, one limit. Beside its floor: parsing the
//! same bytes into a `serde_json::Value`, and nothing else.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use policy_benches::{SMALL_ARGUMENTS, WHOLE_POLICY, engine, large_arguments};
use policy_core::Identity;
use policy_json::JsonText;

fn whole_decision(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole_decision");
    let engine = engine(WHOLE_POLICY).expect("a policy");
    let alice = Identity::new("alice");
    for arguments in [SMALL_ARGUMENTS.to_owned(), large_arguments()] {
        let bytes = arguments.as_bytes();
        group.bench_function(BenchmarkId::new("floor_serde_json_value", bytes.len()), |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(bytes)).expect("JSON"));
        });
        group.bench_function(BenchmarkId::new("evaluate", bytes.len()), |bencher| {
            bencher.iter(|| {
                let decision = engine.evaluate(&alice, "create-pod", JsonText::new(black_box(bytes)));
                assert!(decision.is_allowed());
                decision.code()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole_decision);
criterion_main!(benches);
