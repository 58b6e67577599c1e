//! The format's own JSON Schema against the loader, both ways: what loads satisfies the schema, and what satisfies the schema
//! loads, up to what no schema can say. That is listed here, and in docs/policy-format.md.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod random;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use policy_core::Schema;
use policy_core::arguments::{Json, Kind};
use policy_json::{
    DOCUMENT_CAPS, Diagnostic, DiagnosticCode, FORMAT_SCHEMA, FORMAT_SCHEMA_ID, Parsed, load, load_schema,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use random::{cases, odd_text, policy};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| load_schema(FORMAT_SCHEMA.as_bytes()).unwrap());

/// What a schema cannot say: the codes with which the loader may refuse what the schema accepts, each with a document.
const UNSAID: [(DiagnosticCode, &str); 12] = [
    (DiagnosticCode::DuplicateKey, r#"{"version": "1", "default": "deny", "default": "deny"}"#),
    (
        DiagnosticCode::DuplicateLimit,
        r#"{"version": "1", "default": "deny", "all_tools": {"limits": [
            {"counter": "c", "window": 60, "max": 1}, {"counter": "c", "window": "minute", "max": 2}]}}"#,
    ),
    (
        DiagnosticCode::InvalidPath,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a[4294967296]", "op": "exists", "value": true}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPath,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args[\"\\ud800\"]", "op": "exists", "value": true}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPattern,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "regex", "value": "(?=a)"}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidPattern,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"schema": {"pattern": "(?=a)"}}}}"#,
    ),
    (
        DiagnosticCode::InvalidSchema,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"schema": {"type": "strin"}}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "path_within", "value": ["/a/../b"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "url_host_in", "value": ["a..example"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::InvalidValue,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "cidr_in", "value": ["10.0.0.1/8"]}]}]}}}"#,
    ),
    (
        DiagnosticCode::TooLarge,
        r#"{"version": "1", "default": "deny", "tools": {"t": {"require": [
            {"conditions": [{"path": "args.a", "op": "lt", "value": 1e10000}]}]}}}"#,
    ),
    (DiagnosticCode::InvalidJson, "{\"version\": \"1\", \"default\": \"deny\", }"),
];

/// Whether the loader alone can find this, so that the schema is not to blame for accepting the document.
fn is_unsaid(found: &Diagnostic) -> bool {
    let parts: Vec<&str> = found.pointer.split('/').collect();
    let is_listed = matches!(parts.as_slice(), [.., "value", place] if place.parse::<usize>().is_ok());
    let is_in_schema = matches!(parts.as_slice(), ["", "tools", _, "schema", ..]);
    match found.code {
        DiagnosticCode::DuplicateLimit => true,
        DiagnosticCode::InvalidPath => matches!(parts.as_slice(), [.., "path" | "increment_from"]),
        DiagnosticCode::InvalidPattern => is_in_schema || matches!(parts.as_slice(), [.., "value"]),
        DiagnosticCode::InvalidSchema | DiagnosticCode::TooLarge => is_in_schema,
        DiagnosticCode::InvalidValue => is_listed,
        _ => false,
    }
}

/// `None` for a text that cannot be read: neither has anything to say about it.
fn is_valid(text: &[u8]) -> Option<bool> {
    let parsed = Parsed::parse(text, DOCUMENT_CAPS).ok()?;
    Some(SCHEMA.check(parsed.root()?).is_ok())
}

/// Why schema and loader do not agree on a document, if they do not.
fn disagreement(text: &[u8]) -> Result<(), String> {
    let shown = || String::from_utf8_lossy(text);
    let Some(valid) = is_valid(text) else {
        return load("p", text)
            .map(|_| ())
            .map_or(Ok(()), |()| Err(format!("not JSON, and loads: {}", shown())));
    };
    match load("p", text) {
        Ok(_) if valid => Ok(()),
        Ok(_) => {
            let parsed = Parsed::parse(text, DOCUMENT_CAPS).unwrap();
            let violation = SCHEMA.check(parsed.root().unwrap()).unwrap_err();
            Err(format!("loads, but {violation}: {}", shown()))
        }
        Err(_) if !valid => Ok(()),
        Err(error) => {
            let found = error.diagnostics();
            // Of two members of one name the schema sees one.
            let is_ambiguous = found.iter().any(|found| found.code == DiagnosticCode::DuplicateKey);
            if is_ambiguous || found.iter().all(is_unsaid) {
                return Ok(());
            }
            Err(format!("satisfies the schema, but {error}: {}", shown()))
        }
    }
}

