//! Loading a policy. Beside its floor: parsing the same file into a `serde_json::Value`.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use policy_benches::tool_names;
use policy_core::PolicySet;

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    for count in [10, 10_000] {
        let tools: Vec<String> = tool_names(count)
            .iter()
            .map(|name| {
                format!(
                    r#""{name}": {{
      "deny_if": [{{"conditions": [{{"path": "args.amount", "op": "gt", "value": 100}}], "on_deny": "Too much."}}],
      "limits": [{{"counter": "{name}_rate", "window": "minute", "max": 10, "scope": "grant"}}]
    }}"#
                )
            })
            .collect();
        let policy =
            format!(r#"{{"version": "1", "default": "deny", "tools": {{{}}}}}"#, tools.join(",\n    "));
        group.bench_function(BenchmarkId::new("floor_serde_json_value", count), |bencher| {
            bencher.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&policy)).expect("JSON"));
        });
        group.bench_function(BenchmarkId::new("load_and_compile", count), |bencher| {
            bencher.iter(|| {
                let policy = policy_json::load("bench", black_box(policy.as_bytes())).expect("a policy");
                PolicySet::single(policy).expect("a policy set")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
