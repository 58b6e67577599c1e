//! `policy diff`: what a change of a policy permits, shown and counted.

use crate::running::{file, run};

const OLD: &str = r#"{"version": "1", "default": "deny", "tools": {
  "pay": {
    "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}]}],
    "limits": [{"counter": "pay", "window": "minute", "max": 10}]
  },
  "list": {"rate_limit": {"max": 5, "window": 60}},
  "drop": {}
}}"#;

const NEW: &str = r#"{"version": "1", "default": "deny", "tools": {
  "pay": {
    "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 20000}], "on_deny": "Too much."}],
    "limits": [{"counter": "pay", "window": 60, "max": 11}]
  },
  "list": {"limits": [{"counter": "rate_limit:list", "window": "minute", "max": 5, "scope": "session"}]},
  "drop": {"action": "deny"}
}}"#;

#[test]
fn widenings_come_first_each_with_its_rules_and_calls_that_show_it() {
    let (old, new) = (file("diff-old.json", OLD), file("diff-new.json", NEW));
    let ran = run(["diff", &old, &new]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let expected = "\
widening pay: calls that were denied are allowed: deny_if args.amount gt 10000 (now: deny_if args.amount gt 20000)
  old: /tools/pay/deny_if/0
  new: /tools/pay/deny_if/0
  example: pay {\"amount\": 10001}: denied before, allowed now (denied_by_rule)
widening pay: more is let through: limit `pay`, 10 per minute for a grant (now: limit `pay`, 11 per 60 seconds for a grant)
  old: /tools/pay/limits/0
  new: /tools/pay/limits/0
  example: the last of 11 calls: denied before, allowed now (limit_exceeded)
    11 x pay {\"amount\": 9999} by server-1, grant-1, session-1, at 2026-01-01 00:01:00
narrowing drop: every call is denied, calls were allowed
  new: /tools/drop/action
  example: drop {}: allowed before, denied now (tool_denied)
text pay: texts changed
  at: /tools/pay/deny_if
2 widenings, 1 narrowing, 1 change of texts
";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn a_widening_fails_the_check_of_a_repository_and_a_narrowing_passes_it() {
    let (old, new) = (file("diff-old-2.json", OLD), file("diff-new-2.json", NEW));
    assert_eq!(run(["diff", &old, &new, "--deny-widening"]).status, 1);
    let narrower =
        file("diff-narrower.json", r#"{"version": "1", "default": "deny", "tools": {"drop": {}}}"#);
    assert_eq!(run(["diff", &old, &narrower, "--deny-widening"]).status, 0);
    let ran = run(["diff", &old, &old, "--deny-widening"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "no change\n"));
}

#[test]
fn what_cannot_be_decided_fails_the_check_too() {
    let with_schema = |schema: &str| {
        format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"schema": {schema}}}}}}}"#)
    };
    let old = file("diff-schema-old.json", with_schema(r#"{"type": "object", "required": ["a"]}"#));
    let new = file("diff-schema-new.json", with_schema(r#"{"type": "object", "required": ["a", "b"]}"#));
    let ran = run(["diff", &old, &new, "--deny-widening"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.starts_with("undecided, may be a widening t: "), "{}", ran.stdout);
}

#[test]
fn policies_that_cannot_be_compared_are_no_policies_without_changes() {
    let old = file("diff-old-3.json", OLD);
    let broken = file("diff-broken.json", r#"{"version": "1", "default": "deny", "tols": {}}"#);
    for arguments in [[&old, &broken], [&broken, &old]] {
        let ran = run(["diff", arguments[0], arguments[1], "--deny-widening"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("did you mean `tools`?"), "{}", ran.stderr);
    }
    assert_eq!(run(["diff", &old, "not-there.json"]).status, 2);
}

#[test]
fn with_a_list_the_tools_of_the_server_are_compared() {
    let old = file("diff-open-old.json", r#"{"version": "1", "default": "deny", "tools": {"gone": {}}}"#);
    let new = file("diff-open-new.json", r#"{"version": "1", "default": "allow"}"#);
    let list = file(
        "diff-list.json",
        r#"{"tools": [{"name": "read", "inputSchema": {"type": "object",
        "required": ["path"], "properties": {"path": {"type": "string"}}}}]}"#,
    );
    let ran = run(["diff", &old, &new, "--tools", &list]);
    assert_eq!(
        ran.lines(),
        [
            "widening read: every call was denied, now calls are allowed",
            "  old: /default",
            "  example: read {\"path\": \"a\"}: denied before, allowed now (default_deny)",
            "note: left out, because the list does not have them: `gone`",
            "1 widening",
        ]
    );
}

#[test]
fn the_outcome_is_one_json_document_on_demand() {
    let (old, new) = (file("diff-old-4.json", OLD), file("diff-new-4.json", NEW));
    let ran = run(["diff", &old, &new, "--format", "json", "--deny-widening"]);
    assert_eq!(ran.status, 1);
    let outcome: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(outcome["widens"], true);
    assert!(outcome["old"]["digest"].as_str().unwrap().starts_with("sha256:"));
    let first = &outcome["changes"][0];
    assert_eq!(first["direction"], "widening");
    assert_eq!(first["kind"], "arguments");
    assert_eq!(first["tools"], serde_json::json!(["pay"]));
    assert_eq!(first["old"], "/tools/pay/deny_if/0");
    assert_eq!(first["example"]["calls"][0]["arguments"], serde_json::json!({"amount": 10001}));
    assert_eq!(first["example"]["old"], serde_json::json!({"effect": "deny", "code": "denied_by_rule"}));
    assert_eq!(first["example"]["new"], serde_json::json!({"effect": "allow", "code": "allowed"}));
    let kinds: Vec<&str> = outcome["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["arguments", "limit", "tool", "text"]);
}
