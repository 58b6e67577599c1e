//! An explanation says what the engine decides: the step that ends it is the decision's, whatever the policy and the call. What
//! was not asked for is not in it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod random;

use policy_core::{
    ApprovalKey, Arguments, Code, DecisionOptions, Engine, ExplainOptions, Explanation, Identity,
    ManualClock, MemoryStore, Policy, PolicySet, StepKind, StepOutcome, Timestamp, TypeMismatch,
};
use policy_json::JsonText;
use proptest::prelude::*;
use random::{arguments, cases, policy_and_tool};
use serde_json::{Value, json};

const NO_VALUES: ExplainOptions = ExplainOptions { show_values: false };
const WITH_VALUES: ExplainOptions = ExplainOptions { show_values: true };

/// An engine in which nothing has been counted yet.
fn engine(policy: Policy, options: DecisionOptions) -> Engine {
    let clock = ManualClock::new(Timestamp::from_millis(1_767_268_830_000));
    Engine::builder(PolicySet::single(policy).unwrap())
        .clock(clock)
        .store(MemoryStore::with_capacity(64))
        .options(options)
        .approval_key(ApprovalKey::new(&[7; 32]).unwrap())
        .build()
}

fn loaded(policy: &Value) -> Engine {
    let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
    engine(policy, DecisionOptions::default())
}

fn ana() -> Identity {
    Identity::new("ana").with_session("s")
}

/// Explains a call, then decides it, and holds the one against the other.
fn agree(engine: &Engine, tool: &str, arguments: impl Arguments) -> Explanation {
    let explained = engine.explain(&ana(), tool, &arguments, NO_VALUES);
    let decision = engine.evaluate(&ana(), tool, &arguments);
    assert_eq!(
        (explained.code, &explained.rule, &explained.pointer, &explained.message),
        (decision.code(), &decision.rule(), &decision.pointer(), &decision.message())
    );
    match explained.ended_at() {
        None => assert_eq!(decision.code(), Code::Allowed),
        Some(step) => assert_eq!(
            (step.code, &step.rule, &step.pointer),
            (Some(decision.code()), &decision.rule(), &decision.pointer())
        ),
    }
    assert_eq!(explained.advice.is_some(), decision.code() != Code::Allowed);
    let shadowed: Vec<_> =
        decision.shadowed().map(|one| (Some(one.code()), one.rule(), one.pointer())).collect();
    let in_shadow = explained.steps.iter().filter(|step| step.outcome == StepOutcome::Shadowed);
    let in_shadow: Vec<_> =
        in_shadow.map(|step| (step.code, step.rule.clone(), step.pointer.clone())).collect();
    assert_eq!(in_shadow, shadowed);
    let order: Vec<u8> = explained.steps.iter().map(|step| step.kind.number()).collect();
    assert!(order.is_sorted(), "{order:?}");
    explained
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_step_that_ends_it_is_the_decisions(
        (policy, tool) in policy_and_tool(),
        arguments in arguments(),
        ignore in any::<bool>(),
        token in prop::option::weighted(0.1, Just("AAAA")),
    ) {
        let type_mismatch = if ignore { TypeMismatch::Ignore } else { TypeMismatch::Deny };
        let engine = engine(policy, DecisionOptions { type_mismatch, ..DecisionOptions::default() });
        let text = arguments.to_string();
        let text = JsonText::new(text.as_bytes());
        match token {
            Some(token) => agree(&engine, &tool, text.with_approval(token)),
            None => agree(&engine, &tool, text),
        };
        // What waits is approved: the same holds of the call with the token.
        let waiting = engine.evaluate(&ana(), &tool, text);
        if let Some(request) = waiting.approval() {
            let token = engine.approve(request, "bob", std::time::Duration::from_secs(60)).unwrap();
            agree(&engine, &tool, text.with_approval(&token));
        }
    }

    #[test]
    fn no_value_of_an_argument_is_in_it_unless_asked_for(
        (policy, tool) in policy_and_tool(),
        arguments in arguments(),
    ) {
        let mut arguments = arguments;
        mark(&mut arguments);
        let engine = engine(policy, DecisionOptions::default());
        let text = arguments.to_string();
        let explained = engine.explain(&ana(), &tool, JsonText::new(text.as_bytes()), NO_VALUES);
        for shown in [serde_json::to_string(&explained).unwrap(), format!("{explained:?}")] {
            prop_assert!(!shown.contains("secret") && !shown.contains("8675309"), "{}", shown);
        }
    }
}

