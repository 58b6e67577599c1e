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

/// The table of section 2.1: the types of arguments, and the rows.
fn reference() -> (Vec<String>, Vec<Row>) {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy-format.md");
    let page = fs::read_to_string(page).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = page.lines().skip_while(|line| !line.starts_with("| `op` (`value`) | absent |"));
    let types = cells(lines.next().unwrap()).split_off(1);
    let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = cells(line);
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
        "string" => &["\"a\"", "\"b\"", "\"1\"", "\"\""],
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
                            other => panic!("{other} is no outcome"),
                        };
                        let case = format!("{} {:?} on {arguments}", operator.name(), condition.value());
                        assert!(
                            expected.contains(&strict),
                            "{case}: {strict:?}, and the reference says {cell}"
                        );
                        assert_eq!(lenient, if strict == MISMATCH { FALSE } else { strict }, "{case}");
                        reached.insert(strict == HOLDS, case);
                    }
                }
                assert!(cell != "=" || reached.len() == 2, "{} on a {kind}: {reached:?}", operator.name());
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
        prop_assert!([HOLDS, FALSE, MISMATCH].contains(&strict), "{:?}", strict);
        let lenient = judged(&condition, &arguments, TypeMismatch::Ignore);
        prop_assert_eq!(lenient, if strict == MISMATCH { FALSE } else { strict });
    }

    /// Where the argument is there, and not null where null is as good as absent, one of the two holds.
    #[test]
    fn of_two_counterparts_one_holds_for_what_is_there(condition in condition(), arguments in arguments()) {
        let counterpart = COUNTERPARTS.iter().find_map(|(one, other)| match condition.operator() {
            operator if operator == *one => Some(*other),
            operator if operator == *other => Some(*one),
            _ => None,
        });
        let Some(counterpart) = counterpart else { return Ok(()) };
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
