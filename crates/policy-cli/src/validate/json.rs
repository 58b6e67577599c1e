//! Findings as one JSON document. What it holds is said in docs/lint.md.

use serde_json::{Map, Value, json};

use super::{Checked, Counts, Outcome, Said};

/// The document, with its newline.
pub(super) fn document(files: &[Checked], counts: Counts) -> String {
    let files: Vec<Value> = files.iter().map(file).collect();
    let Counts { errors, warnings, notes } = counts;
    let document = json!({ "files": files, "errors": errors, "warnings": warnings, "notes": notes });
    format!("{document:#}\n")
}

fn file(checked: &Checked) -> Value {
    let mut file = Map::new();
    file.insert("file".to_owned(), json!(checked.path.to_string_lossy()));
    match &checked.outcome {
        Outcome::Policy { .. } => file.insert("loads".to_owned(), json!(true)),
        Outcome::Mistakes { .. } => file.insert("loads".to_owned(), json!(false)),
        Outcome::Unusable(fault) => file.insert("error".to_owned(), json!(fault)),
        Outcome::Unreadable(failure) => file.insert("error".to_owned(), json!(failure.message())),
    };
    let findings: Vec<Value> = checked.said().iter().map(finding).collect();
    file.insert("findings".to_owned(), Value::Array(findings));
    Value::Object(file)
}

fn finding(said: &Said<'_>) -> Value {
    let mut finding = json!({
        "code": said.code,
        "severity": said.severity.name(),
        "pointer": said.pointer,
        "line": said.line,
        "column": said.column,
        "start": said.span.start,
        "end": said.span.end,
        "message": said.message,
    });
    if let (Some(help), Value::Object(members)) = (said.help, &mut finding) {
        members.insert("help".to_owned(), json!(help));
    }
    finding
}
