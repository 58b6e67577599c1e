//! What planning and settling come to, as plain data: the code, and the places in the document that it stands on.
//! `reason` makes words of it, `decision` hands it out.

use smallvec::SmallVec;

use crate::arguments::ArgumentError;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::decimal::AmountError;
use crate::program::LimitOrigin;
use crate::store::CounterState;

/// An answer in the making. It begins as a deny and stays one until something allows; steps fill it in where it lies, so
/// that nothing is copied, and on allow it holds no heap memory of its own.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) code: Code,
    pub(crate) place: Place,
    /// Which of the set's policies applied.
    pub(crate) policy: Option<u32>,
    /// Which of its names the tool is.
    pub(crate) entry: Option<u32>,
    /// When the store was asked; the epoch where it was not.
    pub(crate) now: Timestamp,
    /// How each counter stands that is to be charged.
    pub(crate) counted: SmallVec<[CounterState; 1]>,
    /// What only some answers have.
    pub(crate) more: Option<Box<More>>,
}

/// What an answer has beyond the code and its place.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// The name that was asked for, where the call is denied.
    pub(crate) asked: Box<str>,
    /// What a message needs beyond the place.
    pub(crate) detail: Option<Detail>,
    /// What would have denied, had it been enforced.
    pub(crate) shadowed: Vec<Finding>,
    /// Which of `counted` each limit is in, in the order of the limits; empty where it is one each.
    pub(crate) charge_of: Vec<Option<usize>>,
}

impl Verdict {
    /// Not decided yet: a deny, as long as nobody says otherwise.
    #[inline]
    pub(crate) fn undecided() -> Self {
        Self {
            code: Code::InternalError,
            place: Place::Nowhere,
            policy: None,
            entry: None,
            now: Timestamp::default(),
            counted: SmallVec::new(),
            more: None,
        }
    }

    /// Settles it.
    #[inline]
    pub(crate) fn settle(&mut self, code: Code, place: Place) {
        self.code = code;
        self.place = place;
    }

    /// Which charge the limit is in that stands at that place in their order.
    pub(crate) fn charge_of(&self, limit: usize) -> Option<usize> {
        match &self.more {
            Some(more) if !more.charge_of.is_empty() => more.charge_of.get(limit).copied().flatten(),
            _ => Some(limit),
        }
    }

    /// The counter of that limit.
    pub(crate) fn counted(&self, limit: usize) -> Option<&CounterState> {
        self.counted.get(self.charge_of(limit)?)
    }

    #[cold]
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Notes what would have denied.
    #[cold]
    pub(crate) fn shadow(&mut self, code: Code, place: Place) {
        self.more().shadowed.push(Finding { code, place });
    }
}

/// A rule, and what it would have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    pub(crate) place: Place,
}

/// Where in the document a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: no rule denied.
    Nowhere,
    GrantRevoked,
    NoPolicy,
    Hidden(u32),
    Default,
    ToolName,
    Action,
    Arguments,
    Group {
        list: GroupList,
        group: u32,
        condition: Option<u32>,
    },
    Limit(LimitOrigin),
}

/// Which list of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupList {
    Require,
    DenyIf,
}

/// What a message needs beyond the place.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    Argument(ArgumentError),
    Cost(CostFault),
}

/// Why an argument says no cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CostFault {
    #[error("must be present")]
    Missing,
    #[error("must be a number")]
    NotANumber,
    #[error(transparent)]
    Amount(#[from] AmountError),
}
