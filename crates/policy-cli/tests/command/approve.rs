//! `policy approve`: a decision that waits goes in, a token comes out, and `policy eval` accepts it.

use crate::running::{Ran, file, run, run_with_input};
use serde_json::Value;

const POLICY: &str =
    r#"{"version":"1","default":"deny","tools":{"close":{"action":"require_approval","reason":"Ask."}}}"#;
const CALL: &str = r#"{"grant":"ana","tool":"close","arguments":{"id":7},"at":"2026-01-01T10:00:00Z"}"#;

struct Files {
    policy: String,
    key: String,
}

impl Files {
    fn new(name: &str) -> Self {
        let policy = file(&format!("{name}.policy.json"), POLICY);
        Self { policy, key: file(&format!("{name}.key"), [b'k'; 32]) }
    }

    fn eval(&self, calls: &str) -> Ran {
        let arguments = ["eval", "--policy", &self.policy, "--approval-key-file", &self.key];
        run_with_input(arguments, calls.as_bytes())
    }

    fn approve(&self, more: &[&str], request: &str) -> Ran {
        let arguments =
            ["approve", "--key-file", &self.key, "--approver", "bob", "--at", "2026-01-01T10:01:00Z"];
        run_with_input(arguments.into_iter().chain(more.iter().copied()), request.as_bytes())
    }

    /// The decision on the call with this token, at that time.
    fn with_token(&self, token: &str, at: &str) -> Value {
        let mut call: Value = serde_json::from_str(CALL).unwrap();
        call["approval"] = token.into();
        call["at"] = at.into();
        serde_json::from_str(&self.eval(&call.to_string()).stdout).unwrap()
    }
}

#[test]
fn what_waits_is_approved_and_goes_ahead() {
    let files = Files::new("approve");
    let waiting = files.eval(CALL);
    let decision: Value = serde_json::from_str(&waiting.stdout).unwrap();
    assert_eq!((waiting.status, &decision["effect"]), (0, &Value::from("require_approval")));
    let by_itself = decision["approval"].to_string();
    for request in [&waiting.stdout, &by_itself] {
        let approved = files.approve(&[], request);
        assert_eq!((approved.status, &*approved.stderr), (0, "bob approves that ana calls close (Ask.)\n"));
        let token = approved.stdout.trim_end();
        let allowed = files.with_token(token, "2026-01-01T10:05:59Z");
        assert_eq!((&allowed["code"], &allowed["approved_by"]), (&"allowed".into(), &"bob".into()));
        let late = files.with_token(token, "2026-01-01T10:06:00Z");
        assert_eq!(late["message"], "The approval is not acceptable: it has expired");
    }
    let longer = files.approve(&["--ttl", "600"], &by_itself).stdout;
    assert_eq!(files.with_token(longer.trim_end(), "2026-01-01T10:10:59Z")["code"], "allowed");
}

#[test]
fn within_a_run_a_token_lets_one_call_through() {
    let files = Files::new("approve-once");
    let request = files.eval(CALL).stdout;
    let token = files.approve(&[], &request).stdout;
    let call = CALL.replace("\"at\"", &format!("\"approval\":\"{}\",\"at\"", token.trim_end()));
    let ran = files.eval(&format!("{call}\n{call}\n"));
    let codes: Vec<Value> =
        ran.lines().iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone()).collect();
    assert_eq!(codes, ["allowed", "approval_invalid"]);
    let table = run_with_input(
        ["eval", "--policy", &files.policy, "--approval-key-file", &files.key, "--format", "table"],
        format!("{CALL}\n{call}\n{call}\n").as_bytes(),
    );
    assert!(table.stdout.contains("approved by bob"), "{}", table.stdout);
    assert!(table.stdout.ends_with("1 allowed, 1 denied, 1 waiting for approval\n"), "{}", table.stdout);
}

#[test]
fn what_cannot_be_approved_is_said_and_no_token_printed() {
    let files = Files::new("approve-not");
    let request = files.eval(CALL).stdout;
    let denied = files.eval(&CALL.replace("close", "other")).stdout;
    let twice = request.replacen("\"approval\":{", "\"approval\":{\"tool\":\"x\",", 1);
    for (what, request, why) in [
        ("no JSON", "hello", "this is no approval request: "),
        ("a list", "[]", "it must be an object"),
        ("a denial", &denied, "this is no approval request: "),
        ("a name twice", &twice, "`tool` stands twice in one object"),
        ("nothing", "", "this is no approval request: "),
    ] {
        let ran = files.approve(&[], request);
        assert_eq!((ran.status, &*ran.stdout), (2, ""), "{what}");
        assert!(ran.stderr.contains(why), "{what}: {}", ran.stderr);
    }
    let late = files.approve(&["--ttl", "0"], &request);
    assert_eq!((late.status, &*late.stdout), (2, ""));
    assert!(late.stderr.contains("would have expired already"), "{}", late.stderr);
}

#[test]
fn a_key_that_is_short_or_missing_is_refused() {
    let files = Files::new("approve-key");
    let short = file("approve-short.key", [b'k'; 31]);
    for (arguments, why) in [
        (["approve", "--key-file", &short, "--approver", "bob"], "at least 32 random bytes, found 31"),
        (["approve", "--key-file", "/nowhere", "--approver", "bob"], "cannot read `/nowhere`"),
        (["eval", "--policy", &files.policy, "--approval-key-file", &short], "found 31"),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.status, &*ran.stdout), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert!(!ran.stderr.contains("kkk"), "no byte of a key is shown");
    }
}

#[test]
fn cases_that_approve_of_nothing_are_broken() {
    let step = |approval: &str| {
        format!(
            r#"{{"at":"2026-01-01T10:00:00Z","identity":{{"grant":"a"}},"tool":"close","approval":{approval},"expect":{{"effect":"deny"}}}}"#
        )
    };
    for (approval, why) in [
        (r#"{"of_step":1,"approver":"bob","ttl_seconds":1}"#, "must be the number of an earlier step"),
        (r#"{"of_step":0,"approver":"bob","ttl_seconds":1}"#, "must be the number of an earlier step"),
        (r#"{"of_step":1,"ttl_seconds":1}"#, "`approval.approver` is missing"),
        (r#"{"of_step":1,"approver":"bob"}"#, "`approval.ttl_seconds` is missing"),
        (r#"{"of_step":1,"approver":"bob","ttl_seconds":1,"key":"x"}"#, "unknown field `approval.key`"),
        ("7", "`approval` must be an object, found a number"),
    ] {
        let case = format!(r#"{{"name":"n","policy":{POLICY},"steps":[{}]}}"#, step(approval));
        let ran = run(["test", &file("approval-case.json", case)]);
        assert_eq!(ran.status, 1);
        assert!(ran.stdout.contains(why), "{approval}: {}", ran.stdout);
    }
    let denied_first = format!(
        r#"{{"name":"n","policy":{POLICY},"steps":[{},{}]}}"#,
        step("\"x\""),
        step(r#"{"of_step":1,"approver":"bob","ttl_seconds":1}"#)
    );
    let ran = run(["test", &file("approval-case.json", denied_first)]);
    assert!(ran.stdout.contains("step 2: step 1 did not come to `require_approval`"), "{}", ran.stdout);
}
