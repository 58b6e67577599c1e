//! Random policies and random calls, for the properties that hold of all of them. Names and values are mostly drawn from a
//! few, so that rules and arguments meet; the others are as odd as they get. What is asked of them stands in the tests.
#![allow(dead_code, reason = "each test uses what it needs of it")]

use policy_core::{
    Action, AllTools, Amount, Condition, DefaultEffect, Group, Limit, Mode, Number, Operator, Path, Policy,
    RateLimit, Scope, Tool, Value, Window,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value as Json;

/// How often a property is tried. What fails is printed, small; nothing is kept in files.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Any characters: controls, quotes, marks that write from the right, some beyond the sixteenth bit.
pub(crate) fn odd_text() -> impl Strategy<Value = String> {
    let odd = select(vec![
        '"',
        '\\',
        '/',
        '\0',
        '\n',
        '\u{7f}',
        '\u{85}',
        '\u{2028}',
        '\u{feff}',
        '\u{202e}',
        'é',
        '\u{301}',
        '🦀',
        '\u{10ffff}',
        '~',
        '*',
        ' ',
        '{',
    ]);
    let character = prop_oneof![2 => odd, 1 => any::<char>(), 1 => prop::char::range('a', 'c')];
    prop::collection::vec(character, 0..6).prop_map(String::from_iter)
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    let known = ["", "a", "b", "abc", "1", "true"].map(ToOwned::to_owned);
    prop_oneof![3 => select(known.to_vec()), 1 => odd_text()]
}

fn boxed_text() -> impl Strategy<Value = Box<str>> {
    text().prop_map(Into::into)
}

fn optional_text() -> impl Strategy<Value = Option<Box<str>>> {
    prop::option::weighted(0.2, boxed_text())
}

/// A name of an argument.
fn name() -> impl Strategy<Value = String> {
    let known = ["a", "b", "c"].map(ToOwned::to_owned);
    prop_oneof![10 => select(known.to_vec()), 1 => odd_text()]
}

pub(crate) fn path() -> impl Strategy<Value = Path> {
    let names = prop_oneof![3 => prop::collection::vec(name(), 1), 1 => prop::collection::vec(name(), 2..4)];
    let names = names.prop_map(|names| format!("args.{}", names.join(".")));
    let steps = prop_oneof![
        3 => Just("[*]".to_owned()),
        1 => Just("[0]".to_owned()),
        1 => select(vec![".0", ".1"]).prop_map(ToOwned::to_owned),
        1 => name().prop_map(|name| format!(".{name}")),
        2 => name().prop_map(|name| format!("[{}]", Json::from(name))),
    ];
    let steps = (select(vec!["args.a", "args.b", "args[\"c\"]"]), prop::collection::vec(steps, 0..4))
        .prop_map(|(first, steps)| first.to_owned() + &steps.concat());
    prop_oneof![3 => names, 1 => steps].prop_map(|text| Path::parse(&text).or(Path::parse("args.a")).unwrap())
}

/// A path that leads to one place.
pub(crate) fn cost_path() -> impl Strategy<Value = Path> {
    path().prop_map(|path| if path.has_every() { Path::parse("args.a[0]").unwrap() } else { path })
}

/// Number text in all the ways that JSON has.
pub(crate) fn number_text() -> impl Strategy<Value = String> {
    let known = [
        "0",
        "-0",
        "1",
        "1.0",
        "10e-1",
        "2",
        "0.10",
        "1e400",
        "-1E+400",
        "9007199254740993",
        "0.000001",
        "1e-7",
        "18446744073709.551615",
        "123456789012345678901234567890",
        "1e9999",
        "3.5",
    ];
    let written = ("-?(0|[1-9][0-9]{0,24})", "(\\.[0-9]{1,12})?", "([eE][+-]?[0-9]{1,3})?");
    prop_oneof![
        3 => select(known.to_vec()).prop_map(ToOwned::to_owned),
        1 => written.prop_map(|(integer, fraction, exponent)| integer + &fraction + &exponent),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    number_text().prop_map(|text| Value::Number(Number::parse(&text).unwrap()))
}

fn string() -> impl Strategy<Value = Value> {
    boxed_text().prop_map(Value::String)
}

/// A JSON value as a policy holds it.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => number(),
        3 => string(),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        let members = prop::collection::btree_map(name(), inner.clone(), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
            }),
        ]
    })
}

fn pattern() -> impl Strategy<Value = Value> {
    let patterns = ["", "^a", "b$", "a.c", "[0-9]+", "(?i)ABC", "x|1", "^(a|b)*$", "\\.", "(?s)^.$"];
    select(patterns.to_vec()).prop_map(|pattern| Value::String(pattern.into()))
}

