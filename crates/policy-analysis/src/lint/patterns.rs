//! Patterns: where they are not anchored, where a dot is meant and any character is said, and how large they are.

use policy_core::{PATTERN_SIZE_MAX, Value};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::code::LintCode;
use super::finding::{Findings, shown};
use super::rules::{ConditionAt, Groups, List};

/// The size of a pattern, compiled, from which on it is said to be large.
const LARGE: usize = PATTERN_SIZE_MAX / 4;

pub(super) fn check(groups: Groups<'_>, findings: &mut Findings) {
    for at in groups.iter() {
        for condition in at.conditions().filter(|condition| condition.op() == "regex") {
            let Value::String(pattern) = condition.condition.value() else { continue };
            let Some(hir) = parse(pattern) else { continue };
            large(&condition, pattern, findings);
            if finds_always(&hir) {
                let what = match at.list {
                    List::Require => "so it asks only that the argument is a text",
                    List::DenyIf => "so every text is denied",
                    List::ApproveIf => "so every text is asked about",
                };
                let message = format!("this pattern is found in every text, {what}");
                let help =
                    "say what the text is to look like; patterns search, they do not match the whole text";
                findings.add(LintCode::AlwaysHolds, condition.field("value"), message, help.to_owned());
            } else if at.list == List::Require && at.enforces() {
                unanchored(&condition, pattern, &hir, findings);
                unescaped_dot(&condition, pattern, findings);
            }
        }
    }
}

/// The pattern as the engine reads it.
pub(super) fn parse(pattern: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new().nest_limit(64).build().parse(pattern).ok()
}

/// Whether it is found in every text: it matches the empty text, and asks for nothing but the beginning around it.
fn finds_always(hir: &Hir) -> bool {
    let looks = hir.properties().look_set();
    hir.properties().minimum_len() == Some(0) && looks.iter().all(|look| look == Look::Start)
}

fn unanchored(at: &ConditionAt<'_>, pattern: &str, hir: &Hir, findings: &mut Findings) {
    let properties = hir.properties();
    let start = properties.look_set_prefix().contains(Look::Start) || open(hir, false);
    let end = properties.look_set_suffix().contains(Look::End) || open(hir, true);
    // `^https://example\.com/` is how a prefix is written that cannot be gone on with.
    let end = end || (start && pattern.ends_with('/'));
    let by_line = properties.look_set().contains_anchor_lf();
    let (what, help) = match (start, end) {
        (true, true) => return,
        _ if by_line => ("matches a line of the text, whatever the others are", "take `(?m)` out"),
        (false, false) => (
            "matches a part of the text, whatever stands around it",
            "write `^(?:...)$` to match the whole, or `.*` where anything may stand",
        ),
        (false, true) => (
            "matches the end of the text, whatever stands before it",
            "begin it with `^`, or with `.*` where anything may stand; `^a|b` anchors `a` alone",
        ),
        (true, false) => (
            "matches the beginning of the text, whatever comes after it",
            "end it with `$`, or with `.*` where anything may come; `a|b$` anchors `b` alone",
        ),
    };
    let message = format!("`{}` {what}", shown(pattern));
    findings.add(LintCode::UnanchoredPattern, at.field("value"), message, help.to_owned());
}

/// Whether the pattern says itself that anything may stand at this end: `.*`, `[\s\S]*`.
fn open(hir: &Hir, at_end: bool) -> bool {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let part = if at_end { parts.last() } else { parts.first() };
            part.is_some_and(|part| open(part, at_end))
        }
        HirKind::Capture(capture) => open(&capture.sub, at_end),
        HirKind::Repetition(repetition) => {
            repetition.max.is_none()
                && match repetition.sub.kind() {
                    // Anything, or anything but the end of the line: few characters are left out.
                    HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
                        class.ranges().len() <= 2
                            && class.iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum::<usize>()
                                > 1_000_000
                    }
                    _ => false,
                }
        }
        _ => false,
    }
}

/// The ends of host names that are looked for.
const ENDS: [&str; 18] = [
    "com", "org", "net", "io", "dev", "ai", "app", "cloud", "gov", "edu", "co", "de", "uk", "eu", "internal",
    "local", "example", "test",
];

/// `api.example.com` in a pattern: each dot stands for any character.
fn unescaped_dot(at: &ConditionAt<'_>, pattern: &str, findings: &mut Findings) {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let bytes = pattern.as_bytes();
    let mut before = b' ';
    let mut inside_class = false;
    let mut position = 0_usize;
    while let Some(byte) = bytes.get(position).copied() {
        match byte {
            b'\\' => {
                position = position.saturating_add(1);
                before = b' ';
            }
            b'[' => inside_class = true,
            b']' => inside_class = false,
            b'.' if !inside_class && letter(before) => {
                let rest = pattern.get(position.saturating_add(1)..).unwrap_or_default();
                let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                let (word, after) = rest.split_at_checked(word).unwrap_or((rest, ""));
                let ends_there =
                    after.is_empty() || after.starts_with(['/', '$', ':', ')', '|', '\\', '(', '[']);
                if ends_there && ENDS.contains(&word) {
                    let message = format!("the dot before `{word}` stands for any character");
                    let help = "write `\\\\.` (a backslash is doubled in JSON)".to_owned();
                    return findings.add(LintCode::UnescapedDot, at.field("value"), message, help);
                }
            }
            _ => {}
        }
        if byte != b'\\' {
            before = byte;
        }
        position = position.saturating_add(1);
    }
}

fn large(at: &ConditionAt<'_>, pattern: &str, findings: &mut Findings) {
    // Compiling it once more is dear, and only what repeats or names large classes can be large.
    let can_be = pattern.len() > 1_000 || pattern.contains('{');
    if can_be && regex::RegexBuilder::new(pattern).size_limit(LARGE).nest_limit(64).build().is_err() {
        let (large, most) = (LARGE >> 10, PATTERN_SIZE_MAX >> 10);
        let message = format!("compiled, this pattern takes more than {large} KiB; {most} KiB is the most");
        let help = "repeat less: `\\w{500}` is 500 copies of a large class; `[0-9A-Za-z_]` is a small one"
            .to_owned();
        findings.add(LintCode::LargePattern, at.field("value"), message, help);
    }
}
