//! Sets of arguments against the engine's own judgement: for random conditions and random arguments, what a set says of an
//! argument is what the condition says of it, and nothing is called empty that is not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../policy-json/tests/random/mod.rs"]
mod random;

use policy_analysis::values::{Answer, Literal, Outcomes, Region, Search, Slot, solve};
use policy_core::arguments::Caps;
use policy_core::{Condition, Operator, Outcome, Path, Sense, Step, Value};
use policy_json::{Parsed, to_value};
use proptest::prelude::*;

const EACH: [(Outcome, Outcomes); 3] = [
    (Outcome::Holds, Outcomes::HOLDS),
    (Outcome::False, Outcomes::FALSE),
    (Outcome::Mismatch, Outcomes::MISMATCH),
];

fn judged(condition: &Condition, sense: Sense, text: &str) -> Outcome {
    let parsed = Parsed::parse(text.as_bytes(), Caps::default()).unwrap();
    condition.judge(parsed.root().unwrap(), sense)
}

fn value(text: &str) -> Value {
    to_value(Parsed::parse(text.as_bytes(), Caps::default()).unwrap().root().unwrap()).unwrap()
}

/// What stands at a path that has nothing but names.
fn lookup<'a>(arguments: &'a Value, path: &Path) -> Option<&'a Value> {
    path.steps().try_fold(arguments, |value, step| match (value, step) {
        (Value::Object(members), Step::Name(name)) => {
            members.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
        }
        _ => None,
    })
}

fn sense() -> impl Strategy<Value = Sense> {
    proptest::sample::select(vec![Sense::Permits, Sense::Forbids])
}

/// A condition in a list, and what it is wanted to come to.
fn demand() -> impl Strategy<Value = (Condition, Sense, Outcomes)> {
    (random::condition(), sense(), outcomes())
}

fn literal((condition, sense, wanted): &(Condition, Sense, Outcomes)) -> Literal {
    Literal::Condition(condition.clone(), *sense, *wanted)
}

fn is_met((condition, sense, wanted): &(Condition, Sense, Outcomes), text: &str) -> bool {
    wanted.has(judged(condition, *sense, text))
}

fn is_names(path: &Path) -> bool {
    path.steps().all(|step| matches!(step, Step::Name(_)))
}

fn outcomes() -> impl Strategy<Value = Outcomes> {
    proptest::sample::select(vec![
        Outcomes::HOLDS,
        Outcomes::FALSE,
        Outcomes::MISMATCH,
        Outcomes::HOLDS.others(),
        Outcomes::FALSE.others(),
    ])
}

fn objects() -> impl Strategy<Value = String> {
    random::arguments()
        .prop_filter("an object", serde_json::Value::is_object)
        .prop_map(|json| json.to_string())
}

