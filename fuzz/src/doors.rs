//! One call through both doors of the engine: its arguments as text, and as a `serde_json::Value`.

use std::fmt::Write;
use std::sync::LazyLock;

use policy_core::arguments::{Caps, Kind};
use policy_core::{
    Arguments, Code, Decision, Engine, Identity, ManualClock, MemoryStore, NoArguments, Operator, PolicySet,
    Timestamp,
};
use policy_json::{JsonText, Parsed};
use serde_json::Value;

/// The tool that everything looks at: each operator, on several arguments, with several values, in shadow mode so that
/// the decision tells what came of every one; and at the end a rule that decides.
const JUDGED: &str = "judged";
/// The tool that costs what `args.a` says.
const PAID: &str = "paid";
/// The tool whose calls tell what was charged before.
const FREE: &str = "free";

/// Where rules look, and what they compare with; the values are JSON.
const PATHS: [&str; 5] = ["args.a", "args.b", "args.a.b", "args.a[*]", "args.a[0].b"];
const VALUES: [&str; 15] = [
    "null",
    "true",
    "0",
    "0.1",
    "9007199254740993",
    "1e400",
    "\"\"",
    "\"a\"",
    "\"\\u00e9\"",
    "[]",
    "[1, \"a\", null]",
    "[\"/a\"]",
    "[\"a.example\"]",
    "[\"10.0.0.0/8\"]",
    "{\"b\": 1, \"c\": [0.10]}",
];

/// Has a call with these arguments decided. `acceptable` says whether the text is fit to be arguments; `value` is it as a
/// `serde_json::Value`, if that is all that the text says.
///
/// # Panics
/// Where the arguments are refused though acceptable, or the other way round; where the doors differ; where the charge is
/// not the cost.
pub(crate) fn check(text: &[u8], acceptable: bool, value: Option<&Value>) {
    let by_text = Door::open(JsonText::new(text));
    for decision in [&by_text.judged, &by_text.paid] {
        let refused = decision.code() == Code::InvalidArguments;
        assert_eq!(refused, !acceptable, "{:?}", decision.message());
    }
    check_cost(text, &by_text);
    if let Some(value) = value {
        let by_value = Door::open(value);
        assert_alike(&by_text.judged, &by_value.judged);
        assert_alike(&by_text.paid, &by_value.paid);
        assert_alike(&by_text.free, &by_value.free);
    }
}

/// What an engine of its own decides about the same arguments, one call after the other.
struct Door {
    judged: Decision,
    paid: Decision,
    free: Decision,
}

impl Door {
    fn open(arguments: impl Arguments) -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(1_772_442_015_000));
        let store = MemoryStore::with_capacity(64);
        let engine = Engine::builder(POLICIES.clone()).clock(clock).store(store).build();
        let caller = Identity::new("ana");
        let judged = engine.evaluate(&caller, JUDGED, &arguments);
        let paid = engine.evaluate(&caller, PAID, &arguments);
        Self { judged, paid, free: engine.evaluate(&caller, FREE, NoArguments) }
    }
}

/// The one call is charged what its argument says, and nothing when it is denied.
fn check_cost(text: &[u8], door: &Door) {
    let parsed = Parsed::parse(text, Caps::default()).ok();
    let argument = parsed.as_ref().and_then(|parsed| parsed.root()?.get("a"));
    let argument = argument.filter(|argument| argument.kind() == Kind::Number);
    let cost = argument.and_then(|number| crate::amount::micros(number.as_number()?));
    let expected = match cost {
        _ if door.paid.code() == Code::InvalidArguments => Code::InvalidArguments,
        None => Code::InvalidCost,
        Some(cost) if cost > MAX_MICROS => Code::LimitExceeded,
        Some(_) => Code::Allowed,
    };
    assert_eq!(door.paid.code(), expected, "a cost of {cost:?} millionths");
    let charged = if door.paid.is_allowed() { cost.unwrap_or_default() } else { 0 };
    let calls = u64::from(door.paid.is_allowed()) + 1;
    let used: Vec<u64> = door.free.limits().map(|limit| limit.used().micros()).collect();
    assert_eq!(used, [charged + 1_000_000, calls * 1_000_000], "what was charged is what is used");
}

/// Both decisions say the same, but for the place in a text that the value does not have.
fn assert_alike(by_text: &Decision, by_value: &Decision) {
    let reason = |decision: &Decision| (decision.code(), decision.rule(), decision.pointer());
    assert_eq!(reason(by_text), reason(by_value), "the doors decide alike");
    if by_text.code() != Code::InvalidArguments {
        assert_eq!(by_text.message(), by_value.message());
    }
    assert_eq!(by_text.retry_after(), by_value.retry_after());
    let shadowed = |decision: &Decision| -> Vec<_> {
        decision.shadowed().map(|finding| (finding.code(), finding.pointer())).collect()
    };
    assert_eq!(shadowed(by_text), shadowed(by_value), "the doors judge alike");
    let limits = |decision: &Decision| -> Vec<_> {
        decision.limits().map(|limit| (limit.counter().to_owned(), limit.used(), limit.resets_at())).collect()
    };
    assert_eq!(limits(by_text), limits(by_value), "the doors count alike");
}

/// `max` of the paid tool's limit, in millionths.
const MAX_MICROS: u64 = 1_000 * 1_000_000;

static POLICIES: LazyLock<PolicySet> = LazyLock::new(|| {
    let policy = policy_json::load("doors", policy_text().as_bytes());
    let policy = policy.unwrap_or_else(|error| panic!("the policy of the doors loads: {error}"));
    PolicySet::single(policy).expect("what loads can be decided by")
});

fn policy_text() -> String {
    let mut groups = String::new();
    for path in PATHS {
        for operator in Operator::ALL {
            for value in VALUES {
                let fits = match operator {
                    Operator::In | Operator::NotIn => value.starts_with('['),
                    Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => {
                        value.starts_with(|first: char| first.is_ascii_digit())
                    }
                    Operator::Regex => value.starts_with('"'),
                    Operator::Exists => value == "true",
                    Operator::StartsWith | Operator::EndsWith => value.starts_with('"'),
                    Operator::PathWithin => value == r#"["/a"]"#,
                    Operator::UrlHostIn => value == r#"["a.example"]"#,
                    Operator::CidrIn => value == r#"["10.0.0.0/8"]"#,
                    _ => true,
                };
                if fits {
                    let operator = operator.name();
                    let written = write!(
                        groups,
                        r#"{{"mode": "shadow", "conditions":
                            [{{"path": "{path}", "op": "{operator}", "value": {value}}}]}},"#
                    );
                    written.expect("writing to a string does not fail");
                }
            }
        }
    }
    let decides = r#"{"conditions": [{"path": "args.never", "op": "exists", "value": true}]}"#;
    let shadow =
        r#"{"counter": "shadow", "window": "day", "max": 5, "increment_from": "args.b", "mode": "shadow"}"#;
    let free = r#"{"counter": "calls", "window": "day", "max": 9}"#;
    let spend = r#"{"counter": "spend", "window": "day", "max": 1000, "increment_from": "args.a"}"#;
    let seen = r#"{"counter": "spend", "window": "day", "max": 1001}"#;
    format!(
        r#"{{"version": "1", "default": "deny", "tools": {{
            "{JUDGED}": {{"require": [{}], "deny_if": [{decides}], "limits": [{shadow}]}},
            "{PAID}": {{"limits": [{spend}, {free}]}},
            "{FREE}": {{"limits": [{seen}, {free}]}}
        }}}}"#,
        groups.trim_end_matches(','),
    )
}