/// A document that can be taken apart: its numbers stay as they are written, and a name may stand twice.
#[derive(Clone, Debug)]
enum Doc {
    Plain(String),
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

impl Doc {
    fn parse(text: &str) -> Self {
        let parsed = Parsed::parse(text.as_bytes(), DOCUMENT_CAPS).unwrap();
        Self::read(&parsed, parsed.root().unwrap())
    }

    fn read(parsed: &Parsed<'_>, value: Json<'_>) -> Self {
        match value.kind() {
            Kind::Array => Self::List(value.elements().map(|element| Self::read(parsed, element)).collect()),
            Kind::Object => {
                let members = value.members();
                let members = members
                    .map(|(name, value)| (name.as_str().unwrap().to_owned(), Self::read(parsed, value)));
                Self::Object(members.collect())
            }
            _ => Self::Plain(parsed.raw(value).to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::List(elements) => {
                let elements: Vec<String> = elements.iter().map(Self::write).collect();
                format!("[{}]", elements.join(","))
            }
            Self::Object(members) => {
                let name = |name: &String| serde_json::Value::from(name.as_str()).to_string();
                let members: Vec<String> =
                    members.iter().map(|(text, value)| format!("{}:{}", name(text), value.write())).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::List(elements) => elements.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, value)| value).collect(),
        }
    }

    /// How many values are in it, itself included.
    fn count(&self) -> usize {
        1 + self.children().into_iter().map(Self::count).sum::<usize>()
    }

    /// The value of that number: itself is 0.
    fn at(&mut self, number: usize) -> &mut Self {
        if number == 0 {
            return self;
        }
        let (mut place, mut before) = (0, 1);
        for child in self.children() {
            if number < before + child.count() {
                break;
            }
            (place, before) = (place + 1, before + child.count());
        }
        match self {
            Self::Plain(_) => panic!("there are not so many"),
            Self::List(elements) => elements[place].at(number - before),
            Self::Object(members) => members[place].1.at(number - before),
        }
    }

