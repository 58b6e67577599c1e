//! `policy validate`: every mistake, each where it is.

use serde_json::Value;

use crate::running::{Ran, command, file, fixture, run};

#[test]
fn twenty_mistakes_are_shown_each_in_its_place() {
    let ran = run(["validate", &fixture("twenty-mistakes.json")]);
    assert_eq!(ran.status, 1);
    // Where each is, of what kind, and the source line that is shown with it.
    let expected = [
        (2, 14, "unknown_value", "\"version\": \"2\""),
        (3, 14, "unknown_value", "\"default\": \"block\""),
        (4, 3, "unknown_field", "\"hidden\": "),
        (7, 5, "invalid_value", "\"\","),
        (8, 5, "duplicate_name", "\"delete-pod\""),
        (11, 47, "unknown_value", "\"fortnight\""),
        (12, 5, "unknown_field", "\"limit\": []"),
        (19, 22, "invalid_path", "\"body.imageName\""),
        (20, 46, "unknown_value", "\"matches\""),
        (21, 64, "invalid_pattern", "\"(?=runpod)\""),
        (22, 61, "wrong_type", "\"args.gpuCount\""),
        (23, 61, "wrong_type", "\"SECURE\""),
        (24, 13, "missing_field", "\"args.ports\""),
        (27, 19, "unknown_value", "\"observe\""),
        (31, 65, "unknown_value", "\"galaxy\""),
        (32, 55, "invalid_value", "1.5"),
        (34, 9, "duplicate_limit", "\"stops\""),
        (37, 28, "unknown_value", "\"maybe\""),
        (38, 54, "invalid_value", "\"rate_limit\""),
        (39, 5, "duplicate_key", "\"stop-pod\": {}"),
    ];
    let shown: Vec<&str> = ran.stdout.split("error[").skip(1).collect();
    assert_eq!(shown.len(), expected.len(), "{}", ran.stdout);
    for (shown, (line, column, code, source)) in shown.iter().zip(expected) {
        assert!(shown.starts_with(&format!("{code}]")), "{shown}");
        assert!(shown.contains(&format!("twenty-mistakes.json:{line}:{column}\n")), "{shown}");
        let mut text = shown.lines().skip_while(|text| !text.starts_with(&format!("{line} |")));
        let (source_line, marks) = (text.next().expect(shown), text.next().expect(shown));
        assert!(source_line.contains(source), "{shown}");
        // The carets stand under the place: as far in as the column says.
        let gutter = source_line.find('|').unwrap() + 1;
        assert_eq!(marks.find('^').unwrap(), gutter + column, "{shown}");
    }
    assert!(ran.stdout.contains("twenty-mistakes.json: 20 mistakes\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `hide`?"), "{}", ran.stdout);
}

#[test]
fn a_good_policy_is_summed_up_in_a_line() {
    let ran = run(["validate", &fixture("pods.json")]);
    assert_eq!(ran.status, 0);
    let said = "pods.json: 2 tools, 1 hidden, 1 argument rule, 1 limit, other tools denied\n";
    assert!(ran.stdout.starts_with("ok ") && ran.stdout.ends_with(said), "{}", ran.stdout);
    assert_eq!(ran.lines().len(), 1);
}

#[test]
fn every_file_is_looked_at_though_one_is_no_policy() {
    let files =
        [fixture("not-there.json"), fixture("twenty-mistakes.json"), fixture(""), fixture("pods.json")];
    let ran = run(["validate".to_owned()].into_iter().chain(files));
    assert_eq!(ran.status, 2, "not everything could be looked at");
    assert!(ran.stdout.contains("not-there.json"), "{}", ran.stdout);
    assert!(ran.stdout.contains("20 mistakes"), "{}", ran.stdout);
    assert!(ran.stdout.contains("is a directory"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pods.json: 2 tools"), "{}", ran.stdout);
}

#[test]
fn text_that_is_not_json_is_shown_where_it_stops_being_it() {
    for (name, text, place) in [
        ("empty.json", &b""[..], ":1:1"),
        ("unfinished.json", b"{\n  \"version\": \"1\",\n", ":3:1"),
        ("binary.json", b"{\n\x00\xff\xfe\x1b[31m\x9b", ":2:2"),
        ("order-mark.json", b"\xef\xbb\xbf{}", ":1:1"),
    ] {
        let ran = run(["validate", &file(name, text)]);
        assert_eq!(ran.status, 1, "{name}");
        assert!(ran.stdout.contains("error[invalid_json]"), "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("{name}{place}\n")), "{}", ran.stdout);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{0}', '\u{9b}']), "{:?}", ran.stdout);
    }
}

#[test]
fn a_policy_of_one_long_line_is_shown_in_part() {
    let tools: Vec<String> = (0..20_000).map(|number| format!("\"tool-{number}\":{{}}")).collect();
    let text = format!(
        "{{\"version\":\"1\",\"default\":\"deny\",\"tools\":{{{},\"last\":{{\"x\":1}}}}}}",
        tools.join(",")
    );
    let ran = run(["validate", &file("long-line.json", &text)]);
    assert!(ran.stdout.len() < 2_000, "{}", ran.stdout.len());
    let column = text.find("\"x\"").unwrap() + 1;
    assert!(ran.stdout.contains(&format!("long-line.json:1:{column}\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains("^^^ /tools/last/x"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    for (name, status) in [("pods.json", 0), ("twenty-mistakes.json", 1)] {
        let mut child = command().args(["validate", &fixture(name)]).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (status, ""));
    }
}

const LIST: &str = r#"{"tools": [{"name": "list-pods"}, {"name": "pay", "inputSchema": {"type": "object",
    "properties": {"amount": {"type": "number"}}, "additionalProperties": false}}]}"#;

