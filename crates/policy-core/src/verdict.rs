//! What planning and settling come to, as plain data: the code, and the places in the document that it stands on.
//! `reason` makes words of it, `decision` hands it out.

use std::sync::Arc;

use crate::amount::AmountError;
use crate::approval::{ApprovalFault, ApprovalRequest};
use crate::arguments::ArgumentError;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::policy::Digest;
use crate::program::{CompiledLimit, Entry, LimitOrigin, Program};
use crate::schema::SchemaViolation;
use crate::snapshot::Snapshot;
use crate::store::{CounterState, StoreError};

/// An answer in the making. It begins as a deny and stays one until something allows; steps fill it in where it lies. On allow
/// it holds no heap memory of its own, unless there were several counters or something to tell of.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What only some answers have.
    pub(crate) more: Extra,
    /// The counters that were to be charged.
    pub(crate) counted: Counted,
    /// When the store was asked; the epoch where it was not.
    pub(crate) now: Timestamp,
    /// Which of the set's policies applied; [`NONE`] where none does.
    pub(crate) policy: u32,
    /// Which of its names the tool is; [`NONE`] where it has none of that name.
    pub(crate) entry: u32,
    pub(crate) place: Place,
    pub(crate) code: Code,
}

/// No place in any list: a list has less than this many.
pub(crate) const NONE: u32 = u32::MAX;

/// Which counters were to be charged.
#[derive(Debug)]
pub(crate) enum Counted {
    Nothing,
    /// What nearly all calls come to lies in the decision itself.
    One(CounterState),
    /// They stand in [`More::states`].
    Many,
}

/// [`More`], where there is any. Nobody shares it: it is in an `Arc` because dropping none of that costs one comparison.
#[derive(Debug, Default)]
pub(crate) struct Extra(Option<Arc<More>>);

impl Extra {
    pub(crate) fn as_ref(&self) -> Option<&More> {
        self.0.as_deref()
    }

    pub(crate) fn as_mut(&mut self) -> Option<&mut More> {
        Arc::get_mut(self.0.as_mut()?)
    }
}

/// What an answer has beyond the code and its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// The name that was asked for, where the call is denied.
    pub(crate) asked: Box<str>,
    /// What a message needs beyond the place.
    pub(crate) detail: Option<Detail>,
    /// What would have denied, had it been enforced.
    pub(crate) shadowed: Vec<Finding>,
    /// How each counter stands, in the order of the charges, where there are several.
    pub(crate) states: Vec<CounterState>,
    /// What names the counters that were charged, in the same order, where their store outlives the process.
    pub(crate) encoded: Vec<Box<[u8]>>,
    /// Which of the states each limit is in, in the order of the limits; empty where it is one each.
    pub(crate) charge_of: Vec<Option<usize>>,
    /// Why the store did not answer.
    pub(crate) store_error: Option<Arc<StoreError>>,
    /// What is asked of a person, or was answered.
    pub(crate) approval: Option<Approval>,
}

impl Verdict {
    /// Not decided yet: a deny, as long as nobody says otherwise.
    #[inline]
    pub(crate) fn undecided() -> Self {
        Self {
            code: Code::InternalError,
            place: Place::Nowhere,
            policy: NONE,
            entry: NONE,
            now: Timestamp::default(),
            counted: Counted::Nothing,
            more: Extra(None),
        }
    }

    /// An allow, put together from what has been found so far.
    #[inline(always)]
    pub(crate) fn allowed(found: &mut Self, counted: Counted, now: Timestamp) -> Self {
        let more = std::mem::take(&mut found.more);
        let Self { policy, entry, .. } = *found;
        Self { more, counted, now, policy, entry, place: Place::Nowhere, code: Code::Allowed }
    }

    /// Settles it.
    #[inline]
    pub(crate) fn settle(&mut self, code: Code, place: Place) {
        self.code = code;
        self.place = place;
    }

    /// The policy that applied.
    pub(crate) fn program<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Program> {
        snapshot.policies.program(self.policy)
    }

    /// What it says of the tool.
    pub(crate) fn entry<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Entry> {
        self.program(snapshot)?.entry(self.entry)
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
        match self.more.as_ref() {
            Some(more) if !more.charge_of.is_empty() => more.charge_of.get(limit).copied().flatten(),
            _ => Some(limit),
        }
    }

    /// The counter of that limit.
    pub(crate) fn counted(&self, limit: usize) -> Option<&CounterState> {
        self.states().get(self.charge_of(limit)?)
    }

    /// How the counters stand, in the order of the charges.
    pub(crate) fn states(&self) -> &[CounterState] {
        match (&self.counted, self.more.as_ref()) {
            (Counted::One(state), _) => std::slice::from_ref(state),
            (Counted::Many, Some(more)) => &more.states,
            (Counted::Nothing, _) | (Counted::Many, None) => &[],
        }
    }

    pub(crate) fn states_mut(&mut self) -> &mut [CounterState] {
        match (&mut self.counted, self.more.as_mut()) {
            (Counted::One(state), _) => std::slice::from_mut(state),
            (Counted::Many, Some(more)) => &mut more.states,
            (Counted::Nothing, _) | (Counted::Many, None) => &mut [],
        }
    }

    #[cold]
    pub(crate) fn more(&mut self) -> &mut More {
        Arc::make_mut(self.more.0.get_or_insert_default())
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

/// How it stands with a call that needs approval.
#[derive(Clone, Debug)]
pub(crate) enum Approval {
    /// It has none. What one would be bound to.
    Lacking(Digest),
    /// A person is asked.
    Asked(Box<ApprovalRequest>),
    /// It came with one, by that approver. The rule that asked for it stands there.
    Given { approver: Box<str>, asking: Place },
}

/// What a message needs beyond the place.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    Approval(ApprovalFault),
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
