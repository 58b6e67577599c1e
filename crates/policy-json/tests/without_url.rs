//! Built without the feature `url`, a policy that uses `url_host_in` does not load, and says what is missing.
#![cfg(not(feature = "url"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use policy_json::DiagnosticCode;

#[test]
fn an_operator_that_is_not_built_does_not_load() {
    let text = br#"{"version": "1", "default": "deny", "tools": {"fetch": {"require": [
        {"conditions": [{"path": "args.url", "op": "url_host_in", "value": ["example.com"]}]}]}}}"#;
    let error = policy_json::load("p", text).unwrap_err();
    let found: Vec<_> =
        error.diagnostics().iter().map(|found| (found.code, found.pointer.as_str())).collect();
    assert_eq!(found, [(DiagnosticCode::NotSupported, "/tools/fetch/require/0/conditions/0/op")]);
    let message = &error.diagnostics()[0].message;
    assert!(message.contains("`url_host_in`") && message.contains("`url`"), "{message}");
}