    fn change(&mut self, change: &Change) {
        let target = change.target.index(self.count());
        let other = self.at(change.other.index(self.count())).clone();
        let target = self.at(target);
        match (&change.what, target) {
            (What::Replace(new), target) => *target = new.clone(),
            (What::Graft, target) => *target = other,
            (What::Remove, Self::List(elements)) if !elements.is_empty() => {
                elements.remove(change.member.index(elements.len()));
            }
            (What::Remove, Self::Object(members)) if !members.is_empty() => {
                members.remove(change.member.index(members.len()));
            }
            (What::Repeat, Self::List(elements)) if !elements.is_empty() => {
                elements.push(elements[change.member.index(elements.len())].clone());
            }
            (What::Repeat, Self::Object(members)) if !members.is_empty() => {
                members.push(members[change.member.index(members.len())].clone());
            }
            (What::Rename(name), Self::Object(members)) if !members.is_empty() => {
                let place = change.member.index(members.len());
                members[place].0.clone_from(name);
            }
            (What::Insert(_, value), Self::List(elements)) => elements.push(value.clone()),
            (What::Insert(name, value), Self::Object(members)) => {
                members.retain(|(other, _)| other != name);
                members.push((name.clone(), value.clone()));
            }
            (_, Self::Plain(text)) => *text = change.plain.clone(),
            _ => {}
        }
    }
}

/// One change of a document, at a random place in it.
#[derive(Clone, Debug)]
struct Change {
    what: What,
    target: Index,
    member: Index,
    other: Index,
    plain: String,
}

#[derive(Clone, Debug)]
enum What {
    Replace(Doc),
    Graft,
    Remove,
    Repeat,
    Rename(String),
    Insert(String, Doc),
}

fn field() -> impl Strategy<Value = String> {
    let known = "version default hide all_tools tools description $schema require deny_if approve_if schema limits action \
        reason rate_limit conditions on_deny mode path op value counter window max scope increment_from algorithm burst \
        lease on_store_error any_of Tools $comment x";
    let known: Vec<String> = known.split_whitespace().map(ToOwned::to_owned).collect();
    prop_oneof![9 => select(known), 1 => odd_text()]
}

/// Scalars as they are written: every word of the format, its neighbours, and what is near a bound.
fn plain() -> impl Strategy<Value = String> {
    let words = "1 2 allow deny require_approval Deny enforce shadow off minute hour day second week month grant session server \
        global user claim:team fixed_window sliding eq neq in not_in lt lte gt gte regex contains exists starts_with ends_with \
        path_within url_host_in cidr_in not matches args.a args.a.b args args. args.a..b args[0] args.a[0] args.a[00] \
        args.a[*] args[*] args.a.007 args.a.7 args.a[4294967295] args.a[4294967296] args.a]b args.[0] argsx x.a args[\"a.b\"] \
        args[\"[*]\"] args[\"\\u0041\"] args[\"\\ud800\"] args[\"\\x\"] args[\"a\"b args.a[*][*].c args.items[0][\"\"] / /a /a/ \
        //a /a/b a/b /a//b /../a /a/./b /a%2e /a/... example.com *.example.com https://example.com:1 HTTPS://example.com \
        gopher://a a:0 a:65536 a:01 [::1] ::1 [::1]:80 a@b a/b *.*.a 10.0.0.0/8 10.0.0.1/8 10.0.0.0/33 10.0.0.0/08 fd00::/8 \
        ::/129 010.0.0.1 ::ffff:10.0.0.0/104 (?=a) (?i)^a$ ( a{9999}{9999}";
    let words = words.split_whitespace().map(|word| serde_json::Value::from(word).to_string());
    let written = "null true false 0 -0 -1 1 1.0 1e0 0.5 1e-400 60 6e1 31536000 31536001 3.1536e7 18446744073709 \
        18446744073710 1.8446744073709e13 1e400 1e9999 -1e400 \"\" \" \" \"args.a b\" \"args.\\n\" \"\\u0000\"";
    let known: Vec<String> = words.chain(written.split_whitespace().map(ToOwned::to_owned)).collect();
    let odd = odd_text().prop_map(|text| serde_json::Value::from(text).to_string());
    let number = random::number_text();
    prop_oneof![12 => select(known), 1 => odd, 1 => number]
}

/// Any JSON that speaks of policies.
fn doc() -> impl Strategy<Value = Doc> {
    let condition = (plain(), plain(), plain(), 0..3_u8).prop_map(|(path, op, value, lists)| {
        let value = match lists {
            0 => Doc::List(vec![Doc::Plain(value)]),
            _ => Doc::Plain(value),
        };
        let member = |name: &str, value: Doc| (name.to_owned(), value);
        let members = [("path", Doc::Plain(path)), ("op", Doc::Plain(op)), ("value", value)];
        Doc::Object(members.into_iter().map(|(name, value)| member(name, value)).collect())
    });
    let leaf = prop_oneof![4 => plain().prop_map(Doc::Plain), 1 => condition];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Doc::List),
            prop::collection::btree_map(field(), inner, 0..4)
                .prop_map(|members| Doc::Object(members.into_iter().collect())),
        ]
    })
}

fn change() -> impl Strategy<Value = Change> {
    let what = prop_oneof![
        2 => doc().prop_map(What::Replace),
        1 => Just(What::Graft),
        2 => Just(What::Remove),
        1 => Just(What::Repeat),
        2 => field().prop_map(What::Rename),
        3 => (field(), doc()).prop_map(|(name, value)| What::Insert(name, value)),
    ];
    (what, any::<Index>(), any::<Index>(), any::<Index>(), plain())
        .prop_map(|(what, target, member, other, plain)| Change { what, target, member, other, plain })
}

