//! What planning and settling come to, as plain data: the code, and the places in the document that it stands on.
//! `reason` makes words of it, `decision` hands it out.

use smallvec::SmallVec;

use crate::arguments::ArgumentError;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::decimal::{Amount, AmountError};
use crate::program::LimitOrigin;
use crate::store::ReceiptEntry;

/// An answer. On allow it holds no heap memory of its own.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) code: Code,
    /// Which of the set's policies applied.
    pub(crate) policy: Option<usize>,
    /// Which of its names the tool is.
    pub(crate) entry: Option<u32>,
    pub(crate) place: Place,
    pub(crate) detail: Detail,
    /// What would have denied, had it been enforced.
    pub(crate) shadowed: Vec<Finding>,
    /// The limits that were touched, in order.
    pub(crate) limits: SmallVec<[Touched; 2]>,
    /// The charges that were made.
    pub(crate) charged: SmallVec<[ReceiptEntry; 2]>,
    /// When the store was asked; the epoch where it was not.
    pub(crate) now: Timestamp,
}

impl Verdict {
    /// An answer that no counter had a part in.
    #[inline]
    pub(crate) fn settled(code: Code, place: Place, policy: Option<usize>, entry: Option<u32>) -> Self {
        Self {
            code,
            policy,
            entry,
            place,
            detail: Detail::None,
            shadowed: Vec::new(),
            limits: SmallVec::new(),
            charged: SmallVec::new(),
            now: Timestamp::default(),
        }
    }
}

/// A rule, and what it said (or would have said).
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
    Hidden(usize),
    Default,
    ToolName,
    Action,
    Arguments,
    Group {
        list: GroupList,
        group: usize,
        condition: Option<usize>,
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
    None,
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

/// A limit, and how its counter stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    pub(crate) origin: LimitOrigin,
    /// What its counter holds, the call's cost included where it was charged.
    pub(crate) used: Amount,
    pub(crate) resets_at: Timestamp,
    /// What the call costs there.
    pub(crate) cost: Amount,
}
