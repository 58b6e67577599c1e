//! A group of conditions, as `require` and `deny_if` list them.

use crate::arguments::Json;
use crate::condition::{Condition, Outcome};

/// Whether a rule or limit decides, or is only reported on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It is evaluated and reported, and never decides.
    Shadow,
}

/// `{ "conditions": [...], "on_deny": "text" }`: conditions that are ANDed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// All must hold; where there are none, the group holds always.
    pub conditions: Vec<Condition>,
    /// What the agent reads when this group denies.
    pub on_deny: Option<Box<str>>,
    /// Whether it decides.
    pub mode: Mode,
    /// Text for people.
    pub description: Option<Box<str>>,
}

impl Group {
    /// Judges the group, and names the condition that decided: the first false one, else the first mismatch, else the
    /// first (`None` where there are no conditions). The order of the conditions makes no other difference.
    #[must_use]
    pub fn judge(&self, arguments: Json<'_>) -> (Outcome, Option<usize>) {
        let mut mismatch = None;
        for (place, condition) in self.conditions.iter().enumerate() {
            match condition.judge(arguments) {
                Outcome::Holds => {}
                Outcome::False => return (Outcome::False, Some(place)),
                Outcome::Mismatch => mismatch = mismatch.or(Some(place)),
            }
        }
        match mismatch {
            Some(place) => (Outcome::Mismatch, Some(place)),
            None => (Outcome::Holds, (!self.conditions.is_empty()).then_some(0)),
        }
    }
}
