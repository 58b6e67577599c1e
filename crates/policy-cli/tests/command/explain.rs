//! `policy explain`: why a call is decided as it is, and what would have to change.

use serde_json::{Value, json};

use crate::running::{Ran, file, fixture, run, run_with_input};

/// A policy with a rule for each step.
const POLICY: &str = include_str!("../fixtures/explain-policy.json");

const DAY: &str = "2026-01-01T10:30:00Z";

fn policy() -> String {
    fixture("explain-policy.json")
}

fn call(tool: &str, arguments: &Value) -> String {
    json!({"grant": "ana", "tool": tool, "arguments": arguments, "at": DAY}).to_string()
}

fn explain(call: &str, more: &[&str]) -> Ran {
    let policy = policy();
    let arguments = ["explain", "--policy", &policy].into_iter().chain(more.iter().copied());
    let ran = run_with_input(arguments, call.as_bytes());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    ran
}

fn as_json(call: &str) -> Value {
    serde_json::from_str(&explain(call, &["--format", "json"]).stdout).unwrap()
}

/// The step that ended it: its kind, its code, where it stands.
fn ended(explained: &Value) -> (&str, &str, &str) {
    let steps = explained["steps"].as_array().unwrap();
    let ended = steps.iter().find(|step| step["outcome"] == "denied" || step["outcome"] == "waits").unwrap();
    assert_eq!(ended["code"], explained["code"]);
    let text = |field: &str| ended[field].as_str().unwrap_or_default();
    (text("kind"), text("code"), text("pointer"))
}

