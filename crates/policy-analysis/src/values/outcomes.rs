//! Sets of outcomes, and answers that may be "unknown".

use policy_core::{Outcome, Value};

/// Some of the outcomes that a condition can come to. A string that is refused counts as a mismatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcomes {
    holds: bool,
    fails: bool,
    mismatch: bool,
}

impl Outcomes {
    /// It holds.
    pub const HOLDS: Self = Self { holds: true, fails: false, mismatch: false };
    /// It is false.
    pub const FALSE: Self = Self { holds: false, fails: true, mismatch: false };
    /// It mismatches, or a string is refused: both deny.
    pub const MISMATCH: Self = Self { holds: false, fails: false, mismatch: true };
    /// It comes to anything.
    pub const ANY: Self = Self { holds: true, fails: true, mismatch: true };

    /// The outcomes that are not among these.
    #[must_use]
    pub const fn others(self) -> Self {
        Self { holds: !self.holds, fails: !self.fails, mismatch: !self.mismatch }
    }

    /// The outcomes that are among both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            holds: self.holds && other.holds,
            fails: self.fails && other.fails,
            mismatch: self.mismatch && other.mismatch,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.holds && !self.fails && !self.mismatch
    }

    /// Whether the outcome is among them.
    #[must_use]
    pub const fn has(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Holds => self.holds,
            Outcome::False => self.fails,
            Outcome::Mismatch | Outcome::Refused => self.mismatch,
        }
    }
}

/// An answer that is right where it is given, and may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It could not be decided. Whoever asks takes the safe side.
    Unknown,
}

/// What looking for an element of a set comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Search<T = Value> {
    /// There is this one.
    Found(T),
    /// There is none.
    Empty,
    /// None was found, and it was not shown that there is none.
    Unknown,
}

impl<T> Search<T> {
    /// Whether there is none.
    pub const fn is_empty(&self) -> Answer {
        match self {
            Self::Found(_) => Answer::No,
            Self::Empty => Answer::Yes,
            Self::Unknown => Answer::Unknown,
        }
    }

    /// The same with the element made into another.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Search<U> {
        match self {
            Self::Found(found) => Search::Found(into(found)),
            Self::Empty => Search::Empty,
            Self::Unknown => Search::Unknown,
        }
    }

    /// This, or where nothing was found, what `other` finds. Empty where both are.
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Found(found) => Self::Found(found),
            Self::Empty => other(),
            Self::Unknown => match other() {
                Self::Empty => Self::Unknown,
                other => other,
            },
        }
    }

    /// What was found.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Empty | Self::Unknown => None,
        }
    }
}
