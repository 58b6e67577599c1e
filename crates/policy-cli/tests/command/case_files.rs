//! `policy test`: cases pass, fail, or are no cases at all; and the project's own cases pass.

use std::path::{Path, PathBuf};

use crate::running::{Ran, command, file, fixture, run};

const POLICY: &str = r#"{"version":"1","default":"deny","tools":{"t":{"limits":[{"counter":"c","window":"minute","max":1}]}}}"#;

/// Runs one case with this beside its name.
fn case(name: &str, rest: &str) -> Ran {
    run(["test", &file(name, format!("{{\"name\":\"one\",{rest}}}"))])
}

fn step(rest: &str) -> String {
    format!(r#"{{"at":"2026-01-01T00:00:00Z","identity":{{"grant":"alice"}},{rest}}}"#)
}

fn steps(steps: &[&str]) -> String {
    let steps: Vec<String> = steps.iter().map(|rest| step(rest)).collect();
    format!(r#""policy":{POLICY},"steps":[{}]"#, steps.join(","))
}

#[test]
fn what_is_expected_passes() {
    let ran = case(
        "passes.json",
        &steps(&[
            r#""tool":"t","expect":{"effect":"allow","code":"allowed","rule":"","message":"","pointer":""}"#,
            r#""tool":"t","arguments":{},"expect":{"effect":"deny","rule":"/tools/t/limits/c","pointer":"/tools/t/limits/0","retry_after_ms":60000}"#,
            r#""tool":"u","arguments_text":"}","expect":{"effect":"deny","code":"default_deny"}"#,
        ]),
    );
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "1 passed, 0 failed\n", ""));
}

#[test]
fn what_comes_otherwise_is_shown_with_what_was_expected() {
    let ran = case(
        "fails.json",
        &steps(&[
            r#""tool":"t","expect":{"effect":"deny"}"#,
            r#""tool":"u","expect":{"effect":"deny","code":"hidden","message":"no","retry_after_ms":5}"#,
        ]),
    );
    let path = format!("{}/fails.json", env!("CARGO_TARGET_TMPDIR"));
    let expected = format!(
        "\
FAIL {path}: \"one\"
  step 1: alice calls t
    effect
      expected deny
      got      allow
    code
      got      allowed
  step 2: alice calls u
    code
      expected hidden
      got      default_deny
    message
      expected no
      got      Tool \"u\" is not permitted by policy
    retry_after_ms
      expected 5
      got      nothing

0 passed, 1 failed
"
    );
    assert_eq!(ran.stdout, expected);
    assert_eq!(ran.status, 1);
}