proptest! {
    #![proptest_config(random::cases(1_000))]

    #[test]
    fn a_value_is_in_the_set_of_the_outcome_that_it_leads_to_and_in_no_other(
        condition in random::condition(),
        sense in sense(),
        text in objects(),
    ) {
        prop_assume!(is_names(condition.path()));
        let arguments = value(&text);
        let found = lookup(&arguments, condition.path());
        let outcome = match judged(&condition, sense, &text) {
            Outcome::Refused => Outcome::Mismatch,
            outcome => outcome,
        };
        for (each, outcomes) in EACH {
            let slot = Slot::of(&condition, sense, outcomes).unwrap();
            prop_assert_eq!(slot.contains(found), each == outcome);
            let outside = slot.complement().iter().any(|part| part.contains(found));
            prop_assert_eq!(outside, each != outcome);
        }
    }

    #[test]
    fn arguments_that_meet_all_demands_refute_that_there_are_none(
        demands in prop::collection::vec(demand(), 1..6),
        text in objects(),
    ) {
        let mut region = Region::all();
        demands.iter().filter(|demand| is_met(demand, &text)).for_each(|demand| region.demand(literal(demand)));
        prop_assert!(region.admits(&value(&text)));
        prop_assert_ne!(region.is_empty(), Answer::Yes);
    }

    #[test]
    fn what_is_found_in_a_region_meets_its_demands(demands in prop::collection::vec(demand(), 1..5)) {
        let mut region = Region::all();
        demands.iter().for_each(|demand| region.demand(literal(demand)));
        if let Search::Found(found) = region.find() {
            let text = policy_analysis::values::json_text(&found);
            for demand in &demands {
                prop_assert!(is_met(demand, &text), "{text} under {demand:?}");
            }
        }
    }

    #[test]
    fn a_set_that_includes_another_has_all_that_is_in_it(
        one in demand(),
        two in demand(),
        text in objects(),
    ) {
        let (one, two) = (Slot::of(&one.0, one.1, one.2).unwrap(), Slot::of(&two.0, two.1, two.2).unwrap());
        let arguments = value(&text);
        let Value::Object(members) = &arguments else { unreachable!() };
        let candidates = members.iter().map(|(_, value)| Some(value)).chain([None]);
        for candidate in candidates {
            if one.includes(&two) == Answer::Yes && two.contains(candidate) {
                prop_assert!(one.contains(candidate));
            }
            prop_assert_eq!(one.and(&two).contains(candidate), one.contains(candidate) && two.contains(candidate));
        }
    }

    #[test]
    fn arguments_that_meet_all_clauses_refute_that_there_are_none(
        clauses in prop::collection::vec(prop::collection::vec(demand(), 1..4), 1..5),
        text in objects(),
    ) {
        let clauses: Vec<Vec<Vec<Literal>>> = clauses
            .iter()
            .filter(|clause| clause.iter().any(|demand| is_met(demand, &text)))
            .map(|clause| clause.iter().map(|demand| vec![literal(demand)]).collect())
            .collect();
        prop_assert_ne!(solve(&Region::all(), &clauses, &mut |_| true), Search::Empty);
    }
}

fn condition(path: &str, operator: &str, text: &str) -> Condition {
    let value = value(&format!("{{\"v\": {text}}}"));
    let Value::Object(mut members) = value else { unreachable!() };
    Condition::new(Path::parse(path).unwrap(), Operator::from_name(operator).unwrap(), members.remove(0).1)
        .unwrap()
}

fn answer(conditions: &[(&str, &str, &str)]) -> Answer {
    let conditions: Vec<_> =
        conditions.iter().map(|(path, operator, value)| condition(path, operator, value)).collect();
    Region::where_all_hold(&conditions, Sense::Permits).is_empty()
}

#[test]
fn contradictions_are_found_and_what_can_be_met_is_not_called_one() {
    for (conditions, expected) in [
        (&[("args.a", "gt", "10"), ("args.a", "lt", "5")][..], Answer::Yes),
        (&[("args.a", "gt", "10"), ("args.a", "lt", "10.5")], Answer::No),
        (&[("args.a", "gte", "10"), ("args.a", "lte", "10.0")], Answer::No),
        (&[("args.a", "gt", "9007199254740992"), ("args.a", "lt", "9007199254740993")], Answer::No),
        (&[("args.a", "eq", "1"), ("args.a", "neq", "1.0")], Answer::Yes),
        (&[("args.a", "eq", "\"1\""), ("args.a", "gt", "0")], Answer::Yes),
        (&[("args.a", "in", "[1, 2]"), ("args.a", "not_in", "[2, 1e0]")], Answer::Yes),
        (&[("args.a", "in", "[]")], Answer::Yes),
        (&[("args.a", "regex", "\"^a\""), ("args.a", "regex", "\"^b\"")], Answer::Yes),
        (&[("args.a", "regex", "\"^a\""), ("args.a", "contains", "\"b\"")], Answer::No),
        (&[("args.a", "regex", "\"^[0-9]+$\""), ("args.a", "contains", "\"b\"")], Answer::Yes),
        (&[("args.a", "regex", "\"^a$\""), ("args.a", "neq", "\"a\"")], Answer::Yes),
        (&[("args.a", "contains", "1"), ("args.a", "contains", "\"b\"")], Answer::No),
        (&[("args.a", "contains", "1"), ("args.a", "eq", "[2]")], Answer::Yes),
        (&[("args.a", "exists", "false"), ("args.a", "eq", "null")], Answer::No),
        (&[("args.a", "exists", "false"), ("args.a", "neq", "null")], Answer::Yes),
        (&[("args.a", "eq", "1"), ("args.a.b", "exists", "true")], Answer::Yes),
        (&[("args.a", "exists", "true"), ("args.a.b", "exists", "false")], Answer::No),
        (&[("args.a", "eq", "{\"b\": 1}"), ("args.a.b", "gt", "1")], Answer::Yes),
        (&[("args.a", "neq", "{\"b\": 2}"), ("args.a.b", "eq", "2")], Answer::No),
        (&[("args.a", "contains", "[]"), ("args.a.b", "eq", "2")], Answer::Yes),
        (&[("args.a", "starts_with", "\"/a\""), ("args.a", "regex", "\"^[^/]\"")], Answer::Yes),
        (&[("args.a", "starts_with", "\"/a\""), ("args.a", "ends_with", "\"b\"")], Answer::No),
        (&[("args.a", "path_within", "[\"/a\"]"), ("args.a", "path_within", "[\"/a/b\"]")], Answer::No),
        (&[("args.a", "path_within", "[\"/a\"]"), ("args.a", "eq", "\"/b\"")], Answer::Yes),
        (&[("args.a", "cidr_in", "[\"10.0.0.0/8\"]"), ("args.a", "contains", "\".255\"")], Answer::No),
        (&[("args.a[*]", "gt", "1"), ("args.a[*]", "lt", "1")], Answer::Yes),
        (&[("args.a[*]", "gt", "1"), ("args.a[*].b", "exists", "false")], Answer::No),
        (&[("args[\"a.b\"]", "gt", "1"), ("args[\"a.b\"]", "lt", "1")], Answer::Yes),
    ] {
        assert_eq!(answer(conditions), expected, "{conditions:?}");
    }
}