/// `url_host_in` where it is built in.
const BY_HOST: Operator = if cfg!(feature = "url") { Operator::UrlHostIn } else { Operator::CidrIn };

/// Directories, hosts or networks as a policy lists them.
fn listed(operator: Operator) -> impl Strategy<Value = (Operator, Value)> {
    let all = match operator {
        Operator::PathWithin => vec!["/", "/a", "/a/b", "/b c", "/é"],
        Operator::UrlHostIn => {
            vec![
                "a.example",
                "*.a.example",
                "https://b.example:8443",
                "ftp://a.example",
                "[::1]",
                "10.0.0.1",
                "é.example",
            ]
        }
        _ => vec!["10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", "0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104"],
    };
    let listed = prop::collection::vec(select(all), 0..3);
    listed.prop_map(move |listed| {
        (operator, Value::Array(listed.into_iter().map(|text| Value::String(text.into())).collect()))
    })
}

/// Texts that the operators which parse have something to say about.
pub(crate) fn parsed_text() -> impl Strategy<Value = String> {
    let known = [
        "/a",
        "/a/b/",
        "/a//b/./c",
        "/ab",
        "/a/../b",
        "/a/%2e",
        "/b c/x",
        "http://a.example/",
        "https://x.a.example:8080/",
        "https://b.example:8443/",
        "ftp://a.example/x",
        "http://c@a.example/",
        "http://[::ffff:10.0.0.1]/",
        "http://167772161/",
        "https://xn--9ca.example/",
        "10.0.0.1",
        "::ffff:10.0.0.1",
        "010.0.0.1",
        "::1",
        "fd00::1",
    ];
    select(known.map(ToOwned::to_owned).to_vec())
}

pub(crate) fn condition() -> impl Strategy<Value = Condition> {
    let order = select(vec![Operator::Lt, Operator::Lte, Operator::Gt, Operator::Gte]);
    let equal = select(vec![Operator::Eq, Operator::Neq, Operator::Contains]);
    let among = select(vec![Operator::In, Operator::NotIn]);
    let list = prop::collection::vec(value(), 0..4).prop_map(Value::Array);
    let judged = prop_oneof![
        3 => (order, number()),
        3 => (equal, value()),
        2 => (among, list),
        1 => (Just(Operator::Regex), pattern()),
        1 => (Just(Operator::Exists), any::<bool>().prop_map(Value::Bool)),
        1 => (select(vec![Operator::StartsWith, Operator::EndsWith]), string()),
        1 => listed(Operator::PathWithin),
        1 => listed(BY_HOST),
        1 => listed(Operator::CidrIn),
    ];
    (path(), judged).prop_map(|(path, (operator, value))| Condition::new(path, operator, value).unwrap())
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![3 => Just(Mode::Enforce), 1 => Just(Mode::Shadow)]
}

pub(crate) fn group() -> impl Strategy<Value = Group> {
    let conditions = prop::collection::vec(condition(), 0..3);
    (conditions, optional_text(), mode(), optional_text())
        .prop_map(|(conditions, on_deny, mode, description)| Group { conditions, on_deny, mode, description })
}

fn window() -> impl Strategy<Value = Window> {
    let seconds =
        select(vec![1, 59, 60, 3_600, 86_400, 604_800, Window::SECONDS_MAX]).prop_map(Window::Seconds);
    prop_oneof![select(vec![Window::Minute, Window::Hour, Window::Day]), seconds]
}

fn max() -> impl Strategy<Value = Amount> {
    let whole = prop_oneof![4 => 0..6_u64, 1 => Just(Amount::MAX_WHOLE), 1 => 0..Amount::MAX_WHOLE];
    whole.prop_map(|whole| Amount::whole(whole).unwrap())
}

pub(crate) fn limit() -> impl Strategy<Value = Limit> {
    let counter = prop_oneof![4 => select(vec!["x", "y", "z"]).prop_map(ToOwned::to_owned), 1 => odd_text()];
    let place = (counter, window(), select(Scope::ALL.to_vec()));
    let rest = (prop::option::weighted(0.2, cost_path()), optional_text(), mode(), optional_text());
    (place, max(), rest).prop_map(
        |((counter, window, scope), max, (increment_from, on_deny, mode, description))| {
            let counter = if counter.is_empty() { "x".to_owned() } else { counter };
            Limit { counter: counter.into(), window, max, scope, increment_from, on_deny, mode, description }
        },
    )
}

/// A list as a policy may have it: no counter and window twice.
pub(crate) fn limits() -> impl Strategy<Value = Vec<Limit>> {
    prop::collection::vec(limit(), 0..4).prop_map(|limits| {
        let mut kept: Vec<Limit> = Vec::new();
        for limit in limits {
            if can_be_added(&limit, &kept) {
                kept.push(limit);
            }
        }
        kept
    })
}

