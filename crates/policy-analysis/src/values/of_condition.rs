//! What may stand at a condition's path where it holds, is false, or mismatches: section 2.1 of docs/policy-format.md as
//! sets.

use policy_core::{Amount, Condition, Operator, Outcome, Sense, Value};

use super::atom::Atom;
use super::containers::ArraySet;
use super::numbers::NumberSet;
use super::outcomes::Outcomes;
use super::slot::Slot;
use super::strings::StringSet;

impl Slot {
    /// What may stand at the condition's path so that it comes to one of these outcomes in that sense; `None` where the operator is one
    /// that is not known here.
    #[must_use]
    pub fn of(condition: &Condition, sense: Sense, outcomes: Outcomes) -> Option<Self> {
        let (holds, fails) = (outcomes.has(Outcome::Holds), outcomes.has(Outcome::False));
        let one = std::slice::from_ref(condition.value());
        match (condition.operator(), condition.value()) {
            (Operator::Eq, _) => Some(equality(one, [holds, fails], fails)),
            (Operator::Neq, _) => Some(equality(one, [fails, holds], fails)),
            (Operator::In, Value::Array(list)) => Some(equality(list, [holds, fails], fails)),
            (Operator::NotIn, Value::Array(list)) => Some(equality(list, [fails, holds], fails)),
            (Operator::Lt, Value::Number(number)) => Some(order(NumberSet::below(number, false), outcomes)),
            (Operator::Lte, Value::Number(number)) => Some(order(NumberSet::below(number, true), outcomes)),
            (Operator::Gt, Value::Number(number)) => Some(order(NumberSet::above(number, false), outcomes)),
            (Operator::Gte, Value::Number(number)) => Some(order(NumberSet::above(number, true), outcomes)),
            (
                Operator::Regex
                | Operator::StartsWith
                | Operator::EndsWith
                | Operator::PathWithin
                | Operator::UrlHostIn
                | Operator::CidrIn,
                _,
            ) => Some(Self {
                strings: StringSet::held(Atom::new(condition, sense)?, outcomes),
                ..judged(outcomes, [false, true, true, true])
            }),
            (Operator::Contains, Value::String(_)) => Some(Self {
                strings: StringSet::held(Atom::new(condition, sense)?, outcomes),
                arrays: containing(condition.value(), holds, fails),
                ..judged(outcomes, [false, true, false, true])
            }),
            (Operator::Contains, _) => Some(Self {
                arrays: containing(condition.value(), holds, fails),
                ..judged(outcomes, [true, true, false, true])
            }),
            (Operator::Exists, Value::Bool(wanted)) => Some(existence(*wanted, holds, fails)),
            _ => None,
        }
    }
}

/// `[among, others]`: whether the values of the list are meant, and the others.
fn equality(list: &[Value], [among, others]: [bool; 2], absent: bool) -> Slot {
    let slot = match (among, others) {
        (true, true) => Slot::present(),
        (true, false) => Slot::only(list),
        (false, true) => Slot::except(list),
        (false, false) => Slot::empty(),
    };
    slot.or_absent(absent)
}

/// What all operators that look at one type have in common: absent and null are false, the types that the operator cannot
/// judge (of strings, numbers, arrays, objects) mismatch. Booleans always do. Types that it judges are left empty.
fn judged(outcomes: Outcomes, [strings, numbers, arrays, objects]: [bool; 4]) -> Slot {
    let (fails, mismatch) = (outcomes.has(Outcome::False), outcomes.has(Outcome::Mismatch));
    let any = Slot::present();
    let mut slot = Slot { absent: fails, null: fails, false_: mismatch, true_: mismatch, ..Slot::empty() };
    if strings && mismatch {
        slot.strings = any.strings;
    }
    if numbers && mismatch {
        slot.numbers = any.numbers;
    }
    if arrays && mismatch {
        slot.arrays = any.arrays;
    }
    if objects && mismatch {
        slot.objects = any.objects;
    }
    slot
}

fn order(numbers: NumberSet, outcomes: Outcomes) -> Slot {
    let numbers = match (outcomes.has(Outcome::Holds), outcomes.has(Outcome::False)) {
        (true, true) => NumberSet::all(),
        (true, false) => numbers,
        (false, true) => numbers.complement(),
        (false, false) => NumberSet::EMPTY,
    };
    Slot { numbers, ..judged(outcomes, [true, false, true, true]) }
}

fn containing(element: &Value, holds: bool, fails: bool) -> ArraySet {
    match (holds, fails) {
        (true, true) => ArraySet::all(),
        (false, false) => ArraySet::empty(),
        (wanted, _) => ArraySet::with(element.clone(), wanted),
    }
}

fn existence(wanted: bool, holds: bool, fails: bool) -> Slot {
    let (there, missing) = if wanted { (holds, fails) } else { (fails, holds) };
    let slot = if there { Slot::present() } else { Slot::empty() };
    Slot { absent: missing, null: missing, ..slot }
}

impl Slot {
    /// What may stand at a limit's `increment_from` so that the call can fit under it: a valid cost of at most `max`.
    #[must_use]
    pub fn cost(max: Amount) -> Self {
        Self { numbers: NumberSet::costs(max), ..Self::empty() }
    }
}
