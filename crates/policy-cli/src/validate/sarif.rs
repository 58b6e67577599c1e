//! Findings as SARIF 2.1.0, the form in which code hosts take what analysers find.

use std::path::{Component, Path};

use policy_analysis::LintCode;
use policy_json::DiagnosticCode;
use serde_json::{Value, json};

use super::{Checked, Outcome, Said};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The document, with its newline.
pub(super) fn document(files: &[Checked]) -> String {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|file| file.said().iter().map(|said| result(file, said)).collect::<Vec<_>>())
        .collect();
    let notifications: Vec<Value> = files.iter().filter_map(notification).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "policy", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules() } },
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

/// Every code that there can be, those of lint first. Results name them by their place in this list.
fn rules() -> Vec<Value> {
    let lint = LintCode::ALL.into_iter().map(|code| {
        let explanation = code.explanation();
        json!({
            "id": code.name(),
            "shortDescription": { "text": code.summary() },
            "fullDescription": { "text": explanation.why },
            "help": {
                "text": format!("{}\n\nWhat to do: {}", explanation.why, explanation.fix),
                "markdown": code.page(),
            },
            "defaultConfiguration": { "level": code.severity().name() },
            "properties": { "tags": ["security"] },
        })
    });
    let load = DiagnosticCode::ALL.into_iter().map(|code| {
        json!({
            "id": code.name(),
            "shortDescription": { "text": code.meaning() },
            "fullDescription": { "text": code.meaning() },
            "help": { "text": format!("{} The document is no policy until it is corrected.", code.meaning()) },
            "defaultConfiguration": { "level": "error" },
            "properties": { "tags": ["correctness"] },
        })
    });
    lint.chain(load).collect()
}

fn result(file: &Checked, said: &Said<'_>) -> Value {
    let names = LintCode::ALL.iter().map(|code| code.name());
    let index =
        names.chain(DiagnosticCode::ALL.iter().map(|code| code.name())).position(|name| name == said.code);
    let message = match said.help {
        Some(help) => format!("{}\n{help}", said.message),
        None => said.message.to_owned(),
    };
    json!({
        "ruleId": said.code,
        "ruleIndex": index,
        "level": said.severity.name(),
        "message": { "text": message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&file.path) },
                "region": {
                    "startLine": said.line,
                    "startColumn": said.column,
                    "endLine": said.line,
                    "endColumn": said.column.saturating_add(characters(file, said)),
                    "byteOffset": said.span.start,
                    "byteLength": said.span.end.saturating_sub(said.span.start),
                },
            },
            "logicalLocations": [{ "fullyQualifiedName": said.pointer, "kind": "value" }],
        }],
        // Lines move; what a finding is about does not.
        "partialFingerprints": { "codeAndPointer/v1": format!("{}:{}", said.code, said.pointer) },
    })
}

/// How many characters the place has in its line.
fn characters(file: &Checked, said: &Said<'_>) -> usize {
    let (Outcome::Policy { text, .. } | Outcome::Mistakes { text, .. }) = &file.outcome else { return 0 };
    let place = text.get(said.span.clone()).unwrap_or_default();
    let line = place.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Every byte that does not continue a character begins one.
    line.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count()
}

/// A file about which nothing could be found out.
fn notification(file: &Checked) -> Option<Value> {
    let message = match &file.outcome {
        Outcome::Unusable(fault) => fault,
        Outcome::Unreadable(failure) => failure.message(),
        Outcome::Policy { .. } | Outcome::Mistakes { .. } => return None,
    };
    Some(json!({
        "level": "error",
        "message": { "text": message },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.path) } } }],
    }))
}

/// The path as a reference (RFC 3986): relative as it was named, so that it is the same wherever the files are checked out.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for component in path.components() {
        match component {
            Component::RootDir => uri.push_str("file://"),
            Component::CurDir => continue,
            Component::ParentDir | Component::Normal(_) | Component::Prefix(_) => {}
        }
        let part = component.as_os_str().to_string_lossy();
        if component == Component::RootDir {
            continue;
        }
        if !uri.is_empty() {
            uri.push('/');
        }
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                uri.push(char::from(byte));
            } else {
                uri.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_references() {
        assert_eq!(uri(Path::new("./policies/a b#%.json")), "policies/a%20b%23%25.json");
        assert_eq!(uri(Path::new("/etc/p:x.json")), "file:///etc/p%3Ax.json");
        assert_eq!(uri(Path::new("../ä.json")), "../%C3%A4.json");
    }
}
