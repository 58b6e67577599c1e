//! Arguments come in as JSON text or as a `serde_json` value. Both doors lead to the same decision, whole and in every word,
//! as long as the value has lost nothing of the text.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod random;

use policy_core::arguments::Caps;
use policy_core::{
    Arguments, Code, DecisionOptions, DefaultEffect, Digest, Engine, Group, Identity, ManualClock,
    MemoryStore, Mode, Policy, PolicySet, Timestamp, Tool, TypeMismatch,
};
use policy_json::JsonText;
use proptest::prelude::*;
use random::{arguments, cases, condition, json, policy_and_tool};
use serde_json::{Value, json};

/// An engine in which nothing has been counted yet.
fn engine(policy: Policy, options: DecisionOptions) -> Engine {
    // With a digest, so that what an approval is bound to can be compared too.
    let policy = Policy { digest: Digest([7; 32]), ..policy };
    let clock = ManualClock::new(Timestamp::from_millis(1_767_268_800_000));
    let policies = PolicySet::single(policy).unwrap();
    Engine::builder(policies).clock(clock).store(MemoryStore::with_capacity(64)).options(options).build()
}

/// A policy that looks at the arguments, and asks nothing of them.
fn nosy() -> Policy {
    let condition = policy_core::Condition::new(
        policy_core::Path::parse("args.never").unwrap(),
        policy_core::Operator::Eq,
        policy_core::Value::Null,
    );
    let deny_if = vec![Group { conditions: vec![condition.unwrap()], ..Group::default() }];
    let mut policy = Policy::new("p", DefaultEffect::Deny);
    policy.tools.insert("run".into(), Tool { deny_if, ..Tool::default() });
    policy
}

/// The decision as the documented JSON. What is wrong with arguments stands at a byte of the text; a value has none. A request
/// for approval has a nonce of its own.
fn decide(engine: &Engine, tool: &str, arguments: impl Arguments) -> Value {
    let decision = engine.evaluate(&Identity::new("ana").with_session("s"), tool, arguments);
    let mut told = serde_json::to_value(&decision).unwrap();
    if decision.code() == Code::InvalidArguments {
        let message = decision.message();
        let (what, _) = message.rsplit_once(" at byte ").unwrap();
        told["message"] = what.into();
    }
    if let Some(request) = told.get_mut("approval").and_then(Value::as_object_mut) {
        request.remove("nonce").unwrap();
    }
    told
}

fn both_doors(policy: Policy, options: DecisionOptions, tool: &str, value: &Value) -> [Value; 2] {
    let text = value.to_string();
    let by_text = decide(&engine(policy.clone(), options), tool, JsonText::new(text.as_bytes()));
    let by_value = decide(&engine(policy, options), tool, value);
    [by_text, by_value]
}