#[test]
fn a_misspelt_expectation_does_not_pass() {
    let cases = [
        (
            steps(&[r#""tool":"t","expect":{"effect":"allow","cod":"hidden"}"#]),
            "step 1: unknown field `expect.cod`; did you mean `code`?",
        ),
        (
            steps(&[r#""tool":"t","expect":{"effct":"allow"}"#]),
            "unknown field `expect.effct`; did you mean `effect`?",
        ),
        (steps(&[r#""tool":"t","expect":{"effect":"alow"}"#]), "expected alow"),
        (steps(&[r#""tool":"t","expect":{}"#]), "`expect.effect` is missing"),
        (steps(&[r#""tool":"t","expects":{"effect":"allow"}"#]), "unknown field `expects`"),
        (steps(&[r#""tool":"t""#]), "`expect` is missing"),
        (steps(&[r#""expect":{"effect":"allow"}"#]), "`tool` is missing"),
        (
            steps(&[r#""tool":"t","expect":{"effect":"allow","effect":"deny"}"#]),
            "`expect.effect` stands twice",
        ),
        (steps(&[r#""tool":"t","expect":{"effect":"deny","retry_after_ms":"5"}"#]), "must be a number"),
        (
            steps(&[r#""tool":"t","arguments":{},"arguments_text":"{}","expect":{"effect":"allow"}"#]),
            "one of them is enough",
        ),
        (steps(&[]), "`steps` is empty"),
        (format!("\"policy\":{POLICY}"), "nothing is expected"),
        (format!("{},\"expect_load_error\":{{}}", steps(&[])), "a case has one of them"),
        (format!("{},\"step\":[]", steps(&[])), "unknown field `step`"),
        (r#""steps":[]"#.to_owned(), "`steps` is empty"),
        (r#""expect_load_error":{}"#.to_owned(), "`policy` is missing"),
        (
            format!(
                "\"policy\":{POLICY},\"options\":{{\"type_mismatch\":\"ignored\"}},\"expect_load_error\":{{}}"
            ),
            "`deny` or `ignore`",
        ),
        (
            format!("\"policy\":{POLICY},\"options\":{{\"max_dept\":1}},\"expect_load_error\":{{}}"),
            "did you mean `max_depth`?",
        ),
        (
            r#""policy_text":"{}","expect_load_error":{"pointr":"/x"}"#.to_owned(),
            "unknown field `expect_load_error.pointr`",
        ),
    ];
    for (number, (rest, said)) in cases.iter().enumerate() {
        let ran = case(&format!("misspelt-{number}.json"), rest);
        assert_eq!(ran.status, 1, "{rest}");
        assert!(ran.stdout.contains(said), "{rest}\n{}", ran.stdout);
        assert!(ran.stdout.ends_with("\n0 passed, 1 failed\n"), "{}", ran.stdout);
    }
}

#[test]
fn options_reach_the_engine() {
    let policy = r#"{"version":"1","default":"deny","tools":{"t":{"deny_if":[{"conditions":[{"path":"args.x","op":"gt","value":1}]}]}}}"#;
    for (number, (options, arguments, code)) in [
        ("{}", r#"{"x":"2"}"#, "type_mismatch"),
        (r#"{"type_mismatch":"ignore"}"#, r#"{"x":"2"}"#, "allowed"),
        (r#"{"max_depth":1}"#, r#"{"x":[]}"#, "invalid_arguments"),
        (r#"{"max_bytes":5}"#, r#"{"x":1}"#, "invalid_arguments"),
        (r#"{"max_nodes":2}"#, r#"{"x":1,"y":1}"#, "invalid_arguments"),
    ]
    .into_iter()
    .enumerate()
    {
        let effect = if code == "allowed" { "allow" } else { "deny" };
        let step = step(&format!(
            r#""tool":"t","arguments":{arguments},"expect":{{"effect":"{effect}","code":"{code}"}}"#
        ));
        let rest = format!(r#""policy":{policy},"options":{options},"steps":[{step}]"#);
        let ran = case(&format!("options-{number}.json"), &rest);
        assert_eq!(ran.status, 0, "{options}: {}", ran.stdout);
    }
}

#[test]
fn a_load_error_passes_only_at_its_place_and_of_its_kind() {
    let policy = r#""policy":{"version":"2","default":"deny","hid":[]}"#;
    for (number, (expected, passes)) in [
        ("{}", true),
        (r#"{"pointer":"/version"}"#, true),
        (r#"{"pointer":"/hid","code":"unknown_field"}"#, true),
        (r#"{"code":"unknown_field"}"#, true),
        (r#"{"pointer":"/version","code":"unknown_field"}"#, false),
        (r#"{"pointer":"/default"}"#, false),
        (r#"{"code":"duplicate_key"}"#, false),
    ]
    .into_iter()
    .enumerate()
    {
        let ran =
            case(&format!("load-error-{number}.json"), &format!("{policy},\"expect_load_error\":{expected}"));
        assert_eq!(ran.status == 0, passes, "{expected}: {}", ran.stdout);
    }
    let ran = case("loads.json", &format!("\"policy\":{POLICY},\"expect_load_error\":{{}}"));
    assert!(ran.stdout.contains("was expected to be refused, and loads"), "{}", ran.stdout);
}

#[test]
fn a_policy_that_does_not_load_is_shown_where_it_stands_in_the_case_file() {
    let step = step(r#""tool":"t","expect":{"effect":"allow"}"#);
    let text = format!(
        "[\n  {{\n    \"name\": \"one\",\n    \"policy\": {{\n      \"versions\": 1\n    }},\n    \"steps\": [{step}]\n  }}\n]"
    );
    let ran = run(["test", &file("no-policy.json", text)]);
    assert!(ran.stdout.contains("no-policy.json:5:7\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean `version`?"), "{}", ran.stdout);
    let rest = format!(r#""policy_text":"{{\n\n\"versions\":1}}","steps":[{step}]"#);
    let ran = case("no-policy-text.json", &rest);
    assert!(ran.stdout.contains("no-policy-text.json (policy_text):3:1\n"), "{}", ran.stdout);
}

#[test]
fn what_is_not_supported_yet_fails_unless_it_is_to_be_skipped() {
    let step = step(r#""tool":"t","expect":{"effect":"allow"}"#);
    let schema = r#""policy":{"version":"1","default":"deny","tools":{"t":{"schema":{}}}}"#;
    let cases = format!(
        "[{{\"name\":\"schema\",{schema},\"steps\":[{step}]}},
          {{\"name\":\"tools\",\"tools\":[],\"policy\":{POLICY},\"steps\":[{step}]}},
          {{\"name\":\"and a mistake\",\"policy\":{{\"version\":\"1\",\"tools\":{{\"t\":{{\"schema\":{{}}}}}}}},\"steps\":[{step}]}},
          {{\"name\":\"refused\",{schema},\"expect_load_error\":{{\"code\":\"not_supported\"}}}}]"
    );
    let path = file("unsupported.json", cases);
    let ran = run(["test", &path]);
    assert!(ran.stdout.ends_with("\n1 passed, 3 failed\n"), "{}", ran.stdout);
    let ran = run(["test", "--skip-unsupported", &path]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.contains(&format!("SKIP {path}: \"schema\"\nSKIP {path}: \"tools\"\n")),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("\n1 passed, 1 failed, 2 skipped\n"), "{}", ran.stdout);
}

#[test]
fn a_file_that_holds_no_case_counts_as_one_that_failed() {
    let files = [
        fixture("not-there.json"),
        fixture(""),
        file("not-json.json", b"\xff{"),
        file("empty.json", ""),
        file("no-cases.json", "[]"),
        file("number.json", "7"),
        file("elements.json", "[7]"),
        file(
            "good.json",
            format!("{{\"name\":\"one\",{}}}", steps(&[r#""tool":"t","expect":{"effect":"allow"}"#])),
        ),
    ];
    let ran = run(["test".to_owned()].into_iter().chain(files));
    assert!(ran.stdout.ends_with("\n1 passed, 7 failed\n"), "{}", ran.stdout);
    assert_eq!(ran.status, 1);
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let path = file("closed.json", "[]");
    let mut child = command().args(["test", &path]).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
}

/// The case files in a directory beside this crate's; `None` where there is no such directory.
fn case_files(directory: &str) -> Option<Vec<PathBuf>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = std::fs::read_dir(directory).ok()?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Some(files)
}

#[test]
fn the_projects_own_cases_pass() {
    let files = case_files("../../cases").unwrap();
    assert!(!files.is_empty());
    let arguments = [PathBuf::from("test")].into_iter().chain(files);
    let ran = run(arguments);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
}

#[test]
fn the_cases_beside_the_project_pass() {
    let Some(files) = case_files("../../../shared/cases") else {
        let wanted = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!wanted, "`shared/cases` must stand beside the project");
        return;
    };
    let arguments = ["test".into(), "--skip-unsupported".into()];
    let ran = run(arguments.into_iter().chain(files.iter().cloned()));
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    // What is not supported yet: the schemas of arguments.
    let skipped: Vec<(&str, &str)> = ran
        .lines()
        .into_iter()
        .filter_map(|line| line.strip_prefix("SKIP ")?.split_once(": "))
        .map(|(file, name)| (Path::new(file).file_name().unwrap().to_str().unwrap(), name))
        .collect();
    let schema = skipped.iter().filter(|(file, _)| *file == "schema.json").count();
    let schemas =
        std::fs::read_to_string(files.iter().find(|file| file.ends_with("schema.json")).unwrap()).unwrap();
    let schemas: serde_json::Value = serde_json::from_str(&schemas).unwrap();
    assert_eq!(schema, schemas.as_array().unwrap().len(), "{skipped:?}");
    let others: Vec<_> = skipped.iter().filter(|(file, _)| *file != "schema.json").collect();
    assert!(others.is_empty(), "{others:?}");
}
