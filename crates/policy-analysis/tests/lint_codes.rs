//! Every code: documents that bring it up, near misses that do not, as data under `tests/lint`; and its explanation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use policy_analysis::{Finding, LintCode, LintInput, Severity, lint};
use policy_json::ToolCatalogue;
use serde_json::Value;

fn findings(policy: &str, tools: Option<&str>, portable: bool) -> Vec<Finding> {
    let loaded =
        policy_json::load("p", policy.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{policy}"));
    let catalogue = tools.map(|tools| ToolCatalogue::parse(tools.as_bytes()).unwrap());
    let input =
        LintInput { text: policy.as_bytes(), policy: &loaded, catalogue: catalogue.as_ref(), portable };
    lint(&input)
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

#[test]
fn every_document_brings_up_exactly_what_it_says() {
    let mut wrong = Vec::new();
    for code in LintCode::ALL {
        let path = directory().join(format!("{code}.json"));
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases: Value = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{code}: {error}"));
        let (mut brought_up, mut near_misses) = (0, 0);
        for case in cases.as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let known = ["name", "policy", "policy_text", "tools", "portable", "findings"];
            assert!(
                case.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
                "{code}: {name}"
            );
            let policy = match case["policy_text"].as_str() {
                Some(text) => text.to_owned(),
                None => case["policy"].to_string(),
            };
            let tools = case.get("tools").map(Value::to_string);
            let portable = case.get("portable").is_some_and(|portable| portable == true);
            let found = findings(&policy, tools.as_deref(), portable);
            let expected: Vec<(String, String)> = case["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned()))
                .collect();
            // `code` or `code:severity`.
            let shown = |finding: &Finding| match finding.severity == finding.code.severity() {
                true => finding.code.name().to_owned(),
                false => format!("{}:{}", finding.code, finding.severity.name()),
            };
            let mut got: Vec<_> =
                found.iter().map(|finding| (shown(finding), finding.pointer.clone())).collect();
            let mut wanted = expected.clone();
            got.sort();
            wanted.sort();
            if got != wanted {
                let found: Vec<_> = found.iter().map(ToString::to_string).collect();
                wrong.push(format!("{code}: {name}\n  expected {wanted:?}\n  found {found:#?}"));
            }
            match expected.iter().any(|(found, _)| found.split(':').next() == Some(code.name())) {
                true => brought_up += 1,
                false => near_misses += 1,
            }
            for finding in &found {
                assert!(finding.line >= 1 && finding.span.end <= policy.len(), "{code}: {name}: {finding:?}");
                assert!(finding.span.start < finding.span.end, "{code}: {name}: has a place: {finding:?}");
            }
        }
        if brought_up == 0 || near_misses == 0 {
            wrong.push(format!("{code}: {brought_up} documents bring it up, {near_misses} nearly do"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_file_is_left_without_a_code() {
    let codes: BTreeSet<String> = LintCode::ALL.iter().map(|code| format!("{code}.json")).collect();
    let files = fs::read_dir(directory()).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, codes);
}

#[test]
fn the_example_of_each_explanation_brings_its_code_up_and_nothing_else() {
    for code in LintCode::ALL {
        let explanation = code.explanation();
        let portable = code == LintCode::NotPortable;
        let found = findings(explanation.example, explanation.tools, portable);
        let codes: BTreeSet<LintCode> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, BTreeSet::from([code]), "{code}: {found:#?}");
    }
}

#[test]
fn codes_have_names_of_their_own_and_a_severity() {
    let names: BTreeSet<&str> = LintCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), LintCode::ALL.len());
    for code in LintCode::ALL {
        assert_eq!(LintCode::from_name(code.name()), Some(code));
        assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
        assert!(policy_json::DiagnosticCode::ALL.iter().all(|other| other.name() != code.name()), "{code}");
        assert_eq!(code.severity() == Severity::Error, code == LintCode::NotPortable);
    }
}

#[test]
fn the_page_on_lint_says_what_the_explanations_say() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, _) = text.split_once("<!-- codes -->\n").expect("the page has its mark");
    let mut written = format!("{head}<!-- codes -->\n");
    for code in LintCode::ALL {
        written.push_str(&format!("\n### `{code}`\n\n{}", code.page()));
    }
    if std::env::var_os("WRITE_PAGES").is_some() {
        fs::write(&page, &written).unwrap();
    }
    assert_eq!(fs::read_to_string(&page).unwrap(), written, "write it with WRITE_PAGES=1");
}
