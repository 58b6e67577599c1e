//! Policies and arguments as texts, made of choices. Every policy loads. Names, values and counters come from a few, so
//! that calls and rules often meet.

use std::collections::HashSet;

use policy_core::Operator;

use crate::choices::Choices;

/// What no message may show: everything of a call that has this in it. No text of the engine's has.
pub(crate) const SECRET: char = '§';
/// A number that no message may show.
pub(crate) const SECRET_NUMBER: &str = "31415926";

/// Tools, some of which are in no policy or have no valid name.
pub(crate) const TOOLS: [&str; 7] = ["t", "u", "a/b~c", "*", "", "t\u{200b}", "tool§§§§§§"];
const PATHS: [&str; 10] = [
    "args.a",
    "args.b",
    "args.a.b",
    "args.x y",
    "args.0a",
    "args.__proto__",
    "args[\\\"a.b\\\"]",
    "args.a[0]",
    "args.a.1",
    "args.b[\\\"a\\\"][0]",
];
/// Those that no cost is taken from.
const PATHS_TO_MANY: [&str; 4] = ["args.a[*]", "args.b[*]", "args.a[*].b", "args.a[*][*]"];
const NAMES: [&str; 7] = ["a", "b", "x y", "0a", "__proto__", "a.b", "§name§name"];
const COUNTERS: [&str; 4] = ["c", "d", "rate_limit:t", "c\u{0}d"];
const WINDOWS: [(&str, u32); 8] = [
    ("\"minute\"", 60),
    ("60", 60),
    ("\"hour\"", 3_600),
    ("\"day\"", 86_400),
    ("1", 1),
    ("7", 7),
    ("6e2", 600),
    ("31536000", 31_536_000),
];
const MAXIMA: [&str; 8] = ["2", "1", "0", "3", "1e1", "5.0", "1000", "18446744073709"];
const SCOPES: [&str; 4] = ["grant", "session", "server", "global"];
const PATTERNS: [&str; 6] = ["", "^a", "b+$", "^[a-z]{1,3}$", "(?i)A|\\u00e9", "^(a|b)*c"];
const TEXTS: [&str; 4] = ["", "no", "Ask \\\"somebody\\\"\\nelse.", "\\u0000\\u001b[31m"];
const NUMBERS: [&str; 16] = [
    "1",
    "0",
    "2",
    "-0",
    "0.1",
    "1.50",
    "1e-6",
    "1e-7",
    "-1",
    "10e-1",
    "1e3",
    "18446744073709.551615",
    "18446744073709.551616",
    "1e400",
    "9007199254740993",
    "31415926.535897",
];
const STRINGS: [&str; 19] = [
    "a",
    "",
    "1",
    "abc",
    "\\u00e9",
    "§secret§text",
    "\\u00a7secret\\u00a7escaped",
    "/a/§secret§",
    "/a/../§secret§",
    "/a-b",
    "/a",
    "http://a.example/§secret§",
    "https://x.a.example:8443/",
    "http://§secret§@a.example/",
    "http://[::1]/",
    "http://167772161/",
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "010.0.0.1",
];
pub(crate) const DIRECTORIES: [&str; 4] = ["/a", "/", "/b/c", "/a/b"];
pub(crate) const HOSTS: [&str; 5] =
    ["a.example", "*.a.example", "https://x.a.example:8443", "[::1]", "10.0.0.1"];
pub(crate) const NETWORKS: [&str; 5] = ["10.0.0.0/8", "::1", "::/0", "0.0.0.0/0", "::ffff:10.0.0.0/104"];

