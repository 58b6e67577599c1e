//! Cargo builds one `serde_json` for everybody: what one crate switches on, all get. No such switch may change a decision.
//! Every test of this crate can be run with all of them on:
//!
//! ```console
//! $ SERDE_JSON=unified cargo test -p policy-json \
//!       --features serde_json/arbitrary_precision,serde_json/preserve_order,serde_json/raw_value
//! ```
//!
//! The variable says which build is meant, so that a command that has lost its effect fails. The tests here are those that such
//! a switch would make fail first. What they expect is the same in every build, but for what `serde_json` itself makes of a
//! text before the engine sees it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use policy_core::{Arguments, Code, Engine, Identity, ManualClock, PolicySet, Timestamp};
use policy_json::JsonText;
use serde_json::{Value, json};

/// Names that mean something to one library or another.
const MAGIC: [&str; 5] = [
    "$serde_json::private::Number",
    "$serde_json::private::RawValue",
    "$serde_spanned_private_value",
    "$__toml_private_datetime",
    "$oid",
];

fn engine(tool: &Value) -> Engine {
    let policy = json!({ "version": "1", "default": "deny", "tools": { "run": tool } });
    let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
    let clock = ManualClock::new(Timestamp::from_millis(1_767_268_800_000));
    Engine::builder(PolicySet::single(policy).unwrap()).clock(clock).build()
}

/// An engine that permits what holds.
fn require(path: &str, op: &str, value: &Value) -> Engine {
    engine(&json!({ "require": [{ "conditions": [{ "path": path, "op": op, "value": value }] }] }))
}

fn code(engine: &Engine, arguments: impl Arguments) -> Code {
    engine.evaluate(&Identity::new("ana"), "run", arguments).code()
}

fn by_text(engine: &Engine, text: &str) -> Code {
    code(engine, JsonText::new(text.as_bytes()))
}

/// Whether `serde_json` was built to keep numbers as they are written.
fn numbers_are_kept() -> bool {
    serde_json::from_str::<Value>("1e400").is_ok()
}

