//! Target `lint`: whatever loads is looked over, and every finding has its place.

use policy_analysis::{Finding, LintCode, LintInput, lint};
use policy_core::Policy;
use policy_json::{DOCUMENT_CAPS, Parsed, Part, ToolCatalogue};

/// What stands between a policy and a list of tools. It is in no UTF-8, so neither has it.
const BETWEEN: u8 = 0xFF;

/// Looks a policy over, by itself and with a list of tools if the bytes hold one behind `0xFF`.
///
/// - No policy that loads and no list that reads make the linter panic.
/// - Findings stand in the order of the text. The pointer of each leads somewhere; its span is of whole characters and is
///   where its line and column say; it is one line of plain text.
/// - What is asked for besides takes no finding away, and a policy that is written out again has the same codes.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == BETWEEN);
    let text = parts.next().unwrap_or_default();
    let Ok(policy) = policy_json::load("fuzz", text) else { return };
    let catalogue = parts.next().and_then(|list| ToolCatalogue::parse(list).ok());
    let plain = look_over(text, &policy, None, false);
    let portable = look_over(text, &policy, None, true);
    assert!(plain.iter().all(|finding| portable.contains(finding)), "asking for more takes nothing away");
    if let Some(catalogue) = &catalogue {
        look_over(text, &policy, Some(catalogue), true);
    }
    let written = policy_json::to_json(&policy);
    let again = policy_json::load("fuzz", written.as_bytes()).expect("what was written loads");
    let again = look_over(written.as_bytes(), &again, None, false);
    assert_eq!(codes(&again), codes(&plain), "the same policy, the same findings");
}

fn look_over(
    text: &[u8],
    policy: &Policy,
    catalogue: Option<&ToolCatalogue>,
    portable: bool,
) -> Vec<Finding> {
    let found = lint(&LintInput { text, policy, catalogue, portable });
    assert!(found.is_sorted_by_key(|finding| finding.span.start), "in the order of the text");
    let source = str::from_utf8(text).expect("what loads is text");
    let parsed = Parsed::parse(text, DOCUMENT_CAPS).expect("what loads can be read");
    let pointers: Vec<_> = found.iter().map(|finding| (finding.pointer.as_str(), Part::Value)).collect();
    let places = parsed.locate(&pointers);
    for (finding, place) in found.iter().zip(places) {
        assert!(place.is_some(), "the pointer leads somewhere: {finding:?}");
        assert!(source.get(finding.span.clone()).is_some_and(|shown| !shown.is_empty()), "{finding:?}");
        assert!(!finding.to_string().contains(char::is_control), "one line of plain text: {finding:?}");
    }
    if let Some(last) = found.last() {
        assert_eq!(parsed.position(last.span.start), (last.line, last.column), "{last:?}");
    }
    found
}

fn codes(findings: &[Finding]) -> Vec<LintCode> {
    let mut codes: Vec<LintCode> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes
}
