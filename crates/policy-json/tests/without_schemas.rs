//! A build without the feature `json-schema` refuses what it cannot judge.
#![cfg(not(feature = "json-schema"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use policy_json::{DiagnosticCode, ToolCatalogue, load, load_schema};

#[test]
fn every_schema_is_refused_as_not_supported() {
    let policy = br#"{"version": "1", "default": "deny", "tools": {"t": {"schema": true}}}"#;
    let list = br#"[{"name": "t", "inputSchema": {}}]"#;
    let errors = [
        load("p", policy).unwrap_err(),
        load_schema(b"{}").unwrap_err(),
        ToolCatalogue::parse(list).unwrap().compile().unwrap_err(),
    ];
    for (error, pointer) in errors.iter().zip(["/tools/t/schema", "", "/0/inputSchema"]) {
        let found: Vec<_> = error.diagnostics().iter().map(|found| (found.code, &*found.pointer)).collect();
        assert_eq!(found, [(DiagnosticCode::NotSupported, pointer)]);
    }
    assert!(ToolCatalogue::parse(br#"[{"name": "t"}]"#).unwrap().compile().unwrap().is_empty());
}