/// Whether it was built to keep members in their order.
fn order_is_kept() -> bool {
    let written = json!({ "b": 1, "a": 2 }).to_string();
    written.starts_with(r#"{"b""#)
}

#[test]
fn the_build_is_the_one_that_was_meant() {
    let built = [numbers_are_kept(), order_is_kept()];
    match std::env::var("SERDE_JSON").as_deref() {
        Ok("unified") => assert_eq!(built, [true; 2]),
        Ok(other) => panic!("SERDE_JSON is `unified` or not set, not `{other}`"),
        Err(_) => println!("numbers and order are kept: {built:?}"),
    }
}

#[test]
fn no_name_makes_anything_but_a_member_in_text() {
    for name in MAGIC {
        let object = json!({ name: "5" });
        let inside = format!(r#"{{"a": {{"{name}": "5"}}}}"#);
        assert_eq!(by_text(&require("args.a", "eq", &object), &inside), Code::Allowed, "{name}");
        assert_eq!(by_text(&require("args.a", "gt", &json!(1)), &inside), Code::TypeMismatch, "{name}");
        assert_eq!(by_text(&require("args.a", "eq", &json!(5)), &inside), Code::RequireFailed, "{name}");
        let outside = format!(r#"{{"{name}": "5"}}"#);
        let path = format!("args.{name}");
        assert_eq!(by_text(&require(&path, "eq", &json!("5")), &outside), Code::Allowed, "{name}");
    }
}

/// A value whose host has put it together member by member is what it looks like.
#[test]
fn no_name_makes_anything_but_a_member_in_a_value() {
    for name in MAGIC {
        let object = json!({ name: "5" });
        let arguments = json!({ "a": object });
        assert_eq!(code(&require("args.a", "eq", &object), &arguments), Code::Allowed, "{name}");
        assert_eq!(code(&require("args.a", "gt", &json!(1)), &arguments), Code::TypeMismatch, "{name}");
    }
}

/// A value that `serde_json` has read is judged as what `serde_json` made of it, in every build: the same as its text would be
/// if it were written out again. With numbers kept, it makes a number of an object with the magic name, and the engine is shown a
/// number. Hosts that hold the text hand over the text.
#[test]
fn a_value_is_judged_as_what_was_made_of_the_text() {
    for name in MAGIC {
        let text = format!(r#"{{"a": {{"{name}": "5"}}}}"#);
        let value: Value = serde_json::from_str(&text).unwrap();
        for (op, operand) in
            [("gt", json!(1)), ("eq", json!(5)), ("eq", json!({ name: "5" })), ("exists", json!(true))]
        {
            let engine = require("args.a", op, &operand);
            assert_eq!(code(&engine, &value), by_text(&engine, &value.to_string()), "{name} {op}");
        }
    }
    let number = r#"{"a": {"$serde_json::private::Number": "5"}}"#;
    let value: Value = serde_json::from_str(number).unwrap();
    let expected = if numbers_are_kept() { Code::Allowed } else { Code::TypeMismatch };
    assert_eq!(code(&require("args.a", "gt", &json!(1)), &value), expected);
}

/// And the arguments as a whole, which then are none.
#[test]
fn arguments_that_were_made_a_number_are_refused() {
    let value: Value = serde_json::from_str(r#"{"$serde_json::private::Number": "5"}"#).unwrap();
    let engine = require("args.a", "exists", &json!(false));
    let expected = if numbers_are_kept() { Code::InvalidArguments } else { Code::Allowed };
    assert_eq!(code(&engine, &value), expected);
}

#[test]
fn a_magic_name_in_a_policy_is_a_name() {
    for name in MAGIC {
        let text = format!(
            r#"{{"version": "1", "default": "deny", "tools": {{"run": {{"require": [{{"conditions":
                [{{"path": "args.a", "op": "eq", "value": {{"{name}": "5"}}}}]}}]}}}}}}"#
        );
        let policy = policy_json::load("p", text.as_bytes()).unwrap();
        assert!(policy_json::to_json(&policy).contains(&format!(r#""{name}": "5""#)), "{name}");
        let engine = Engine::new(PolicySet::single(policy).unwrap());
        assert_eq!(by_text(&engine, &format!(r#"{{"a": {{"{name}": "5"}}}}"#)), Code::Allowed, "{name}");
        assert_eq!(by_text(&engine, r#"{"a": 5}"#), Code::RequireFailed, "{name}");
    }
}

#[test]
fn numbers_in_text_are_exact_in_every_build() {
    let gt = |bound: &str| {
        let policy = format!(
            r#"{{"version": "1", "default": "deny", "tools": {{"run": {{"require": [{{"conditions":
                [{{"path": "args.a", "op": "gt", "value": {bound}}}]}}]}}}}}}"#
        );
        let policy = policy_json::load("p", policy.as_bytes()).unwrap();
        Engine::new(PolicySet::single(policy).unwrap())
    };
    for (less, more) in [
        ("9007199254740992", "9007199254740993"),
        ("18446744073709551615", "18446744073709551616"),
        ("1e399", "1e400"),
        ("0.1", "0.10000000000000000000000000000001"),
        ("-1e400", "-1e399"),
    ] {
        let (less_text, more_text) = (format!(r#"{{"a": {less}}}"#), format!(r#"{{"a": {more}}}"#));
        assert_eq!(by_text(&gt(less), &more_text), Code::Allowed, "{more} > {less}");
        assert_eq!(by_text(&gt(more), &less_text), Code::RequireFailed, "{less} > {more}");
        if numbers_are_kept() {
            let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(code(&gt(less), value(&more_text)), Code::Allowed, "{more} > {less}");
            assert_eq!(code(&gt(more), value(&less_text)), Code::RequireFailed, "{less} > {more}");
        }
    }
}

#[test]
fn a_number_beyond_the_caps_gets_through_no_door() {
    let engine = require("args.b", "exists", &json!(false));
    for number in ["1e10000", "1e-10000", &"1".repeat(1_025)] {
        let text = format!(r#"{{"a": {number}}}"#);
        assert_eq!(by_text(&engine, &text), Code::InvalidArguments, "{number}");
        match serde_json::from_str::<Value>(&text) {
            Ok(value) if numbers_are_kept() => {
                assert_eq!(code(&engine, &value), Code::InvalidArguments, "{number}")
            }
            // A float by now, or none.
            _ => assert!(!numbers_are_kept()),
        }
    }
}

#[test]
fn the_order_of_members_counts_in_no_build() {
    let engine = require("args.a", "eq", &json!({ "x": 1, "y": { "p": 2, "q": 3 } }));
    for text in [r#"{"a": {"x": 1, "y": {"p": 2, "q": 3}}}"#, r#"{"a": {"y": {"q": 3, "p": 2}, "x": 1}}"#] {
        assert_eq!(by_text(&engine, text), Code::Allowed);
        assert_eq!(code(&engine, serde_json::from_str::<Value>(text).unwrap()), Code::Allowed);
    }
}

#[test]
fn a_decision_is_written_alike_in_every_build() {
    let engine = engine(&json!({
        "limits": [{ "counter": "spend", "window": "day", "max": 10, "increment_from": "args.a" }]
    }));
    let decision = engine.evaluate(&Identity::new("ana"), "run", JsonText::new(br#"{"a": 0.1}"#));
    let told = serde_json::to_string(&decision).unwrap();
    let policy = serde_json::to_string(&decision.policy().unwrap()).unwrap();
    let expected = format!(
        r#"{{"effect":"allow","code":"allowed","rule":"","pointer":"","message":"","policy":{policy},"limits":[{{"counter":"spend","scope":"grant","window":"day","max":10,"used":0.1,"remaining":9.9,"resets_at_ms":1767312000000}}]}}"#
    );
    assert_eq!(told, expected);
}