#[test]
fn a_denial_is_explained_with_its_steps_its_place_and_what_would_let_it_through() {
    let ran = explain(&call("pay", &json!({"to": "/teams/a", "amount": 20000, "force": true})), &[]);
    let expected = "\
deny (denied_by_rule): Too much.
  ana calls pay

 1 revocation    passed       the grant has not been revoked
 2 policy        passed       a policy applies to the grant
 3 hide          passed       `hide` does not name the tool
 4 tool          passed       /tools/pay; `tools` names the tool
 5 action        passed       `action` is `allow`
 6 arguments     passed       the arguments are read
 7 schema        passed       /tools/pay/schema; the arguments satisfy it
 8 require       passed       /tools/pay/require/0
                              args.to path_within [\"/teams\"]: holds; found a string
 9 deny_if       denied       /tools/pay/deny_if/0/conditions/0; denied_by_rule
                              args.amount gt 10000: holds; found a number
 9 deny_if       not reached  /all_tools/deny_if/0/conditions/0; shadow; would be denied_by_rule
                              args.force eq true: holds; found a boolean
10 approve_if    not reached  /tools/pay/approve_if/0/conditions/0; would be approval_required
                              args.amount gt 100: holds; found a number
10 approval      not reached  /tools/pay/approve_if/0/conditions/0; would be approval_required; no token came with the call
11 cost          not reached  /tools/pay/limits/1; costs what args.amount says
12 limit         not reached  /tools/pay/limits/0; `pay` costs 1 of 3 per day and grant
12 limit         not reached  /tools/pay/limits/1; would be limit_exceeded; `paid` costs what args.amount says of 50 per day and grant

";
    assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
    assert!(ran.stdout.contains("explain-policy.json:14:25"), "{}", ran.stdout);
    let advice = "
To let it through
  caller: `args.amount` must be at most `10000`, or be absent
  policy: raise `/tools/pay/deny_if/0/conditions/0/value`; or take `/tools/pay/deny_if/0` out
  then still: approval_required at /tools/pay/approve_if/0/conditions/0
  then still: limit_exceeded at /tools/pay/limits/1
";
    assert!(ran.stdout.ends_with(advice), "{}", ran.stdout);
}

#[test]
fn each_step_can_be_the_one_that_ends_it() {
    let many = "x".repeat(200);
    for (tool, arguments, expected) in [
        ("drop", json!({}), ("hide", "hidden", "/hide/0")),
        ("other", json!({}), ("tool", "default_deny", "/default")),
        (many.as_str(), json!({}), ("tool", "default_deny", "/default")),
        ("stop", json!({}), ("action", "tool_denied", "/tools/stop/action")),
        ("pay", json!([]), ("arguments", "invalid_arguments", "")),
        ("pay", json!({"note": 5}), ("schema", "schema_violation", "/tools/pay/schema")),
        ("pay", json!({"to": "/x"}), ("require", "require_failed", "/tools/pay/require/0/conditions/0")),
        (
            "pay",
            json!({"to": "/teams/../x"}),
            ("require", "type_mismatch", "/tools/pay/require/0/conditions/0"),
        ),
        (
            "pay",
            json!({"to": "/teams", "amount": 10001}),
            ("deny_if", "denied_by_rule", "/tools/pay/deny_if/0/conditions/0"),
        ),
        (
            "pay",
            json!({"to": "/teams", "amount": 101}),
            ("approval", "approval_required", "/tools/pay/approve_if/0/conditions/0"),
        ),
        ("pay", json!({"to": "/teams"}), ("cost", "invalid_cost", "/tools/pay/limits/1")),
        ("pay", json!({"to": "/teams", "amount": 51}), ("limit", "limit_exceeded", "/tools/pay/limits/1")),
    ] {
        let call = call(tool, &arguments);
        let explained = as_json(&call);
        assert_eq!(ended(&explained), expected, "{call}");
        assert!(explained["advice"]["author"].is_string());
        // The text tells the same.
        let shown = explain(&call, &[]).stdout;
        assert!(shown.lines().next().unwrap().contains(expected.1), "{shown}");
        assert!(shown.contains("To let it through\n"), "{shown}");
    }
    let nobody = json!({"grant": "", "tool": "pay"}).to_string();
    assert_eq!(ended(&as_json(&nobody)), ("policy", "no_policy", ""));
}

#[test]
fn an_allowed_call_has_its_steps_and_nothing_to_let_it_through() {
    let call = call("pay", &json!({"to": "/teams/a", "amount": 7, "force": true}));
    let explained = as_json(&call);
    assert_eq!(explained["effect"], "allow");
    assert_eq!(explained.get("advice"), None);
    let steps = explained["steps"].as_array().unwrap();
    let shadowed: Vec<_> = steps.iter().filter(|step| step["outcome"] == "shadowed").collect();
    assert_eq!(shadowed.len(), 1);
    assert_eq!(shadowed[0]["pointer"], "/all_tools/deny_if/0/conditions/0");
    let shown = explain(&call, &[]).stdout;
    assert!(shown.starts_with("allow, as long as its limits have room\n"), "{shown}");
    assert!(!shown.contains("To let it through"), "{shown}");
}

#[test]
fn values_are_shown_on_demand_only() {
    let call = call("pay", &json!({"to": "/elsewhere/7f3a", "amount": 40.125}));
    for format in ["text", "json"] {
        let without = explain(&call, &["--format", format]).stdout;
        assert!(!without.contains("7f3a") && !without.contains("40.125"), "{without}");
        let with = explain(&call, &["--format", format, "--show-values"]).stdout;
        assert!(with.contains("/elsewhere/7f3a") && with.contains("40.125"), "{with}");
    }
}

#[test]
fn the_call_is_read_from_a_file_too_however_it_is_laid_out() {
    let text = "{\n  \"grant\": \"ana\",\n  \"tool\": \"stop\"\n}\n";
    let path = file("explain-call.json", text);
    let from_file = run(["explain", "--policy", &policy(), "--at", DAY, &path]);
    assert_eq!(from_file.status, 0, "{}", from_file.stderr);
    assert_eq!(from_file.stdout, explain(text, &["--at", DAY, "-"]).stdout);
    assert!(from_file.stdout.starts_with("deny (tool_denied): Nobody stops it.\n"), "{}", from_file.stdout);
}

#[test]
fn with_a_list_the_input_schema_has_its_say() {
    let list = file(
        "explain-list.json",
        r#"{"tools": [{"name": "pay", "inputSchema": {"type": "object", "required": ["memo"]}}]}"#,
    );
    let call = call("pay", &json!({"to": "/teams", "amount": 1}));
    let ran = explain(&call, &["--tools", &list]);
    assert!(ran.stdout.contains(" 7 input_schema  denied       schema_violation"), "{}", ran.stdout);
    let ran = explain(&json!({"grant": "ana", "tool": "stop"}).to_string(), &["--tools", &list]);
    assert!(ran.stdout.contains("not on the server's list"), "{}", ran.stdout);
}

#[test]
fn an_approval_is_looked_at_and_not_used() {
    let key = file("explain.key", [7; 32]);
    let call =
        json!({"grant": "ana", "tool": "pay", "arguments": {"to": "/teams/a", "amount": 200}, "at": DAY});
    let roomy = file("explain-roomy.json", POLICY.replace("\"max\": 50", "\"max\": 5000"));
    let evaluated = run_with_input(
        ["eval", "--policy", &roomy, "--approval-key-file", &key],
        call.to_string().as_bytes(),
    );
    let token = run_with_input(
        ["approve", "--key-file", &key, "--approver", "bob", "--at", DAY],
        evaluated.stdout.as_bytes(),
    );
    let mut approved = call;
    approved["approval"] = token.stdout.trim().into();
    for (file, expected) in [(Some(&key), "approved by bob"), (None, "approval_invalid")] {
        let mut arguments = vec!["explain", "--policy", &roomy];
        arguments.extend(file.map(|key| ["--approval-key-file", key]).into_iter().flatten());
        let ran = run_with_input(&arguments, approved.to_string().as_bytes());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
        assert!(!ran.stdout.contains(token.stdout.trim()));
    }
}

#[test]
fn what_cannot_be_explained_ends_with_2() {
    let two = format!("{}\n{}\n", call("pay", &json!({})), call("pay", &json!({})));
    for input in ["", "{}", "[]", "{\"grant\": \"a\"", &two] {
        let ran = run_with_input(["explain", "--policy", &policy()], input.as_bytes());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{input}");
        assert!(ran.stderr.contains("the call cannot be used"), "{}", ran.stderr);
    }
    let broken = file("explain-broken.json", r#"{"version": "1", "default": "deny", "tols": {}}"#);
    let ran = run_with_input(["explain", "--policy", &broken], b"{}");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("did you mean `tools`?"), "{}", ran.stderr);
}

#[test]
fn nothing_that_others_wrote_reaches_the_terminal_raw() {
    let odd = "\u{1b}[31m\u{9b}\u{202e}";
    let policy = json!({"version": "1", "default": "deny", "tools": {odd: {
        "require": [{"conditions": [{"path": format!("args[{}]", Value::from(odd)), "op": "eq", "value": odd}]}],
        "limits": [{"counter": odd, "window": "day", "max": 1}]
    }}});
    let policy = file("explain-odd.json", policy.to_string());
    let call = json!({"grant": odd, "tool": odd, "arguments": {odd: format!("{odd}x")}}).to_string();
    for format in ["text", "json"] {
        let arguments = ["explain", "--policy", &policy, "--show-values", "--format", format];
        let ran = run_with_input(arguments, call.as_bytes());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{9b}']), "{:?}", ran.stdout);
    }
}
