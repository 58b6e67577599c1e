//! `policy eval`: calls in, decisions out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::running::{Ran, command, file, fixture, run, run_with_input};
use serde_json::Value;

fn eval(arguments: &[&str], calls: impl AsRef<[u8]>) -> Ran {
    let policy = fixture("pods.json");
    let all = ["eval", "--policy", &policy].into_iter().chain(arguments.iter().copied());
    run_with_input(all, calls.as_ref())
}

fn decisions(ran: &Ran) -> Vec<Value> {
    ran.lines().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn codes(ran: &Ran) -> Vec<String> {
    let code = |decision: Value| decision["code"].as_str().unwrap_or("error").to_owned();
    decisions(ran).into_iter().map(code).collect()
}

#[test]
fn each_call_gets_its_decision_in_order() {
    let calls = r#"{"grant":"alice","tool":"list-pods","arguments":{}}
{"grant":"alice","tool":"delete-pod","arguments":{"podId":"p"}}
{"grant":"alice","tool":"create-pod","arguments":{"gpuCount":3}}
{"grant":"alice","tool":"create-pod"}
{"grant":"","tool":"list-pods"}
"#;
    let ran = eval(&[], calls);
    assert_eq!(codes(&ran), ["allowed", "hidden", "denied_by_rule", "allowed", "no_policy"]);
    assert_eq!(ran.status, 0, "denied calls are calls");
    assert_eq!(ran.stderr, "");
    let denied = &decisions(&ran)[2];
    assert_eq!(denied["effect"], "deny");
    assert_eq!(denied["rule"], "/tools/create-pod/deny_if/args.gpuCount-gt");
    assert_eq!(denied["message"], "At most 2 GPUs.");
    assert_eq!(denied["policy"]["id"], fixture("pods.json").as_str());
}

#[test]
fn time_is_the_calls_own_else_the_command_lines() {
    let calls = r#"{"grant":"a","tool":"create-pod","at":"2026-01-01T10:00:00Z"}
{"grant":"a","tool":"create-pod","at":"2026-01-01T10:10:00Z"}
{"grant":"a","tool":"create-pod","at":"2026-01-01T10:59:59.5Z"}
{"grant":"a","tool":"create-pod","at":"2026-01-01T13:00:00+02:00"}
{"grant":"a","tool":"create-pod"}
{"grant":"a","tool":"create-pod"}
{"grant":"a","tool":"create-pod"}
"#;
    let ran = eval(&["--at", "2026-01-02T00:00:00Z"], calls);
    let expected =
        ["allowed", "allowed", "limit_exceeded", "allowed", "allowed", "allowed", "limit_exceeded"];
    assert_eq!(codes(&ran), expected);
    assert_eq!(decisions(&ran)[2]["retry_after_ms"], 500);
    assert_eq!(decisions(&ran)[6]["retry_after_ms"], 3_600_000);
}

#[test]
fn a_line_that_is_no_call_gets_an_error_in_its_place_and_the_run_goes_on() {
    let calls = b"{\"grant\":\"a\",\"tool\":\"list-pods\"}\n\n   \r\nnot json\n{\"grant\":\"a\"}\n{\"grant\":\"a\",\"tool\":\"list-pods\",\"args\":{}}\n\xff\n[1]\n{\"grant\":\"a\",\"tool\":\"list-pods\",\"grant\":\"b\"}\n{\"grant\":\"a\",\"tool\":\"list-pods\"}";
    let ran = eval(&[], calls);
    assert_eq!(ran.status, 2);
    let shown: Vec<_> = decisions(&ran).iter().map(|decision| decision["line"].as_u64()).collect();
    assert_eq!(shown, [None, Some(4), Some(5), Some(6), Some(7), Some(8), Some(9), None]);
    let errors = decisions(&ran);
    assert_eq!(ran.lines()[2], r#"{"line":5,"error":"`tool` is missing"}"#);
    assert_eq!(
        errors[3]["error"],
        "unknown field `args`; the fields are grant, server, session, claims, tool, arguments, approval, at"
    );
    assert_eq!(errors[6]["error"], "`grant` stands twice");
}

#[test]
fn arguments_reach_the_engine_as_they_are_written() {
    let calls = r#"{"grant":"a","tool":"create-pod","arguments":{"gpuCount":1,"gpuCount":9}}
{"grant":"a","tool":"create-pod","arguments":[1]}
{"grant":"a","tool":"create-pod","arguments":{"gpuCount":2.0000000000000000000000000000001}}
{"grant":"a","tool":"list-pods","arguments":{"x":1,"x":2}}
"#;
    let ran = eval(&[], calls);
    assert_eq!(codes(&ran), ["invalid_arguments", "invalid_arguments", "denied_by_rule", "allowed"]);
    assert_eq!(ran.status, 0);
}

#[test]
fn arguments_that_nest_without_end_are_denied() {
    let deep = "[".repeat(300_000) + &"]".repeat(300_000);
    let ran =
        eval(&[], format!("{{\"grant\":\"a\",\"tool\":\"create-pod\",\"arguments\":{{\"a\":{deep}}}}}\n"));
    assert_eq!(codes(&ran), ["invalid_arguments"]);
}

#[test]
fn a_line_beyond_the_cap_is_an_error_of_its_own() {
    let mut calls = b"{\"grant\":\"a\",\"tool\":\"list-pods\"}\n".to_vec();
    calls.extend(vec![b' '; 9 << 20]);
    calls.extend_from_slice(b"\n{\"grant\":\"a\",\"tool\":\"list-pods\"}\n");
    let ran = eval(&[], calls);
    assert_eq!(codes(&ran), ["allowed", "error", "allowed"]);
    assert_eq!(ran.lines()[1], r#"{"line":2,"error":"the line is longer than 8 MiB, which is the most"}"#);
    assert_eq!(ran.status, 2);
}

#[test]
fn each_decision_is_there_before_the_next_call_comes() {
    for format in ["json", "table"] {
        let policy = fixture("pods.json");
        let mut child = command()
            .args(["eval", "--policy", &policy, "--format", format])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut answer = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        };
        for round in 0..3 {
            writeln!(stdin, "{{\"grant\":\"a\",\"tool\":\"list-pods\"}}").unwrap();
            let heading = if format == "table" && round == 0 { 2 } else { 0 };
            (0..heading).for_each(|_| assert_ne!(answer(), ""));
            assert!(answer().contains("allow"));
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    for format in ["json", "table"] {
        let policy = fixture("pods.json");
        let mut child = command()
            .args(["eval", "--policy", &policy, "--format", format])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let endless = std::thread::spawn(move || {
            while writeln!(stdin, "{{\"grant\":\"a\",\"tool\":\"list-pods\"}}").is_ok() {}
        });
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        drop(stdout);
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{format}");
        endless.join().unwrap();
    }
}

#[test]
fn the_table_is_for_reading() {
    let calls = r#"{"grant":"alice","tool":"create-pod","arguments":{"gpuCount":1},"at":"2026-01-01T10:30:00Z"}
{"grant":"alice","tool":"create-pod","arguments":{"gpuCount":3},"at":"2026-01-01T10:30:05Z"}
{"grant":"alice","tool":"list-pods","at":"2026-01-02T00:00:00Z"}
oops
"#;
    let ran =
        run(["eval", "--policy", &fixture("pods.json"), "--format", "table", &file("table.jsonl", calls)]);
    let expected = "\
TIME      GRANT  TOOL        EFFECT  CODE            DETAILS
2026-01-01 (UTC)
10:30:00  alice  create-pod  allow                   pods 1/2
10:30:05  alice  create-pod  deny    denied_by_rule  At most 2 GPUs.
2026-01-02 (UTC)
00:00:00  alice  list-pods   allow
                             error   line 4          the line cannot be read: expected a value at byte 0
2 allowed, 1 denied, 1 line is no call
";
    assert_eq!(ran.stdout, expected);
    assert_eq!(ran.status, 2);
}

#[test]
fn colour_is_only_for_those_who_can_see_it() {
    let calls = r#"{"grant":"alice","tool":"list-pods"}"#;
    assert!(!eval(&["--format", "table"], calls).stdout.contains('\u{1b}'));
    let policy = fixture("pods.json");
    let ran: Ran = command()
        .args(["eval", "--policy", &policy, "--format", "table", &file("colour.jsonl", calls)])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap()
        .into();
    assert!(ran.stdout.contains("\u{1b}[32mallow\u{1b}[0m"), "{:?}", ran.stdout);
}

#[test]
fn nothing_in_a_call_can_command_a_terminal() {
    let calls =
        "{\"grant\":\"\\u001b[2Ja\",\"tool\":\"\\u009b31m\u{202e}gpj\\n\"}\n{\"\u{9b}\":1}\n".repeat(2);
    let ran = eval(&["--format", "table"], &calls);
    assert_eq!(ran.lines().len(), 2 + 4 + 1);
    assert!(ran.stdout.contains(r"\u{1b}[2Ja"), "{}", ran.stdout);
    for format in ["table", "json"] {
        let ran = eval(&["--format", format], &calls);
        let bad = |character: char| character.is_control() && character != '\n';
        assert!(!ran.stdout.contains(bad), "{:?}", ran.stdout);
    }
}

#[test]
fn names_that_the_server_does_not_list_are_pointed_out() {
    let list = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"list-pods"},{"name":"create-pods"}]}}"#;
    let list = file("tools.json", list);
    let calls = "{\"grant\":\"a\",\"tool\":\"list-pods\"}\n{\"grant\":\"a\",\"tool\":\"create-pod\"}\n";
    let ran = eval(&["--tools", &list, "--format", "table"], calls);
    assert!(ran.stderr.contains("does not list a tool `create-pod`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `create-pods`?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("pods.json:7:5"), "{}", ran.stderr);
    assert!(ran.stderr.contains("does not list a tool `delete-pod`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("`list-pods`"), "{}", ran.stderr);
    assert!(!ran.lines()[2].contains("not on the server's list"));
    assert!(ran.lines()[3].contains("allow") && ran.lines()[3].contains("not on the server's list"));
    assert_eq!(ran.status, 0, "warnings change nothing");
}

#[test]
fn arguments_are_held_against_the_lists_schemas() {
    let schema = r#"{"type":"object","properties":{"name":{"type":"string"}}}"#;
    let list = format!(
        r#"{{"tools":[{{"name":"list-pods","inputSchema":{schema}}},{{"name":"create-pod"}},{{"name":"delete-pod"}}]}}"#
    );
    let calls = "{\"grant\":\"a\",\"tool\":\"list-pods\",\"arguments\":{\"name\":1}}\n{\"grant\":\"a\",\"tool\":\"list-pods\",\"arguments\":{\"name\":\"x\"}}\n";
    let ran = eval(&["--tools", &file("schemas.json", &list)], calls);
    assert_eq!(codes(&ran), ["schema_violation", "allowed"]);
    assert_eq!(decisions(&ran)[0]["violation"]["pointer"], "/name");
    let ran = eval(&["--tools", &file("no-schemas.json", list.replace("string", "sting"))], calls);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("/tools/0/inputSchema/properties/name/type"), "{}", ran.stderr);
    assert!(ran.stderr.contains("input schemas that cannot be used"), "{}", ran.stderr);
}

#[test]
fn a_tool_list_comes_in_three_forms() {
    let names = r#"[{"name":"list-pods"},{"name":"create-pod","inputSchema":{}},{"name":"delete-pod"}]"#;
    for list in
        [names.to_owned(), format!("{{\"tools\":{names}}}"), format!("{{\"result\":{{\"tools\":{names}}}}}")]
    {
        let ran = eval(&["--tools", &file("forms.json", &list)], "");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{list}");
    }
    let page = format!("{{\"tools\":{names},\"nextCursor\":\"2\"}}");
    assert!(eval(&["--tools", &file("page.json", page)], "").stderr.contains("one page of a longer list"));
    for wrong in ["", "{}", "[1]", r#"{"tools":{}}"#, r#"[{"name":"a","name":"b"}]"#, r#"[{"title":"a"}]"#] {
        let ran = eval(&["--tools", &file("wrong-list.json", wrong)], "");
        assert_eq!(ran.status, 2, "{wrong}");
        assert!(ran.stderr.contains("is no list of tools"), "{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_read_ends_the_run_and_says_what_to_do() {
    let good = fixture("pods.json");
    let bad = fixture("twenty-mistakes.json");
    let missing = fixture("not-there.json");
    let directory = fixture("");
    let cases: [(&[&str], &str); 6] = [
        (&["--policy", &missing], "check the spelling"),
        (&["--policy", &directory], "is a directory"),
        (&["--policy", &bad], "policy validate"),
        (&["--policy", &good, &missing], "check the spelling"),
        (&["--policy", &good, &directory], "is a directory"),
        (&["--policy", &good, "--tools", &missing], "check the spelling"),
    ];
    for (arguments, said) in cases {
        let ran = run(["eval"].iter().chain(arguments));
        assert_eq!(ran.status, 2, "{arguments:?}");
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert_eq!(ran.stdout, "", "decisions only");
    }
}

#[test]
fn no_calls_are_no_error() {
    for calls in ["", "\n\n", "  "] {
        let ran = eval(&[], calls);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""));
    }
    assert_eq!(eval(&["-"], "{\"grant\":\"a\",\"tool\":\"list-pods\"}").lines().len(), 1);
}
