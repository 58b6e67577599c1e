//! What planning and settling come to, as plain data: the code, and the places in the document that it stands on.
//! `reason` makes words of it, `decision` hands it out.

use crate::amount::{Amount, AmountError};
use crate::arguments::ArgumentError;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::program::{CompiledLimit, Entry, LimitOrigin, Program};
use crate::schema::SchemaViolation;
use crate::snapshot::Snapshot;
use crate::store::{CounterState, StoreError};

/// An answer in the making. It begins as a deny and stays one until something allows; steps fill it in where it lies, so
/// that nothing is copied, and on allow it holds no heap memory of its own.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Verdict {
    /// What only some answers have.
    pub(crate) more: Option<Box<More>>,
    /// How each counter stands that is to be charged.
    pub(crate) counted: Counted,
    /// When the store was asked; the epoch where it was not.
    pub(crate) now: Timestamp,
    /// Which of the set's policies applied.
    pub(crate) policy: Option<u32>,
    /// Which of its names the tool is.
    pub(crate) entry: Option<u32>,
    pub(crate) place: Place,
    pub(crate) code: Code,
}

/// How counters stand, in the order of the charges.
#[derive(Debug)]
pub(crate) enum Counted {
    Nothing,
    /// What nearly all calls come to lies in the decision itself.
    One(CounterState),
    Many(Vec<CounterState>),
}

impl Counted {
    /// Makes a place for one counter's state.
    #[inline]
    pub(crate) fn expect_one(&mut self, cost: Amount) {
        // Asked for its own sake: what is known to be nothing need not be dropped.
        if let Self::Nothing = self {
            *self = Self::One(CounterState { cost, ..CounterState::default() });
        }
    }

    #[inline]
    pub(crate) fn states(&self) -> &[CounterState] {
        match self {
            Self::Nothing => &[],
            Self::One(state) => std::slice::from_ref(state),
            Self::Many(states) => states,
        }
    }

    #[inline]
    pub(crate) fn states_mut(&mut self) -> &mut [CounterState] {
        match self {
            Self::Nothing => &mut [],
            Self::One(state) => std::slice::from_mut(state),
            Self::Many(states) => states,
        }
    }
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
    /// Why the store did not answer.
    pub(crate) store_error: Option<StoreError>,
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
            counted: Counted::Nothing,
            more: None,
        }
    }

    /// Settles it.
    #[inline]
    pub(crate) fn settle(&mut self, code: Code, place: Place) {
        self.code = code;
        self.place = place;
    }

    /// The policy that applied.
    pub(crate) fn program<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Program> {
        snapshot.policies.program(self.policy?)
    }

    /// What it says of the tool.
    pub(crate) fn entry<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Entry> {
        self.program(snapshot)?.entry(self.entry?)
    }

    /// The limits that the call touches, in order: the tool's, then everybody's.
    pub(crate) fn limits<'a>(
        &self,
        snapshot: &'a Snapshot,
    ) -> impl Iterator<Item = &'a CompiledLimit> + use<'a> {
        let rules = self.entry(snapshot).and_then(|entry| entry.rules.as_ref());
        let own = rules.map_or(&[][..], |rules| &*rules.limits);
        own.iter().chain(self.program(snapshot).map_or(&[][..], |program| &program.all_tools))
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
        self.counted.states().get(self.charge_of(limit)?)
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
    /// The tool's input schema, which the engine holds.
    InputSchema,
    /// The policy's own schema.
    Schema,
    Group {
        whose: Whose,
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
    ApproveIf,
}

/// Whose groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Tool,
    AllTools,
}

/// What a message needs beyond the place.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    Argument(ArgumentError),
    Schema(SchemaViolation),
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