/// A policy.
pub(crate) fn policy(choices: &mut Choices<'_>) -> String {
    let default = choices.one_of(&["deny", "allow"]);
    let mut fields = vec![r#""version": "1""#.to_owned(), format!(r#""default": "{default}""#)];
    if choices.once_in(8) {
        let hidden = some_of(choices, &["u", "*", "no such tool", "a/b~c"]);
        fields.push(format!(r#""hide": [{}]"#, list(hidden.into_iter().map(quoted))));
    }
    if choices.once_in(3) {
        fields.push(format!(r#""all_tools": {{"limits": {}}}"#, limits(choices)));
    }
    let named = some_of(choices, &["u", "a/b~c", "*", "", "tool§§§§§§"]);
    let tools = std::iter::once("t").chain(named).map(|name| format!("{}: {}", quoted(name), tool(choices)));
    fields.push(format!(r#""tools": {{{}}}"#, list(tools)));
    format!("{{{}}}", list(fields))
}

fn tool(choices: &mut Choices<'_>) -> String {
    let mut fields = Vec::new();
    if choices.once_in(2) {
        fields.push(format!(r#""limits": {}"#, limits(choices)));
    }
    if choices.once_in(3) {
        fields.push(format!(r#""deny_if": {}"#, groups(choices)));
    }
    if choices.once_in(3) {
        fields.push(format!(r#""require": {}"#, groups(choices)));
    }
    if choices.once_in(6) {
        let (max, window) = (choices.one_of(&MAXIMA), choices.one_of(&["60", "1", "86400"]));
        fields.push(format!(r#""rate_limit": {{"max": {max}, "window": {window}}}"#));
    }
    if choices.once_in(16) {
        fields.push(r#""action": "deny""#.to_owned());
    }
    if choices.once_in(16) {
        fields.push(format!(r#""reason": "{}""#, choices.one_of(&TEXTS)));
    }
    format!("{{{}}}", list(fields))
}

fn groups(choices: &mut Choices<'_>) -> String {
    let count = choices.below(3) + 1;
    format!("[{}]", list((0..count).map(|_| group(choices)).collect::<Vec<_>>()))
}

fn group(choices: &mut Choices<'_>) -> String {
    let count = choices.one_of(&[1_usize, 1, 2, 0, 3]);
    let conditions: Vec<_> = (0..count).map(|_| condition(choices)).collect();
    let mut fields = vec![format!(r#""conditions": [{}]"#, list(conditions))];
    add_texts(choices, &mut fields);
    format!("{{{}}}", list(fields))
}

fn condition(choices: &mut Choices<'_>) -> String {
    let path = if choices.once_in(4) { choices.one_of(&PATHS_TO_MANY) } else { choices.one_of(&PATHS) };
    let operator = choices.one_of(&Operator::ALL);
    let value = match operator {
        Operator::In | Operator::NotIn => {
            let count = choices.below(4);
            format!("[{}]", list((0..count).map(|_| value(choices, 1, Names::Once)).collect::<Vec<_>>()))
        }
        Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => choices.one_of(&NUMBERS).to_owned(),
        Operator::Regex => quoted(choices.one_of(&PATTERNS)),
        Operator::StartsWith | Operator::EndsWith => quoted(choices.one_of(&STRINGS)),
        Operator::PathWithin => listed(choices, &DIRECTORIES),
        Operator::UrlHostIn => listed(choices, &HOSTS),
        Operator::CidrIn => listed(choices, &NETWORKS),
        Operator::Exists => choices.one_of(&["true", "false"]).to_owned(),
        _ => value(choices, 2, Names::Once),
    };
    // A policy's own texts may be shown, and secrets are those of calls.
    let value = value.replace([SECRET], "s").replace("\\u00a7", "s").replace(SECRET_NUMBER, "3");
    format!(r#"{{"path": "{path}", "op": "{}", "value": {value}}}"#, operator.name())
}

fn listed(choices: &mut Choices<'_>, all: &[&str]) -> String {
    format!("[{}]", list(some_of(choices, all).into_iter().map(quoted)))
}

fn limits(choices: &mut Choices<'_>) -> String {
    let mut known = HashSet::new();
    let mut limits = Vec::new();
    for _ in 0..choices.below(3) + 1 {
        let (counter, (window, seconds)) = (choices.one_of(&COUNTERS), choices.one_of(&WINDOWS));
        let max = choices.one_of(&MAXIMA);
        let counter_text = quoted(&counter.replace('\0', "\\u0000"));
        let mut fields = vec![format!(r#""counter": {counter_text}, "window": {window}, "max": {max}"#)];
        if choices.once_in(2) {
            fields.push(format!(r#""scope": "{}""#, choices.one_of(&SCOPES)));
        }
        if choices.once_in(3) {
            fields.push(format!(r#""increment_from": "{}""#, choices.one_of(&PATHS)));
        }
        add_texts(choices, &mut fields);
        if known.insert((counter, seconds)) {
            limits.push(format!("{{{}}}", list(fields)));
        }
    }
    format!("[{}]", list(limits))
}

/// What groups and limits can both have.
fn add_texts(choices: &mut Choices<'_>, fields: &mut Vec<String>) {
    match choices.below(8) {
        7 => fields.push(r#""mode": "shadow""#.to_owned()),
        6 => fields.push(format!(r#""mode": "shadow", "on_deny": "{}""#, choices.one_of(&TEXTS))),
        5 => fields.push(format!(r#""on_deny": "{}""#, choices.one_of(&TEXTS))),
        _ => {}
    }
}

/// The arguments of a call; `None` where it has none. Often an object, sometimes other JSON, sometimes no JSON at all.
pub(crate) fn arguments(choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    match choices.below(16) {
        15 => None,
        14 => {
            let count = choices.below(32);
            Some(choices.bytes(count).to_vec())
        }
        13 => Some(value(choices, 3, Names::Any).into_bytes()),
        12 => {
            // Deeper than arguments may be, or nearly so.
            let depth = choices.below(80);
            Some(format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes())
        }
        _ => Some(object(choices, 2, Names::Any).into_bytes()),
    }
}

/// Which names an object may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// None of them twice, as in a policy.
    Once,
    /// Whatever comes.
    Any,
}

fn object(choices: &mut Choices<'_>, depth: usize, names: Names) -> String {
    let mut known = HashSet::new();
    let mut members = Vec::new();
    for _ in 0..choices.below(4) {
        let name = choices.one_of(&NAMES);
        let member = format!("{}: {}", quoted(name), value(choices, depth, names));
        if known.insert(name) || names == Names::Any {
            members.push(member);
        }
    }
    format!("{{{}}}", list(members))
}

fn value(choices: &mut Choices<'_>, depth: usize, names: Names) -> String {
    match choices.below(8) {
        0..=2 => choices.one_of(&NUMBERS).to_owned(),
        3 | 4 => quoted(choices.one_of(&STRINGS)),
        5 => choices.one_of(&["null", "true", "false"]).to_owned(),
        6 if depth > 0 => {
            let count = choices.below(3);
            format!("[{}]", list((0..count).map(|_| value(choices, depth - 1, names)).collect::<Vec<_>>()))
        }
        7 if depth > 0 => object(choices, depth - 1, names),
        _ => "1".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn list(parts: impl IntoIterator<Item: AsRef<str>>) -> String {
    let parts: Vec<_> = parts.into_iter().map(|part| part.as_ref().to_owned()).collect();
    parts.join(", ")
}

/// Some of them, each at most once.
fn some_of<'t>(choices: &mut Choices<'_>, all: &[&'t str]) -> Vec<&'t str> {
    all.iter().copied().filter(|_| choices.once_in(4)).collect()
}