/// Makes every text and number of the arguments one that is known again.
fn mark(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str("secret"),
        Value::Number(_) => *value = json!(8_675_309),
        Value::Array(elements) => elements.iter_mut().for_each(mark),
        Value::Object(members) => members.values_mut().for_each(mark),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Refunds: a reason, at most 100, not of everything, some a day.
fn refunds() -> Value {
    json!({
        "version": "1",
        "default": "deny",
        "tools": {
            "refund": {
                "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": true}]}],
                "deny_if": [
                    {"conditions": [
                        {"path": "args.amount", "op": "gt", "value": 100},
                        {"path": "args.currency", "op": "eq", "value": "EUR"}
                    ]},
                    {"conditions": [{"path": "args.items[*].id", "op": "in", "value": ["all", "rest"]}]}
                ],
                "limits": [
                    {"counter": "refunds", "window": "day", "max": 5},
                    {"counter": "refunded", "window": "day", "max": 50, "increment_from": "args.amount"}
                ]
            }
        }
    })
}

fn explain(policy: &Value, tool: &str, arguments: &Value, options: ExplainOptions) -> Explanation {
    let text = arguments.to_string();
    let explained = loaded(policy).explain(&ana(), tool, JsonText::new(text.as_bytes()), options);
    agree(&loaded(policy), tool, JsonText::new(text.as_bytes()));
    explained
}

#[test]
fn what_was_not_reached_is_judged_all_the_same() {
    let call = json!({"amount": 250, "currency": "EUR", "items": [{"id": "a"}, {"id": "all"}, {}]});
    let explained = explain(&refunds(), "refund", &call, NO_VALUES);
    let outcomes: Vec<_> = explained
        .steps
        .iter()
        .filter(|step| step.kind >= StepKind::Require)
        .map(|step| (step.pointer.as_str(), step.outcome, step.code))
        .collect();
    let (denied, later) = (StepOutcome::Denied, StepOutcome::NotReached);
    assert_eq!(
        outcomes,
        [
            ("/tools/refund/require/0/conditions/0", denied, Some(Code::RequireFailed)),
            ("/tools/refund/deny_if/0/conditions/0", later, Some(Code::DeniedByRule)),
            ("/tools/refund/deny_if/1/conditions/0", later, Some(Code::DeniedByRule)),
            ("/tools/refund/limits/1", later, None),
            ("/tools/refund/limits/0", later, None),
            ("/tools/refund/limits/1", later, Some(Code::LimitExceeded)),
        ]
    );
    let advice = explained.advice.unwrap();
    assert_eq!(advice.caller.as_deref(), Some("`args.reason` must be present"));
}

#[test]
fn every_element_is_counted() {
    let call = json!({"reason": "r", "items": [{"id": "a"}, {"id": "all"}, {}, 5]});
    let explained = explain(&refunds(), "refund", &call, NO_VALUES);
    let step = explained.ended_at().unwrap();
    let found = &step.conditions[0];
    assert_eq!((found.places.holds, found.places.fails, found.places.absent), (1, 3, 2));
    assert_eq!(found.found, "4 elements: a string, absent");
    assert_eq!(found.values, [""; 0]);
    assert_eq!(
        explained.advice.unwrap().caller.as_deref(),
        Some("every `args.items[*].id` must be none of `[\"all\", \"rest\"]`, or be absent")
    );
}

#[test]
fn values_are_shown_where_they_are_asked_for_and_cut() {
    let call = json!({"reason": "r", "amount": 51, "items": [{"id": "a"}, {"id": "é".repeat(500)}]});
    let explained = explain(&refunds(), "refund", &call, WITH_VALUES);
    let step = explained.steps.iter().find(|step| step.pointer == "/tools/refund/deny_if/1").unwrap();
    assert_eq!(step.conditions[0].values[0], "\"a\"");
    let long = &step.conditions[0].values[1];
    assert!(long.len() < 220 && long.ends_with("..."), "{long}");
    let limit = explained.ended_at().unwrap().limit.as_ref().unwrap();
    assert_eq!(limit.cost.unwrap().to_string(), "51");
    let explained = explain(&refunds(), "refund", &call, NO_VALUES);
    assert_eq!(explained.ended_at().unwrap().limit.as_ref().unwrap().cost, None);
    assert_eq!(
        explained.advice.unwrap().caller.as_deref(),
        Some("`args.amount` must be at most 50: one call never costs more")
    );
}