fn options(caps: Caps, ignore: bool) -> DecisionOptions {
    let type_mismatch = if ignore { TypeMismatch::Ignore } else { TypeMismatch::Deny };
    DecisionOptions { caps, type_mismatch }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn random_policies_decide_alike(
        (policy, tool) in policy_and_tool(), arguments in arguments(), ignore in any::<bool>(),
    ) {
        let [text, value] = both_doors(policy, options(Caps::default(), ignore), &tool, &arguments);
        prop_assert_eq!(text, value);
    }

    /// The order of members and the blanks between them are the writer's affair.
    #[test]
    fn how_a_text_is_laid_out_decides_nothing((policy, tool) in policy_and_tool(), arguments in arguments()) {
        let laid_out = match &arguments {
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| format!("{} :\t{value:#}", Value::from(name.as_str()));
                format!("\r\n{{ {} }} ", members.iter().rev().map(member).collect::<Vec<_>>().join(" ,\n"))
            }
            other => format!(" {other:#}\n"),
        };
        let by_text = decide(&engine(policy.clone(), DecisionOptions::default()), &tool, JsonText::new(laid_out.as_bytes()));
        let by_value = decide(&engine(policy, DecisionOptions::default()), &tool, &arguments);
        // Of several things that a schema finds wrong, the order of members may decide which is named.
        let [by_text, by_value] = [by_text, by_value].map(|mut decision| {
            if decision["code"] == "schema_violation" {
                decision.as_object_mut().unwrap().retain(|field, _| field != "violation" && field != "message");
            }
            decision
        });
        prop_assert_eq!(by_text, by_value, "{}", laid_out);
    }

    /// The same with nothing but conditions, so that every case comes to them.
    #[test]
    fn random_conditions_judge_alike(
        conditions in prop::collection::vec(condition(), 1..4),
        deny_if in any::<bool>(),
        arguments in arguments(),
    ) {
        let groups = conditions
            .into_iter()
            .map(|condition| Group { conditions: vec![condition], mode: Mode::Shadow, ..Group::default() })
            .collect();
        let tool = match deny_if {
            true => Tool { deny_if: groups, ..Tool::default() },
            false => Tool { require: groups, ..Tool::default() },
        };
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        policy.tools.insert("run".into(), tool);
        let [text, value] = both_doors(policy, DecisionOptions::default(), "run", &arguments);
        prop_assert_eq!(text, value);
    }

    #[test]
    fn caps_on_depth_and_values_hold_alike(value in json(), depth in 0..6_usize, nodes in 0..12_usize) {
        let caps = Caps { depth, nodes, ..Caps::default() };
        let arguments = json!({ "a": value });
        let (deep, many) = (depth_of(&arguments), nodes_of(&arguments));
        let [text, value] = both_doors(nosy(), options(caps, false), "run", &arguments);
        prop_assert_eq!(&text, &value);
        let allowed = deep <= depth && many <= nodes;
        prop_assert_eq!(text["effect"] == "allow", allowed, "depth {}, {} values: {}", deep, many, text);
    }
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth_of).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth_of).max().unwrap_or_default(),
        _ => 0,
    }
}

fn nodes_of(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(nodes_of).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(nodes_of).sum::<usize>(),
        _ => 1,
    }
}

#[test]
fn the_default_caps_hold_alike() {
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    let many = |values: usize| json!({ "a": vec![0; values - 2] });
    for (arguments, code) in [
        (nested(64), "allowed"),
        (nested(65), "invalid_arguments"),
        (many(10_000), "allowed"),
        (many(10_001), "invalid_arguments"),
    ] {
        let [text, value] = both_doors(nosy(), DecisionOptions::default(), "run", &arguments);
        assert_eq!(text["code"], code);
        assert_eq!(text, value);
    }
}

#[test]
fn what_is_no_object_is_refused_at_both_doors() {
    for arguments in [json!(null), json!([]), json!([{}]), json!("{}"), json!(1), json!(true)] {
        let [text, value] = both_doors(nosy(), DecisionOptions::default(), "run", &arguments);
        assert_eq!(text["code"], "invalid_arguments", "{arguments}");
        assert_eq!(text, value);
    }
}

/// The other shapes in which a host may hold them.
#[test]
fn a_map_an_option_and_a_reference_are_the_value_they_hold() {
    let value = json!({ "a": [1, { "b": null }], "c": "d" });
    let map = value.as_object().unwrap();
    let expected = decide(&engine(nosy(), DecisionOptions::default()), "run", &value);
    let engine = || engine(nosy(), DecisionOptions::default());
    assert_eq!(decide(&engine(), "run", map), expected);
    assert_eq!(decide(&engine(), "run", map.clone()), expected);
    assert_eq!(decide(&engine(), "run", Some(map)), expected);
    assert_eq!(decide(&engine(), "run", Some(&value)), expected);
    assert_eq!(decide(&engine(), "run", None::<Value>), decide(&engine(), "run", JsonText::new(b"{}")));
}