/// One condition that nearly is one, since most of what can be wrong is in conditions.
fn in_a_condition() -> impl Strategy<Value = String> {
    let operators = policy_core::Operator::ALL.map(policy_core::Operator::name).to_vec();
    let value = prop_oneof![
        3 => plain(),
        3 => prop::collection::vec(plain(), 0..3).prop_map(|elements| format!("[{}]", elements.join(","))),
        1 => doc().prop_map(|doc| doc.write()),
    ];
    let path = prop_oneof![2 => Just("\"args.a\"".to_owned()), 1 => plain()];
    (path, select(operators), value).prop_map(|(path, op, value)| {
        let condition = format!(r#"{{"path": {path}, "op": "{op}", "value": {value}}}"#);
        format!(r#"{{"version": "1", "default": "deny", "all_tools": {{"require": [{{"conditions": [{condition}]}}]}}}}"#)
    })
}

/// One limit that nearly is one.
fn in_a_limit() -> impl Strategy<Value = String> {
    let or = |usual: &str| prop_oneof![2 => Just(usual.to_owned()), 1 => plain()];
    (or("\"c\""), or("60"), or("5"), or("\"grant\""), or("\"args.a\""), or("\"fixed_window\"")).prop_map(
        |(counter, window, max, scope, path, algorithm)| {
            let limit = format!(
                r#"{{"counter": {counter}, "window": {window}, "max": {max}, "scope": {scope}, "increment_from": {path}, "algorithm": {algorithm}}}"#
            );
            let rate_limit = format!(r#"{{"max": {max}, "window": {window}}}"#);
            format!(
                r#"{{"version": "1", "default": "deny", "tools": {{"t": {{"limits": [{limit}]}}, "u": {{"rate_limit": {rate_limit}}}}}}}"#
            )
        },
    )
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    disagreement(text.as_bytes()).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_policy_satisfies_the_schema(policy in policy()) {
        let text = policy_json::to_json(&policy);
        prop_assert_eq!(is_valid(text.as_bytes()), Some(true), "{}", text);
        agree(&text)?;
    }

    #[test]
    fn the_schema_and_the_loader_agree_on_a_policy_that_was_changed(
        policy in policy(), changes in prop::collection::vec(change(), 1..4)
    ) {
        let mut doc = Doc::parse(&policy_json::to_json(&policy));
        for change in &changes {
            doc.change(change);
            agree(&doc.write())?;
        }
    }

    #[test]
    fn they_agree_on_whatever_has_the_words_of_the_format(doc in doc()) {
        agree(&doc.write())?;
        let doc = doc.write();
        for field in ["hide", "all_tools", "tools", "description"] {
            agree(&format!(r#"{{"version": "1", "default": "deny", "{field}": {doc}}}"#))?;
        }
        agree(&format!(r#"{{"version": "1", "default": "deny", "tools": {{"t": {doc}}}}}"#))?;
    }
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn they_agree_on_conditions(text in in_a_condition()) {
        agree(&text)?;
    }

    #[test]
    fn they_agree_on_limits(text in in_a_limit()) {
        agree(&text)?;
    }
}

/// Every policy in a case file, as it is written there.
fn case_policies(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap();
    let parsed = Parsed::parse(&text, DOCUMENT_CAPS).unwrap();
    let root = parsed.root().unwrap();
    let cases = if root.kind() == Kind::Array { root.elements().collect() } else { vec![root] };
    let policy = |case: Json<'_>| match (case.get("policy"), case.get("policy_text")) {
        (Some(policy), _) => parsed.raw(policy).to_owned(),
        (None, text) => text.unwrap().as_str().unwrap().to_owned(),
    };
    cases.into_iter().map(policy).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let files = files.map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

#[test]
fn they_agree_on_every_policy_of_the_case_files() {
    let mut seen = 0;
    // Those beside the clone are looked at where they are.
    for path in files("cases").into_iter().chain(files("../shared/cases")) {
        for policy in case_policies(&path) {
            seen += 1;
            disagreement(policy.as_bytes()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        }
    }
    assert!(seen > 800, "{seen} policies");
}

#[test]
fn the_examples_satisfy_the_schema() {
    for path in ["examples/runpod/policy.json", "examples/guarded-server/policy.json"] {
        let text = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap();
        assert_eq!(is_valid(&text), Some(true), "{path}");
        assert!(load("p", &text).is_ok(), "{path}");
    }
}

/// The list of what no schema can say is no longer than it has to be: each of it happens.
#[test]
fn what_no_schema_can_say_is_accepted_by_it_and_refused_by_the_loader() {
    for (code, text) in UNSAID {
        let error = load("p", text.as_bytes()).unwrap_err();
        assert!(error.diagnostics().iter().all(|found| found.code == code), "{error}");
        // What cannot be read as JSON, no schema is ever asked about.
        assert_ne!(is_valid(text.as_bytes()), Some(false), "{text}");
        disagreement(text.as_bytes()).unwrap();
    }
}

/// The reference lists the same codes.
#[test]
fn the_reference_lists_what_no_schema_can_say() {
    let page = include_str!("../../../docs/policy-format.md");
    let section =
        page.split("### 15.1 What the schema cannot say").nth(1).unwrap().split("\n## ").next().unwrap();
    for code in DiagnosticCode::ALL {
        let is_listed = section.contains(&format!("\n| `{}` |", code.name()));
        let is_unsaid = UNSAID.iter().any(|(unsaid, _)| *unsaid == code);
        // Said of a build without features, which this is not.
        assert_eq!(is_listed, is_unsaid || code == DiagnosticCode::NotSupported, "{}", code.name());
    }
}

/// Editors show these texts.
#[test]
fn every_field_has_a_title_and_a_description() {
    fn look(schema: &serde_json::Value, root: &serde_json::Value, fields: &mut usize) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            *fields += 1;
            let target = field["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
            let target = target.map_or(field, |pointer| root.pointer(pointer).unwrap());
            for text in ["title", "description"] {
                assert!(field[text].is_string() || target[text].is_string(), "`{name}` has no {text}");
            }
        }
        for child in ["$defs", "properties"].into_iter().filter_map(|of| schema[of].as_object()) {
            // What stands under `allOf` speaks of fields that have their texts already.
            child.values().for_each(|schema| look(schema, root, fields));
        }
    }
    let schema: serde_json::Value = serde_json::from_str(FORMAT_SCHEMA).unwrap();
    let mut fields = 0;
    look(&schema, &schema, &mut fields);
    assert!(fields > 30, "{fields}");
    assert_eq!(schema["$id"], FORMAT_SCHEMA_ID);
}

/// Keywords that refuse something. `type` beside a list of words refuses nothing more, and is there for editors.
fn constraints(schema: &serde_json::Value, at: &str, found: &mut Vec<(String, &'static str)>) {
    const KEYWORDS: [&str; 14] = [
        "type",
        "required",
        "additionalProperties",
        "enum",
        "const",
        "pattern",
        "minLength",
        "minimum",
        "maximum",
        "uniqueItems",
        "items",
        "anyOf",
        "then",
        "$ref",
    ];
    let Some(members) = schema.as_object() else { return };
    let is_field = at.ends_with("/properties") || at.ends_with("/$defs");
    if !is_field && !at.ends_with("/if") {
        let has_words =
            members.contains_key("enum") || members.contains_key("const") || members.contains_key("anyOf");
        for keyword in KEYWORDS {
            if members.contains_key(keyword) && !(keyword == "type" && has_words) {
                found.push((at.to_owned(), keyword));
            }
        }
    }
    for (name, value) in members {
        if matches!(name.as_str(), "examples" | "default" | "enum" | "if") && !is_field {
            continue;
        }
        if name == "allOf" {
            for (place, branch) in value.as_array().into_iter().flatten().enumerate() {
                constraints(branch, &format!("{at}/allOf/{place}"), found);
            }
        } else {
            constraints(value, &format!("{at}/{}", policy_core::escape(name)), found);
        }
    }
}

/// The tests above would see it if any of the schema were left out: each keyword refuses something that does not load, and
/// that nothing else in the schema refuses.
#[test]
fn every_keyword_of_the_schema_refuses_something() {
    let schema: serde_json::Value = serde_json::from_str(FORMAT_SCHEMA).unwrap();
    let mut keywords = Vec::new();
    constraints(&schema, "", &mut keywords);
    assert!(keywords.len() > 80, "{}", keywords.len());

    let mut documents =
        case_policies(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/load-errors.json")));
    documents.extend(one_thing_wrong());
    documents.retain(|text| is_valid(text.as_bytes()) == Some(false));
    let parsed: Vec<_> =
        documents.iter().map(|text| Parsed::parse(text.as_bytes(), DOCUMENT_CAPS).unwrap()).collect();
    let mut idle = Vec::new();
    for (at, keyword) in keywords {
        let mut weaker = schema.clone();
        weaker.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(keyword);
        let weaker = load_schema(weaker.to_string().as_bytes()).unwrap();
        if parsed.iter().all(|document| weaker.check(document.root().unwrap()).is_err()) {
            idle.push(format!("{at}/{keyword}"));
        }
    }
    assert_eq!(idle, [""; 0]);
}

/// A policy that has every field, with one thing wrong in each.
fn one_thing_wrong() -> Vec<String> {
    let group = r#"{"conditions": [{"path": "args.a", "op": "eq", "value": 1}], "on_deny": "x", "mode": "shadow", "description": "x"}"#;
    let limit = r#"{"counter": "c", "window": 60, "max": 1, "scope": "grant", "increment_from": "args.a", "on_deny": "x",
        "mode": "shadow", "algorithm": "fixed_window", "description": "x"}"#;
    let lists = format!(
        r#""require": [{group}], "deny_if": [{group}], "approve_if": [{group}], "limits": [{limit}], "description": "x""#
    );
    let whole = format!(
        r#"{{"$schema": "x", "version": "1", "default": "deny", "description": "x", "hide": ["a", "b"], "all_tools": {{{lists}}},
        "tools": {{"t": {{"schema": true, "action": "deny", "reason": "x", "rate_limit": {{"max": 1, "window": 60}}, {lists}}}}}}}"#
    );
    disagreement(whole.as_bytes()).unwrap();
    assert_eq!(is_valid(whole.as_bytes()), Some(true));
    let whole = Doc::parse(&whole);
    let mut documents = Vec::new();
    let mut with = |number: usize, doc: Doc| {
        let mut changed = whole.clone();
        *changed.at(number) = doc;
        documents.push(changed.write());
    };
    for number in 0..whole.clone().count() {
        let wrong = [
            "null",
            "7",
            "-1",
            "0.5",
            "1e30",
            "\"\"",
            "\"x\"",
            "[null]",
            "[\"a\", \"a\"]",
            "[\"\"]",
            "{\"x\": 1}",
        ];
        wrong.into_iter().for_each(|wrong| with(number, Doc::parse(wrong)));
        let value = whole.clone().at(number).clone();
        match value {
            Doc::Object(members) => {
                for place in 0..members.len() {
                    let mut fewer = members.clone();
                    fewer.remove(place);
                    with(number, Doc::Object(fewer));
                }
                let more = members.into_iter().chain([("x".to_owned(), Doc::Plain("1".to_owned()))]);
                with(number, Doc::Object(more.collect()));
            }
            Doc::List(_) | Doc::Plain(_) => {}
        }
    }
    for (op, value) in [
        ("in", "1"),
        ("lt", "\"1\""),
        ("regex", "1"),
        ("exists", "1"),
        ("ends_with", "1"),
        ("path_within", "\"/a\""),
        ("path_within", "[1]"),
        ("path_within", "[\"a\"]"),
        ("url_host_in", "\"a\""),
        ("url_host_in", "[1]"),
        ("url_host_in", "[\"a/b\"]"),
        ("cidr_in", "\"::1\""),
        ("cidr_in", "[1]"),
        ("cidr_in", "[\"a/b\"]"),
    ] {
        let condition = format!(r#"{{"path": "args.a", "op": "{op}", "value": {value}}}"#);
        documents.push(format!(
            r#"{{"version": "1", "default": "deny", "all_tools": {{"require": [{{"conditions": [{condition}]}}]}}}}"#
        ));
    }
    documents.iter().for_each(|text| disagreement(text.as_bytes()).unwrap());
    documents
}
