//! A group of conditions, as `require`, `deny_if` and `approve_if` list them.

use crate::arguments::Json;
use crate::condition::{Condition, Outcome, Sense};

/// Whether a rule or limit decides, or is only reported on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It is evaluated and reported, and never decides.
    Shadow,
}

/// What becomes of a present argument whose type a condition cannot judge, such as `"5000"` under `gt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypeMismatch {
    /// The call is denied, under `require`, `deny_if` and `approve_if`.
    #[default]
    Deny,
    /// The condition is false, as in the format's origin: `deny_if` lets the call through, `approve_if` does not ask. Strings
    /// that an operator refuses to read ([`Outcome::Refused`]) are denied all the same.
    Ignore,
}

/// `{ "conditions": [...], "on_deny": "text" }`: conditions that are ANDed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// All must hold; where there are none, the group holds always.
    pub conditions: Vec<Condition>,
    /// What the agent reads when this group denies, or asks for approval.
    pub on_deny: Option<Box<str>>,
    /// Whether it decides.
    pub mode: Mode,
    /// Text for people.
    pub description: Option<Box<str>>,
}

impl Group {
    /// Judges the group in the sense of its list, and names the condition that decided: the first false one, else the first
    /// mismatch, else the first (`None` where there are no conditions). The order of the conditions makes no other
    /// difference.
    #[must_use]
    pub fn judge(
        &self,
        arguments: Json<'_>,
        type_mismatch: TypeMismatch,
        sense: Sense,
    ) -> (Outcome, Option<u32>) {
        let mut mismatch = None;
        for (place, condition) in (0..).zip(&self.conditions) {
            match (condition.judge(arguments, sense), type_mismatch) {
                (Outcome::Holds, _) => {}
                (Outcome::False, _) | (Outcome::Mismatch, TypeMismatch::Ignore) => {
                    return (Outcome::False, Some(place));
                }
                (Outcome::Mismatch, TypeMismatch::Deny) | (Outcome::Refused, _) => {
                    mismatch = mismatch.or(Some(place));
                }
            }
        }
        match mismatch {
            Some(place) => (Outcome::Mismatch, Some(place)),
            None => (Outcome::Holds, (!self.conditions.is_empty()).then_some(0)),
        }
    }
}
