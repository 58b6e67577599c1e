//! What a decision says holds no argument's value, whatever the policy is and however the arguments are broken. A decision
//! shows what its counters hold; beyond those it has no number of the arguments either.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod random;

use policy_core::{DecisionOptions, Engine, Identity, ManualClock, MemoryStore, PolicySet, Timestamp};
use policy_json::JsonText;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use random::{cases, policy_and_tool};
use serde_json::{Value, json};

/// Stands in every string and name of the arguments, and in no policy.
const SECRET: &str = "s3cr3t";
/// Stands in every number of the arguments, and in no other.
const SECRET_DIGITS: &str = "7351937";

fn secret() -> impl Strategy<Value = Value> {
    let number = json!(7_351_937);
    let scalar = select(vec![
        json!(SECRET),
        json!("1\"s3cr3t\u{e9}\n"),
        number,
        json!(-7_351_937.5),
        json!(73_519_370),
    ]);
    scalar.prop_recursive(3, 8, 3, |inner| {
        let member = (select(vec![SECRET, "a", "b", "s3cr3t 2"]), inner.clone());
        let members = prop::collection::vec(member, 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// What happens to a text on its way.
#[derive(Clone, Debug)]
enum Mishap {
    None,
    Cut(Index),
    Changed(Index, u8),
    Doubled,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        4 => Just(Mishap::None),
        1 => any::<Index>().prop_map(Mishap::Cut),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Mishap::Changed(place, byte)),
        1 => Just(Mishap::Doubled),
    ]
}

fn arguments() -> impl Strategy<Value = Vec<u8>> {
    let members = prop::collection::vec((select(vec!["a", "b", "c", SECRET]), secret()), 0..5);
    (members, mishap()).prop_map(|(members, mishap)| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let mut text = format!("{{{}}}", members.join(",")).into_bytes();
        match mishap {
            Mishap::None => {}
            Mishap::Cut(place) => text.truncate(place.index(text.len())),
            Mishap::Changed(place, byte) => *place.get_mut(&mut text) = byte,
            Mishap::Doubled => text.extend_from_within(..),
        }
        text
    })
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_decision_says_nothing_of_the_arguments(
        (policy, tool) in policy_and_tool(), first in arguments(), second in arguments(),
    ) {
        let engine = Engine::builder(PolicySet::single(policy).unwrap())
            .clock(ManualClock::new(Timestamp::from_millis(1_767_268_800_000)))
            .store(MemoryStore::with_capacity(64))
            .options(DecisionOptions::default())
            .build();
        let ana = Identity::new("ana");
        for text in [first, second] {
            let decision = engine.evaluate(&ana, &tool, JsonText::new(&text));
            let told = serde_json::to_string(&decision).unwrap() + &format!("{decision:?}");
            prop_assert!(!told.contains(SECRET), "{} tells of {}", told, String::from_utf8_lossy(&text));
            let mut texts = vec![decision.message(), decision.rule(), decision.pointer()];
            texts.extend(decision.shadowed().flat_map(|finding| [finding.rule(), finding.pointer()]));
            for said in texts {
                prop_assert!(!said.contains(SECRET_DIGITS), "{} tells of {}", said, String::from_utf8_lossy(&text));
            }
        }
    }
}
