//! What a condition comes to, by the operator and the type of the argument: as the truth table of the reference has it, which
//! is read from the reference itself; and what `require` and `deny_if` make of it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use policy_core::{
    Code, Condition, DecisionOptions, DefaultEffect, Engine, Group, Identity, Number, Operator, Path, Policy,
    PolicySet, Tool, TypeMismatch, Value,
};
use policy_json::{JsonText, Parsed};
use proptest::prelude::*;
use random::{arguments, cases, condition};

/// What becomes of a call that meets the condition under `require`, and of one that meets it under `deny_if`.
fn judged(condition: &Condition, arguments: &str, type_mismatch: TypeMismatch) -> [Code; 2] {
    let groups = || vec![Group { conditions: vec![condition.clone()], ..Group::default() }];
    let require = Tool { require: groups(), ..Tool::default() };
    let deny_if = Tool { deny_if: groups(), ..Tool::default() };
    [require, deny_if].map(|tool| {
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        policy.tools.insert("run".into(), tool);
        let options = DecisionOptions { type_mismatch, ..DecisionOptions::default() };
        let engine = Engine::builder(PolicySet::single(policy).unwrap()).options(options).build();
        engine.evaluate(&Identity::new("ana"), "run", JsonText::new(arguments.as_bytes())).code()
    })
}

const HOLDS: [Code; 2] = [Code::Allowed, Code::DeniedByRule];
const FALSE: [Code; 2] = [Code::RequireFailed, Code::Allowed];
const MISMATCH: [Code; 2] = [Code::TypeMismatch; 2];

/// A row of the table: operators with their values, and a cell for each type of argument.
struct Row {
    operators: Vec<Operator>,
    about_the_value: String,
    cells: Vec<String>,
}

/// A table of the reference: what its heading begins with, and then its rows, cell by cell; the first is the heading.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy-format.md");
    let page = fs::read_to_string(page).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let lines = page.lines().skip_while(|line| !line.starts_with(heading));
    let mut rows: Vec<_> = lines.take_while(|line| line.starts_with('|')).map(cells).collect();
    rows.remove(1);
    rows
}

/// The table of section 2.1: the types of arguments, and the rows.
fn reference() -> (Vec<String>, Vec<Row>) {
    let mut table = table("| `op` (`value`) | absent |");
    let types = table.remove(0).split_off(1);
    let rows = table.into_iter().map(|mut cells| {
        let first = cells.remove(0);
        let (names, about_the_value) = first.split_once('(').unwrap_or((&first, ""));
        let operators =
            names.split_whitespace().map(|name| Operator::from_name(name.trim_matches('`')).unwrap());
        Row { operators: operators.collect(), about_the_value: about_the_value.to_owned(), cells }
    });
    (types, rows.collect())
}

