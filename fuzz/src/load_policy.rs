//! Target `load_policy`: any bytes are loaded as a policy, or refused with diagnostics that point at the right places.

use policy_core::arguments::{Caps, Kind};
use policy_core::{Digest, Policy, PolicySet};
use policy_json::{DOCUMENT_CAPS, Diagnostic, DiagnosticCode, LoadError, Parsed};

/// Loads `text`, and checks what comes of it.
///
/// - No bytes make the loader panic.
/// - A policy that loads is accepted by a `PolicySet`, and written out it loads again as the same policy.
/// - A text that does not load has at least one diagnostic. They stand in the order of the text; each has a span
///   inside the text that begins and ends between characters, the line and the column of the span's beginning, and a
///   pointer that leads to something, or to the place that something is missing from.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(text: &[u8]) {
    match policy_json::load("fuzz", text) {
        Ok(policy) => check_policy(&policy),
        Err(error) => check_error(text, &error),
    }
}

fn check_policy(policy: &Policy) {
    assert_eq!(policy.check(), Ok(()), "what loads has no faults");
    PolicySet::single(policy.clone()).expect("what loads can be decided by");

    let written = policy_json::to_json(policy);
    let again = policy_json::load("fuzz", written.as_bytes());
    let again = again.unwrap_or_else(|error| panic!("what was written loads again: {error}\n{written}"));
    let digest = |policy: &Policy, digest| Policy { digest, ..policy.clone() };
    let none = Digest::default();
    assert_eq!(digest(&again, none), digest(policy, none), "loaded again, it is the same policy");
    assert_eq!(policy_json::to_json(&again), written, "written again, it is the same text");
}

fn check_error(text: &[u8], error: &LoadError) {
    let diagnostics = error.diagnostics();
    assert!(!diagnostics.is_empty(), "a refusal says why");
    assert!(
        diagnostics.is_sorted_by_key(|diagnostic| diagnostic.span.start),
        "diagnostics stand in the order of the text"
    );
    for line in error.to_string().split('\n') {
        assert!(!line.contains(char::is_control), "a diagnostic is one line of plain text: {line:?}");
    }
    let parsed = Parsed::parse(text, DOCUMENT_CAPS).ok();
    let unreadable = |code| matches!(code, DiagnosticCode::InvalidJson | DiagnosticCode::TooLarge);
    match &parsed {
        // A schema can be too large or too much work in a text that is not.
        Some(_) => assert!(diagnostics.iter().all(|diagnostic| {
            let in_a_schema =
                diagnostic.code == DiagnosticCode::TooLarge && diagnostic.pointer.contains("/schema");
            in_a_schema || !unreadable(diagnostic.code)
        })),
        None => assert!(matches!(diagnostics, [only] if unreadable(only.code)), "{error}"),
    }
    for diagnostic in diagnostics {
        check_place(text, diagnostic);
        if let Some(parsed) = &parsed {
            assert!(!diagnostic.span.is_empty(), "it underlines something: {diagnostic:?}");
            check_pointer(text, parsed, diagnostic);
        }
    }
}

/// The span, the line and the column.
fn check_place(text: &[u8], diagnostic: &Diagnostic) {
    let span = diagnostic.span.clone();
    assert!(!diagnostic.message.is_empty(), "{diagnostic:?}");
    assert!(span.start <= span.end && span.end <= text.len(), "the span is in the text: {diagnostic:?}");
    let before = &text[..span.start];
    let lines: Vec<&[u8]> = before.split(|byte| *byte == b'\n').collect();
    assert_eq!(diagnostic.line, lines.len(), "{diagnostic:?}");
    if let Ok(text) = str::from_utf8(text) {
        let on_boundaries = text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
        assert!(on_boundaries, "the span is of whole characters: {diagnostic:?}");
        let line = lines.last().and_then(|line| str::from_utf8(line).ok()).unwrap_or_default();
        assert_eq!(diagnostic.column, line.chars().count() + 1, "{diagnostic:?}");
    }
}

/// The pointer leads to what is underlined, or to what is underlined by its name.
fn check_pointer(text: &[u8], parsed: &Parsed<'_>, diagnostic: &Diagnostic) {
    let root = parsed.root().expect("what was read has a value");
    let start = diagnostic.span.start;
    let found = crate::pointer::resolve(root, &diagnostic.pointer);
    if found.iter().any(|value| value.offset() == start) {
        return;
    }
    let (parent, name) = crate::pointer::split_last(&diagnostic.pointer)
        .unwrap_or_else(|| panic!("the whole document begins elsewhere: {diagnostic:?}"));
    let named = crate::pointer::resolve(root, parent)
        .iter()
        .flat_map(|object| object.members().collect::<Vec<_>>())
        .any(|(member, _)| member.as_str() == Some(&name) && member.offset() == start);
    assert!(named, "the pointer leads to what is underlined: {diagnostic:?}");
    let underlined = Parsed::parse(&text[diagnostic.span.clone()], Caps::default());
    let kind = underlined.ok().and_then(|name| name.root().map(|name| name.kind()));
    assert_eq!(kind, Some(Kind::String), "a name is underlined as a whole: {diagnostic:?}");
}
