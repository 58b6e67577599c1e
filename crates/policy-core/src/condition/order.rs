//! `lt`, `lte`, `gt`, `gte`: numbers compared exactly.

use std::cmp::Ordering;

use super::{ConditionError, Outcome};
use crate::arguments::Json;
use crate::decimal::Decimal;
use crate::value::{Number, Value};

/// A number, and how the argument may stand to it.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    number: Number,
    small: Option<i64>,
    orderings: [Option<Ordering>; 2],
}

impl Bound {
    pub(super) fn compile(
        value: &Value,
        ordering: Ordering,
        or_equal: Option<Ordering>,
    ) -> Result<Self, ConditionError> {
        let Value::Number(number) = value else { return Err(ConditionError::wants("a number", value)) };
        Ok(Self {
            number: number.clone(),
            small: small(number.text()),
            orderings: [Some(ordering), or_equal],
        })
    }

    pub(super) fn judge(&self, argument: Json<'_>) -> Outcome {
        let Some(text) = argument.as_number() else { return Outcome::Mismatch };
        match compare(text, self.number.text(), self.small) {
            None => Outcome::Mismatch,
            Some(ordering) => Outcome::from(self.orderings.contains(&Some(ordering))),
        }
    }
}

/// An integer of at most 18 digits, for the comparisons that are nearly all of them.
#[inline]
pub(super) fn small(text: &str) -> Option<i64> {
    if text.len() > 18 { None } else { text.parse().ok() }
}

#[inline]
pub(super) fn compare(argument: &str, number: &str, number_small: Option<i64>) -> Option<Ordering> {
    if let (Some(ours), Some(theirs)) = (small(argument), number_small) {
        return Some(ours.cmp(&theirs));
    }
    Some(Decimal::parse(argument)?.cmp(&Decimal::parse(number)?))
}
