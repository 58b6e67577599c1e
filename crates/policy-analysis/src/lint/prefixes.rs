//! Paths and addresses that are judged by a part of them. A finding is made only where a bad value was tried and every rule
//! of the tool on that argument let it pass.

use policy_core::{Outcome, Sense, TypeMismatch, Value};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::code::LintCode;
use super::finding::{Findings, shown};
use super::patterns;
use super::rules::{ConditionAt, GroupAt, Groups, List, arguments, names};
use crate::values::as_arguments;

/// How many beginnings of one pattern are tried.
const PREFIXES_MAX: usize = 8;

pub(super) fn check(owned: Groups<'_>, findings: &mut Findings) {
    for at in owned.iter().filter(|at| at.list == List::Require && at.enforces()) {
        for condition in at.conditions() {
            let begun =
                prefixes(&condition).into_iter().filter_map(|prefix| bad_beginning(&prefix, &condition));
            for bad in begun.chain(bad_part(&condition)) {
                if let Some(value) = bad.values.iter().find(|value| passes(owned, &condition, value)) {
                    let message = format!("{} such as `{}` passes as well", bad.what, shown(value));
                    findings.add(bad.code, condition.field("value"), message, bad.help.to_owned());
                    break;
                }
            }
        }
    }
}

/// How texts begin that satisfy the condition, as far as it says so.
fn prefixes(at: &ConditionAt<'_>) -> Vec<String> {
    match (at.op(), at.condition.value()) {
        ("starts_with", Value::String(prefix)) => vec![prefix.to_string()],
        ("regex", Value::String(pattern)) => {
            let hir = patterns::parse(pattern);
            let anchored = |hir: &Hir| hir.properties().look_set_prefix().contains(Look::Start);
            hir.filter(anchored).map(|hir| literals(&hir)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The literal beginnings of a pattern that is anchored at the start.
fn literals(hir: &Hir) -> Vec<String> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let mut prefixes = vec![String::new()];
    for part in parts {
        let (grown, whole) = match part.kind() {
            HirKind::Look(_) => continue,
            HirKind::Literal(literal) => (grow(&prefixes, [&*literal.0]), true),
            HirKind::Alternation(branches) => alternatives(&prefixes, branches),
            HirKind::Capture(capture) => match capture.sub.kind() {
                HirKind::Literal(literal) => (grow(&prefixes, [&*literal.0]), true),
                HirKind::Alternation(branches) => alternatives(&prefixes, branches),
                _ => (None, false),
            },
            _ => (None, false),
        };
        match grown {
            Some(grown) if grown.len() <= PREFIXES_MAX => prefixes = grown,
            _ => break,
        }
        if !whole {
            break;
        }
    }
    prefixes
}

fn alternatives(prefixes: &[String], branches: &[Hir]) -> (Option<Vec<String>>, bool) {
    let literal = |branch: &Hir| match branch.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_vec()),
        _ => None,
    };
    let texts: Option<Vec<Vec<u8>>> = branches.iter().map(literal).collect();
    match texts {
        Some(texts) => (grow(prefixes, texts.iter().map(Vec::as_slice)), true),
        None => (None, false),
    }
}

fn grow<'l>(prefixes: &[String], literals: impl IntoIterator<Item = &'l [u8]>) -> Option<Vec<String>> {
    let mut grown = Vec::new();
    for literal in literals {
        let literal = std::str::from_utf8(literal).ok()?;
        grown.extend(prefixes.iter().map(|prefix| format!("{prefix}{literal}")));
    }
    Some(grown)
}

/// Values that begin well and lead elsewhere.
struct BadValues {
    code: LintCode,
    what: &'static str,
    help: &'static str,
    values: Vec<String>,
}