/// Arguments in which `x` is of that type.
fn samples(kind: &str) -> Vec<String> {
    let values: &[&str] = match kind {
        "absent" => return vec!["{}".to_owned(), r#"{"y": 1}"#.to_owned()],
        "null" => &["null"],
        "boolean" => &["true", "false"],
        "number" => &["1", "2", "1.0", "-3e2"],
        "string" => &[
            "\"a\"",
            "\"b\"",
            "\"1\"",
            "\"\"",
            "\"/a/x\"",
            "\"/b\"",
            "\"/a/../b\"",
            "\"http://a/\"",
            "\"http://b/\"",
            "\"http://c@a/\"",
            "\"10.1.2.3\"",
            "\"11.1.2.3\"",
            "\"10.1.2.03\"",
        ],
        "list" => &["[1]", "[2]", "[\"a\"]", "[]"],
        "object" => &[r#"{"k": 1}"#, r#"{"k": 2}"#, "{}"],
        other => panic!("{other} is a type that nobody has thought about"),
    };
    values.iter().map(|value| format!("{{\"x\": {value}}}")).collect()
}

/// Values that the operator can have, of those that the row is about.
fn operands(operator: Operator, about_the_value: &str) -> Vec<Value> {
    let number = |text: &str| Value::Number(Number::parse(text).unwrap());
    let string = |text: &str| Value::String(text.into());
    let object = Value::Object(vec![("k".into(), number("1"))]);
    let each = vec![
        Value::Null,
        Value::Bool(true),
        number("1"),
        string("a"),
        Value::Array(vec![number("1")]),
        object,
    ];
    match (operator, about_the_value) {
        (Operator::Eq | Operator::Neq, "") => each,
        (Operator::In | Operator::NotIn, "") => vec![Value::Array(each), Value::Array(Vec::new())],
        (Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte, "") => vec![number("1"), number("1.5")],
        (Operator::Regex, "") => vec![string("^a$"), string("b")],
        (Operator::Contains, "a string)") => vec![string("a")],
        (Operator::Contains, "anything else)") => {
            each.into_iter().filter(|value| *value != string("a")).collect()
        }
        (Operator::StartsWith | Operator::EndsWith, "") => vec![string("a"), string("b")],
        (Operator::PathWithin, "") => vec![Value::Array(vec![string("/a")])],
        (Operator::UrlHostIn, "") => vec![Value::Array(vec![string("a")])],
        (Operator::CidrIn, "") => vec![Value::Array(vec![string("10.0.0.0/8")])],
        (Operator::Exists, "`true`)") => vec![Value::Bool(true)],
        (Operator::Exists, "`false`)") => vec![Value::Bool(false)],
        other => panic!("{other:?} is a row that nobody has thought about"),
    }
}

#[test]
fn every_operator_judges_every_type_as_the_reference_says() {
    let (types, rows) = reference();
    assert_eq!(types.len(), 7);
    for Row { operators, about_the_value, cells } in rows {
        for operator in operators {
            if operator == Operator::UrlHostIn && !cfg!(feature = "url") {
                continue;
            }
            for (kind, cell) in types.iter().zip(&cells) {
                let mut reached = BTreeMap::new();
                for operand in operands(operator, &about_the_value) {
                    let condition =
                        Condition::new(Path::parse("args.x").unwrap(), operator, operand).unwrap();
                    for arguments in samples(kind) {
                        let strict = judged(&condition, &arguments, TypeMismatch::Deny);
                        let lenient = judged(&condition, &arguments, TypeMismatch::Ignore);
                        let expected: &[_] = match cell.as_str() {
                            "H" => &[HOLDS],
                            "F" => &[FALSE],
                            "M" => &[MISMATCH],
                            "=" => &[HOLDS, FALSE],
                            "=R" => &[HOLDS, FALSE, MISMATCH],
                            other => panic!("{other} is no outcome"),
                        };
                        let case = format!("{} {:?} on {arguments}", operator.name(), condition.value());
                        assert!(
                            expected.contains(&strict),
                            "{case}: {strict:?}, and the reference says {cell}"
                        );
                        // What is refused is refused, whatever becomes of mismatches.
                        let is_mismatch = strict == MISMATCH && cell == "M";
                        assert_eq!(lenient, if is_mismatch { FALSE } else { strict }, "{case}");
                        reached.insert(strict.map(Code::name), case);
                    }
                }
                let outcomes = match cell.as_str() {
                    "=" => 2,
                    "=R" => 3,
                    _ => 1,
                };
                assert_eq!(reached.len(), outcomes, "{} on a {kind}: {reached:?}", operator.name());
            }
        }
    }
}

/// Lists in which the outcomes of `gt 100` at the elements are those that the row speaks of.
fn lists(elements: &str) -> Vec<String> {
    let lists: &[&str] = match elements {
        "all hold" => &["[101]", "[101, 102, 103]"],
        "some hold, some are false" => &["[101, 1]", "[1, 101]", "[101, 101, null]", "[1, 2, 101, 3]"],
        "all are false" => &["[1]", "[1, 2, null]", "[null]"],
        "some hold, some mismatch" => &["[101, \"101\"]", "[true, 101]", "[101, [101]]"],
        "some are false, some mismatch" => &["[1, \"101\"]", "[{}, 1]", "[null, [101], 3]"],
        "some hold, some are false, some mismatch" => &["[101, 1, \"1\"]", "[{}, 1, 101]", "[1, 101, []]"],
        "all mismatch" => &["[\"101\"]", "[true, {}, [101]]", "[[]]"],
        "none: the list is empty" => &["[]"],
        "none: null, or no such argument" => &["null"],
        "something that is no list" => &["101", "1", "\"101\"", "true", "{}", "{\"0\": 101}"],
        other => panic!("{other} is a row that nobody has thought about"),
    };
    let mut lists: Vec<_> = lists.iter().map(|list| format!("{{\"x\": {list}}}")).collect();
    if elements.contains("no such argument") {
        lists.push("{}".to_owned());
    }
    lists
}

#[test]
fn elements_are_told_together_as_the_reference_says() {
    let condition =
        |operator, value| Condition::new(Path::parse("args.x[*]").unwrap(), operator, value).unwrap();
    let greater = condition(Operator::Gt, Value::Number(Number::parse("100").unwrap()));
    let absent = condition(Operator::Exists, Value::Bool(false));
    let rows = table("| elements: outcomes of `op` |").split_off(1);
    assert_eq!(rows.len(), 10);
    for row in rows {
        let [elements, permits, forbids] = row.try_into().unwrap();
        let code = |cell: &str, holds, is_false| match cell.chars().next() {
            Some('H') => holds,
            Some('F') => is_false,
            Some('M') => Code::TypeMismatch,
            _ => panic!("{cell} is no outcome"),
        };
        let expected = [
            code(&permits, Code::Allowed, Code::RequireFailed),
            code(&forbids, Code::DeniedByRule, Code::Allowed),
        ];
        for arguments in lists(&elements) {
            assert_eq!(judged(&greater, &arguments, TypeMismatch::Deny), expected, "{arguments}");
            let ignored = expected.map(|code| if code == Code::TypeMismatch { None } else { Some(code) });
            let ignored = [ignored[0].unwrap_or(Code::RequireFailed), ignored[1].unwrap_or(Code::Allowed)];
            assert_eq!(judged(&greater, &arguments, TypeMismatch::Ignore), ignored, "{arguments}");
            if permits.contains("`exists: false`: H") {
                assert_eq!(judged(&absent, &arguments, TypeMismatch::Deny), HOLDS, "{arguments}");
            }
        }
    }
}

#[test]
fn the_operators_of_order_go_by_the_order_of_numbers() {
    // In order; every one has two ways to be written.
    let numbers =
        [["-3e2", "-300.0"], ["-1", "-1.0"], ["0", "-0"], ["0.5", "5E-1"], ["1", "10e-1"], ["2", "2.00"]];
    let written = || numbers.iter().enumerate().flat_map(|(place, both)| both.map(|text| (place, text)));
    for (ours, argument) in written() {
        for (theirs, operand) in written() {
            for (operator, holds) in [
                (Operator::Lt, ours < theirs),
                (Operator::Lte, ours <= theirs),
                (Operator::Gt, ours > theirs),
                (Operator::Gte, ours >= theirs),
                (Operator::Eq, ours == theirs),
                (Operator::Neq, ours != theirs),
            ] {
                let operand_value = Value::Number(Number::parse(operand).unwrap());
                let condition =
                    Condition::new(Path::parse("args.x").unwrap(), operator, operand_value).unwrap();
                let outcome = judged(&condition, &format!("{{\"x\": {argument}}}"), TypeMismatch::Deny);
                let expected = if holds { HOLDS } else { FALSE };
                assert_eq!(outcome, expected, "{argument} {} {operand}", operator.name());
            }
        }
    }
}

#[test]
fn the_reference_and_the_engine_have_the_same_operators() {
    let (_, rows) = reference();
    let named: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.operators).map(|operator| operator.name()).collect();
    let known: BTreeSet<&str> = Operator::ALL.iter().map(|operator| operator.name()).collect();
    assert_eq!(named, known);
}

/// The comparisons that operators are made of, told without them: what holds for one is false for its counterpart.
const COUNTERPARTS: [(Operator, Operator); 4] = [
    (Operator::Eq, Operator::Neq),
    (Operator::In, Operator::NotIn),
    (Operator::Lt, Operator::Gte),
    (Operator::Gt, Operator::Lte),
];

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_require_lets_pass_deny_if_denies_and_the_other_way_round(condition in condition(), arguments in arguments()) {
        let arguments = if arguments.is_object() { arguments.to_string() } else { "{}".to_owned() };
        let strict = judged(&condition, &arguments, TypeMismatch::Deny);
        let lenient = judged(&condition, &arguments, TypeMismatch::Ignore);
        let parses = matches!(condition.operator(), Operator::PathWithin | Operator::UrlHostIn | Operator::CidrIn);
        if condition.path().has_every() || parses {
            // Read narrowly under the one and widely under the other: what holds narrowly holds widely.
            prop_assert!(strict[0] != Code::Allowed || strict[1] == Code::DeniedByRule, "{:?}", strict);
            prop_assert!(lenient[0] != Code::Allowed || lenient[1] == Code::DeniedByRule, "{:?}", lenient);
            prop_assert!(lenient[0] != Code::Allowed || strict[0] == Code::Allowed, "ignoring permits no more");
        } else {
            prop_assert!([HOLDS, FALSE, MISMATCH].contains(&strict), "{:?}", strict);
            prop_assert_eq!(lenient, if strict == MISMATCH { FALSE } else { strict });
        }
    }

    /// Where the argument is there, and not null where null is as good as absent, one of the two holds.
    #[test]
    fn of_two_counterparts_one_holds_for_what_is_there(condition in condition(), arguments in arguments()) {
        let counterpart = COUNTERPARTS.iter().find_map(|(one, other)| match condition.operator() {
            operator if operator == *one => Some(*other),
            operator if operator == *other => Some(*one),
            _ => None,
        });
        let Some(counterpart) = counterpart.filter(|_| !condition.path().has_every()) else { return Ok(()) };
        let other = Condition::new(condition.path().clone(), counterpart, condition.value().clone()).unwrap();
        let text = arguments.to_string();
        let parsed = Parsed::parse(text.as_bytes(), policy_core::arguments::Caps::default()).unwrap();
        let found = condition.path().find(parsed.root().unwrap());
        let by_order = matches!(counterpart, Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte);
        let is_null = found.is_some_and(|found| found.kind() == policy_core::arguments::Kind::Null);
        if arguments.is_object() && found.is_some() && !(by_order && is_null) {
            let outcomes = [&condition, &other].map(|condition| judged(condition, &text, TypeMismatch::Deny));
            prop_assert!(
                [[HOLDS, FALSE], [FALSE, HOLDS], [MISMATCH, MISMATCH]].contains(&outcomes),
                "{:?} and {:?}", condition, outcomes
            );
        }
    }
}
