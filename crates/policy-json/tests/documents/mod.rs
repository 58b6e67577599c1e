//! Documents that are nearly policies: what is changed in one that is, and what has the words of the format in it.

use policy_core::Operator;
use policy_core::arguments::{Json, Kind};
use policy_json::{DOCUMENT_CAPS, Parsed};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::random::{number_text, odd_text};

/// A document that can be taken apart: its numbers stay as they are written, and a name may stand twice.
#[derive(Clone, Debug)]
pub(crate) enum Doc {
    Plain(String),
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

impl Doc {
    pub(crate) fn parse(text: &str) -> Self {
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

    pub(crate) fn write(&self) -> String {
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
    pub(crate) fn count(&self) -> usize {
        1 + self.children().into_iter().map(Self::count).sum::<usize>()
    }

    /// The value of that number: itself is 0.
    pub(crate) fn at(&mut self, number: usize) -> &mut Self {
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

    pub(crate) fn change(&mut self, change: &Change) {
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
pub(crate) struct Change {
    what: What,
    target: Index,
    member: Index,
    other: Index,
    plain: String,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
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
    let number = number_text();
    prop_oneof![12 => select(known), 1 => odd, 1 => number]
}

/// Any JSON that speaks of policies.
pub(crate) fn doc() -> impl Strategy<Value = Doc> {
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

pub(crate) fn change() -> impl Strategy<Value = Change> {
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
pub(crate) fn in_a_condition() -> impl Strategy<Value = String> {
    let operators = Operator::ALL.map(Operator::name).to_vec();
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
pub(crate) fn in_a_limit() -> impl Strategy<Value = String> {
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