/// What begins so and is no such path or address.
fn bad_beginning(prefix: &str, at: &ConditionAt<'_>) -> Option<BadValues> {
    if let Some((_, authority)) = prefix.split_once("://") {
        let is_open = !authority.is_empty() && !authority.contains(['/', '?', '#', '@']);
        return is_open.then(|| BadValues {
            code: LintCode::AddressPart,
            what: "this judges an address by how it begins: another host",
            help: "close the host with `/`, or judge the host itself with `url_host_in`",
            values: vec![
                format!("{prefix}.attacker.example/"),
                format!("{prefix}.attacker.example"),
                format!("{prefix}@attacker.example/"),
            ],
        });
    }
    let drive = matches!(prefix.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let rooted = prefix.starts_with('/') || prefix.starts_with("~/") || drive;
    if prefix.is_empty() || !(rooted || (is_path_name(at.path()) && at.op() == "starts_with")) {
        return None;
    }
    let separator = if prefix.contains('\\') { '\\' } else { '/' };
    let up = format!("..{separator}..{separator}etc{separator}passwd");
    let values = if prefix.ends_with(separator) {
        vec![format!("{prefix}{up}")]
    } else {
        vec![format!("{prefix}{separator}{up}"), format!("{prefix}-other{separator}file")]
    };
    Some(BadValues {
        code: LintCode::PathPrefix,
        what: "this judges a path by how it begins: a path to elsewhere",
        help: "judge it with `path_within`, or require also that it has no `..`, and end the directory with `/`",
        values,
    })
}

/// What ends so, or has this in it, and is no such address.
fn bad_part(at: &ConditionAt<'_>) -> Option<BadValues> {
    let Value::String(part) = at.condition.value() else { return None };
    if !is_address_name(at.path()) || !part.contains('.') {
        return None;
    }
    let values = match at.op() {
        "ends_with" => vec![format!("attacker-{part}"), format!("https://attacker.example/?{part}")],
        "contains" => vec![format!("https://attacker.example/?{part}"), format!("{part}.attacker.example")],
        _ => return None,
    };
    Some(BadValues {
        code: LintCode::AddressPart,
        what: "this judges an address by a part of it: another host",
        help: "judge the host itself with `url_host_in`, or compare the whole with `eq` or `in`",
        // A mailbox or a host that ends in a whole name is what it looks like.
        values: if at.op() == "ends_with" && part.starts_with(['.', '@']) && !is_url_name(at.path()) {
            return None;
        } else {
            values
        },
    })
}

/// Whether an argument of this name is likely to be an address or a host.
fn is_address_name(path: &str) -> bool {
    let name = last_name(path);
    is_url_name(path) || ["host", "hostname", "domain", "email"].iter().any(|end| name.ends_with(end))
}

fn is_url_name(path: &str) -> bool {
    let name = last_name(path);
    ["url", "uri", "endpoint", "webhook", "href", "link"].iter().any(|end| name.ends_with(end))
}

fn last_name(path: &str) -> String {
    path.rsplit('.').next().unwrap_or_default().to_lowercase().replace(['_', '-'], "")
}

/// Whether an argument of this name is likely to be a path, by the names that servers use.
fn is_path_name(path: &str) -> bool {
    let name = last_name(path);
    ["path", "paths", "file", "filename", "filepath", "cwd", "workdir", "dir", "directory", "folder", "root"]
        .iter()
        .any(|known| name == *known)
        || ["path", "dir", "directory", "file", "folder"].iter().any(|end| name.ends_with(end))
}

/// Whether the rules that look at this argument alone let the value pass.
fn passes(owned: Groups<'_>, at: &ConditionAt<'_>, value: &str) -> bool {
    let Some(names) = names(at.condition.path()) else { return false };
    let alone = |other: &GroupAt<'_>| other.conditions().all(|condition| condition.path() == at.path());
    let judged = as_arguments(&arguments(&names, Value::String(value.into())), |root| {
        at.condition.judge(root, Sense::Permits) == Outcome::Holds
            && owned.iter().filter(GroupAt::enforces).all(|group| match group.list {
                // Of a group that must hold, every condition must.
                List::Require => group
                    .conditions()
                    .filter(|condition| condition.path() == at.path())
                    .all(|condition| condition.condition.judge(root, Sense::Permits) == Outcome::Holds),
                List::DenyIf | List::ApproveIf => {
                    !alone(&group)
                        || group.group.judge(root, TypeMismatch::Deny, Sense::Forbids).0 == Outcome::False
                }
            })
    });
    judged.unwrap_or(false)
}