pub(crate) fn can_be_added(limit: &Limit, limits: &[Limit]) -> bool {
    let same =
        |other: &Limit| other.counter == limit.counter && other.window.seconds() == limit.window.seconds();
    !limits.iter().any(same)
}

pub(crate) fn tool() -> impl Strategy<Value = Tool> {
    let groups = || prop::collection::vec(group(), 0..3);
    let asking = prop::collection::vec(group(), 0..2);
    let action = prop_oneof![
        8 => Just(Action::Allow),
        1 => Just(Action::Deny),
        1 => Just(Action::RequireApproval),
    ];
    let rate_limit = prop::option::weighted(0.2, (max(), 1..100_000_u32));
    let texts = (optional_text(), optional_text());
    (action, groups(), groups(), asking, limits(), rate_limit, texts).prop_map(
        |(action, require, deny_if, approve_if, limits, rate_limit, (reason, description))| Tool {
            action,
            reason,
            require,
            deny_if,
            schema: None,
            approve_if,
            limits,
            rate_limit: rate_limit.map(|(max, seconds)| RateLimit { max, window: Window::Seconds(seconds) }),
            description,
        },
    )
}

/// A tool's name: mostly one that policies and calls have in common.
pub(crate) fn tool_name() -> impl Strategy<Value = String> {
    let known = ["run", "pay", "read-file"].map(ToOwned::to_owned);
    prop_oneof![8 => select(known.to_vec()), 1 => Just("*".to_owned()), 1 => odd_text()]
}

/// Groups that every call meets: mostly none, since with some few calls are allowed.
fn everybodys_groups() -> impl Strategy<Value = Vec<Group>> {
    prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(group(), 1)]
}

pub(crate) fn policy() -> impl Strategy<Value = Policy> {
    let default = select(vec![DefaultEffect::Allow, DefaultEffect::Deny]);
    let hide = prop::collection::btree_set(tool_name(), 0..2);
    let hide = prop_oneof![9 => Just(Vec::new()), 1 => hide.prop_map(Vec::from_iter)];
    let tools = prop::collection::btree_map(tool_name().prop_map(Into::into), tool(), 1..4);
    let texts = (optional_text(), optional_text(), optional_text());
    let everybodys = (everybodys_groups(), everybodys_groups(), everybodys_groups(), limits());
    (default, hide, everybodys, tools, texts).prop_map(
        |(default, hide, everybodys, tools, (description, schema_uri, all_tools))| {
            let (require, deny_if, approve_if, limits) = everybodys;
            let mut policy = Policy::new("p", default);
            policy.hide = hide.into_iter().filter(|name| !name.is_empty()).map(Into::into).collect();
            policy.all_tools = AllTools { require, deny_if, approve_if, limits, description: all_tools };
            policy.tools = tools;
            policy.description = description;
            policy.schema_uri = schema_uri;
            policy
        },
    )
}

/// A policy, and a tool to be called: mostly one that the policy names.
pub(crate) fn policy_and_tool() -> impl Strategy<Value = (Policy, String)> {
    let which = prop::option::weighted(0.9, any::<prop::sample::Index>());
    (policy(), tool_name(), which).prop_map(|(policy, other, which)| {
        let named = which.and_then(|which| policy.tools.keys().nth(which.index(policy.tools.len())));
        let tool = named.map_or(other, ToString::to_string);
        (policy, tool)
    })
}

/// Numbers that every build of `serde_json` holds alike.
fn json_number() -> impl Strategy<Value = Json> {
    prop_oneof![
        3 => select(vec![0, 1, 2, 5, -1, i64::MIN, 9_007_199_254_740_993]).prop_map(Json::from),
        1 => any::<u64>().prop_map(Json::from),
        1 => any::<i64>().prop_map(Json::from),
        2 => select(vec![0.1, -0.0, 1.0, 3.5, 1e300, 5e-324, 1e16]).prop_map(Json::from),
        1 => prop::num::f64::NORMAL.prop_map(Json::from),
    ]
}

/// A JSON value as a call brings it.
pub(crate) fn json() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        3 => json_number(),
        3 => text().prop_map(Json::from),
        1 => parsed_text().prop_map(Json::from),
    ];
    scalar.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from), object(inner)]
    })
}

fn object(inner: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop::collection::vec((name(), inner), 0..4)
        .prop_map(|members| Json::Object(members.into_iter().collect()))
}

/// Arguments; now and then something that can be none.
pub(crate) fn arguments() -> impl Strategy<Value = Json> {
    prop_oneof![9 => object(json()), 1 => json()]
}