#[test]
fn one_condition_less_is_enough_for_a_denial_to_fall() {
    let call = json!({"reason": "r", "amount": 250, "currency": "EUR"});
    let advice = explain(&refunds(), "refund", &call, NO_VALUES).advice.unwrap();
    assert_eq!(
        advice.caller.as_deref(),
        Some(
            "`args.amount` must be at most `100`, or be absent; or `args.currency` must not be `\"EUR\"`, or be absent"
        )
    );
    assert_eq!(
        advice.author,
        "raise `/tools/refund/deny_if/0/conditions/0/value`; or change `/tools/refund/deny_if/0/conditions/1/value`; or take `/tools/refund/deny_if/0` out"
    );
}

#[test]
fn arguments_that_cannot_be_read_leave_their_rules_unjudged() {
    let engine = loaded(&refunds());
    let text = JsonText::new(br#"{"amount": 1, "amount": 2}"#);
    let explained = agree(&engine, "refund", text);
    assert_eq!(explained.ended_at().unwrap().kind, StepKind::Arguments);
    let judged = explained.steps.iter().filter(|step| step.kind > StepKind::Arguments);
    assert!(judged.clone().count() > 4);
    assert!(judged.clone().all(|step| step.outcome == StepOutcome::NotJudged), "{judged:#?}");
}

#[test]
fn nothing_is_charged_for_an_explanation() {
    let policy = json!({"version": "1", "default": "deny", "tools": {
        "run": {"limits": [{"counter": "runs", "window": "day", "max": 1}]}}});
    let engine = loaded(&policy);
    for _ in 0..3 {
        let explained = engine.explain(&ana(), "run", JsonText::new(b"{}"), NO_VALUES);
        assert_eq!(explained.code, Code::Allowed);
    }
    assert!(engine.evaluate(&ana(), "run", JsonText::new(b"{}")).is_allowed());
    assert!(!engine.evaluate(&ana(), "run", JsonText::new(b"{}")).is_allowed());
    // What was used is not looked at.
    assert_eq!(engine.explain(&ana(), "run", JsonText::new(b"{}"), NO_VALUES).code, Code::Allowed);
}

#[test]
fn what_is_revoked_or_without_a_policy_ends_at_once() {
    let engine = loaded(&refunds());
    let explained = engine.explain(&Identity::new(""), "refund", JsonText::new(b"{}"), NO_VALUES);
    assert_eq!((explained.code, explained.steps.len()), (Code::NoPolicy, 2));
    assert_eq!(explained.policy, None);
    engine.revoke("ana");
    let explained = agree(&engine, "refund", JsonText::new(b"{}"));
    assert_eq!((explained.code, explained.steps.len()), (Code::GrantRevoked, 1));
}

#[test]
fn of_limits_on_one_counter_the_cost_that_is_too_high_is_named() {
    let policy = json!({"version": "1", "default": "deny",
        "all_tools": {"limits": [{"counter": "n", "window": "day", "max": 90, "increment_from": "args.count"}]},
        "tools": {"run": {"limits": [{"counter": "n", "window": "day", "max": 5}]},
                  "never": {"limits": [{"counter": "m", "window": "day", "max": 0}]}}});
    let explained = explain(&policy, "run", &json!({"count": 20}), NO_VALUES);
    assert_eq!(explained.pointer, "/tools/run/limits/0");
    let advice = explained.advice.unwrap();
    assert_eq!(advice.caller.as_deref(), Some("`args.count` must be at most 5: one call never costs more"));
    assert_eq!(advice.author, "raise `/tools/run/limits/0/max`");
    let advice = explain(&policy, "never", &json!({"count": 1}), NO_VALUES).advice.unwrap();
    assert_eq!(
        advice.caller.as_deref(),
        Some("no waiting helps: a call costs more than 0, which is all that the limit admits")
    );
}