#[test]
fn almost_every_random_question_gets_an_answer() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let demands = prop::collection::vec(demand(), 1..6);
    let mut counts = [0; 3];
    for _ in 0..1_000 {
        let demands = demands.new_tree(&mut runner).unwrap().current();
        let mut region = Region::all();
        demands.iter().for_each(|demand| region.demand(literal(demand)));
        let place = match region.is_empty() {
            Answer::Yes => 0,
            Answer::No => 1,
            Answer::Unknown => 2,
        };
        counts[place] += 1;
    }
    let [empty, inhabited, unknown] = counts;
    assert!(empty > 100 && inhabited > 100 && unknown < 120, "{counts:?}");
}

#[test]
fn what_one_list_of_places_includes_of_another_is_known() {
    for (wider, narrower, expected) in [
        (("path_within", "[\"/a\"]"), ("path_within", "[\"/a/b\", \"/a/c\"]"), Answer::Yes),
        (("path_within", "[\"/a/b\", \"/a/c\"]"), ("path_within", "[\"/a\"]"), Answer::No),
        (("path_within", "[\"/a\"]"), ("path_within", "[\"/ab\"]"), Answer::No),
        (("cidr_in", "[\"10.0.0.0/8\"]"), ("cidr_in", "[\"10.1.0.0/16\", \"10.2.3.4\"]"), Answer::Yes),
        (("cidr_in", "[\"10.1.0.0/16\"]"), ("cidr_in", "[\"10.0.0.0/8\"]"), Answer::No),
        (("url_host_in", "[\"*.example.com\"]"), ("url_host_in", "[\"a.example.com\"]"), Answer::Yes),
        (("url_host_in", "[\"*.example.com\"]"), ("url_host_in", "[\"example.com\"]"), Answer::No),
        (("url_host_in", "[\"example.com\"]"), ("url_host_in", "[\"example.com:8443\"]"), Answer::No),
        (("starts_with", "\"/a\""), ("starts_with", "\"/ab\""), Answer::Yes),
        (("starts_with", "\"/a/\""), ("starts_with", "\"/a\""), Answer::No),
        (("contains", "\"b\""), ("contains", "\"abc\""), Answer::No),
        (("regex", "\"^[a-z0-9]+$\""), ("regex", "\"^[a-z]+$\""), Answer::Yes),
        (("regex", "\"^[a-z]+$\""), ("regex", "\"^[a-z0-9]+$\""), Answer::No),
    ] {
        let slot = |(operator, value)| {
            Slot::of(&condition("args.a", operator, value), Sense::Permits, Outcomes::HOLDS).unwrap()
        };
        assert_eq!(slot(wider).includes(&slot(narrower)), expected, "{wider:?} {narrower:?}");
    }
}
