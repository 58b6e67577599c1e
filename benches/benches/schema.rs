//! W4: arguments held against a schema of eight properties, nested, with enums and patterns, from raw bytes. Beside its floor:
//! reading the same text into a `serde_json::Value`, which nobody does for less who builds a tree.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use policy_benches::{SMALL_ARGUMENTS, engine, large_arguments};
use policy_core::Identity;
use policy_json::JsonText;
use serde_json::Value;

const SCHEMA: &str = r##"{"type": "object", "required": ["name", "imageName"], "additionalProperties": false,
    "$defs": {"gpu": {"type": "string", "enum": ["NVIDIA A40", "NVIDIA L4", "NVIDIA H100 80GB HBM3"]}},
    "properties": {
        "name": {"type": "string", "maxLength": 191},
        "imageName": {"type": "string", "pattern": "^runpod/[a-z0-9./:-]+$"},
        "cloudType": {"enum": ["SECURE", "COMMUNITY"]},
        "gpuTypeIds": {"type": "array", "items": {"$ref": "#/$defs/gpu"}, "minItems": 1, "maxItems": 8},
        "gpuCount": {"type": "integer", "minimum": 1, "maximum": 8},
        "containerDiskInGb": {"type": "integer", "minimum": 1},
        "volumeInGb": {"anyOf": [{"type": "null"}, {"type": "number", "minimum": 0}]},
        "volumeMountPath": {"type": "string", "pattern": "^/"},
        "dataCenterId": {"enum": ["EU-RO-1", "EU-SE-1", "US-TX-3"]},
        "interruptible": {"type": "boolean"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}}}}"##;

fn policy() -> String {
    format!(r#"{{"version": "1", "default": "deny", "tools": {{"create-pod": {{"schema": {SCHEMA}}}}}}}"#)
}

fn schema(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schema");
    let engine = engine(&policy()).expect("a policy");
    let alice = Identity::new("alice");
    for arguments in [SMALL_ARGUMENTS.to_owned(), large_arguments()] {
        let bytes = arguments.len();
        group.throughput(Throughput::Bytes(u64::try_from(bytes).expect("few bytes")));
        group.bench_function(format!("floor: serde_json to Value/{bytes}"), |bencher| {
            bencher.iter(|| serde_json::from_str::<Value>(black_box(&arguments)).expect("JSON"));
        });
        group.bench_function(format!("evaluate/{bytes}"), |bencher| {
            bencher.iter(|| {
                let text = JsonText::new(black_box(arguments.as_bytes()));
                let decision = engine.evaluate(black_box(&alice), "create-pod", text);
                assert!(decision.is_allowed());
                decision.code()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, schema);
criterion_main!(benches);