const SLIPS: &str = r#"{
  "version": "1",
  "default": "deny",
  "description": "ä",
  "tools": {
    "list-pod": {},
    "pay": {"deny_if": [{"conditions": [{"path": "args.amuont", "op": "gt", "value": 5}], "on_deny": ""}]}
  }
}
"#;

#[test]
fn a_policy_that_loads_is_looked_over_and_a_warning_stops_nothing_by_itself() {
    let (policy, list) = (file("slips.json", SLIPS), file("slips-list.json", LIST));
    let ran = run(["validate", &policy]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.stdout.contains("warning[empty_text]") && ran.stdout.contains("slips.json:7:102\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("other tools denied; 1 warning\n"), "{}", ran.stdout);
    let ran = run(["validate", "--tools", &list, &policy]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.contains("warning[unlisted_tool]"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `list-pods`?"), "{}", ran.stdout);
    assert!(ran.stdout.contains("^^^^^^^^^^^^^ /tools/pay/deny_if/0/conditions/0/path"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `amount`?"), "{}", ran.stdout);
    let ran = run(["validate", "--deny-warnings", "--tools", &list, &policy]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("\nnot ok "), "{}", ran.stdout);
    assert_eq!(run(["validate", "--deny-warnings", &fixture("pods.json")]).status, 0);
}

#[test]
fn extensions_fail_where_the_policy_is_to_be_portable() {
    let policy = file("extensions.json", SLIPS.replace("\"\"", "\"No.\""));
    assert_eq!(run(["validate", &policy]).status, 0);
    let ran = run(["validate", "--portable", &policy]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.contains("error[not_portable]") && ran.stdout.contains("/description"),
        "{}",
        ran.stdout
    );
}

#[test]
fn findings_and_load_errors_come_in_one_json_document() {
    let (policy, list) = (file("slips-json.json", SLIPS), file("slips-json-list.json", LIST));
    let (bad, missing) = (fixture("twenty-mistakes.json"), fixture("not-there.json"));
    let ran = run(["validate", "--format", "json", "--tools", &list, &policy, &bad, &missing]);
    assert_eq!(ran.status, 2);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&document["errors"], &document["warnings"], &document["notes"]),
        (&21.into(), &3.into(), &0.into())
    );
    let files = document["files"].as_array().unwrap();
    assert_eq!((&files[0]["loads"], &files[1]["loads"]), (&true.into(), &false.into()));
    assert!(files[2]["error"].as_str().unwrap().contains("not-there.json"), "{}", files[2]);
    let finding = &files[0]["findings"][1];
    assert_eq!(finding["code"], "unknown_argument");
    assert_eq!(finding["severity"], "warning");
    assert_eq!(finding["pointer"], "/tools/pay/deny_if/0/conditions/0/path");
    assert_eq!((&finding["line"], &finding["column"]), (&7.into(), &50.into()));
    let place = |end: &str| usize::try_from(finding[end].as_u64().unwrap()).unwrap();
    assert_eq!(SLIPS.get(place("start")..place("end")), Some("\"args.amuont\""));
    assert_eq!(files[1]["findings"].as_array().unwrap().len(), 20);
    assert_eq!(files[1]["findings"][1]["code"], "unknown_value");
}

#[test]
fn sarif_has_what_code_hosts_ask_for() {
    let (policy, list) = (file("slips-sarif.json", SLIPS), file("slips-sarif-list.json", LIST));
    let ran =
        run(["validate", "--format", "sarif", "--tools", &list, &policy, &fixture("twenty-mistakes.json")]);
    assert_eq!(ran.status, 1);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["/shortDescription/text", "/fullDescription/text", "/help/text"] {
            assert!(rule.pointer(text).is_some_and(|text| text != ""), "{text}: {rule}");
        }
        assert!(
            ["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3 + 20);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert_ne!(result["message"]["text"], "");
        assert_ne!(result["partialFingerprints"]["codeAndPointer/v1"], "");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with(".json"));
        let region = |name: &str| place["region"][name].as_u64().unwrap();
        assert!(region("startLine") >= 1 && region("startColumn") >= 1, "{result}");
        assert_eq!(region("startLine"), region("endLine"));
        assert!(region("endColumn") >= region("startColumn"), "{result}");
    }
    let fingerprints: std::collections::BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(fingerprints.len(), results.len(), "no two findings are taken for one");
}

#[test]
fn a_file_that_cannot_be_read_is_a_failed_run_in_sarif() {
    let ran = run(["validate", "--format", "sarif", &fixture("not-there.json")]);
    assert_eq!(ran.status, 2);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(said.contains("not-there.json"), "{said}");
}

#[test]
fn a_code_is_explained_and_a_misspelt_one_is_guessed() {
    let ran = run(["validate", "--explain", "unanchored_pattern"]);
    assert_eq!(ran.status, 0);
    for part in ["unanchored_pattern (warning)", "Why\n", "\"op\": \"regex\"", "What to do\n"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(run(["validate", "--explain", "duplicate_key"]).stdout.contains("duplicate_key (error)"));
    let ran = run(["validate", "--explain", "unanchored_patern"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("did you mean `unanchored_pattern`?"), "{}", ran.stderr);
    assert_eq!(run(["validate", "--explain", "unanchored_pattern", "policy.json"]).status, 2);
    assert_eq!(run(["validate"]).status, 2);
}

#[test]
fn a_list_of_tools_that_is_none_ends_the_run() {
    let ran = run(["validate", "--tools", &file("no-list.json", "{}"), &fixture("pods.json")]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("is no list of tools"), "{}", ran.stderr);
}
