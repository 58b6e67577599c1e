//! What an engine hands back: the effect and the reasons for it.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use smallvec::SmallVec;

use crate::amount::Amount;
use crate::clock::Timestamp;
use crate::code::{Code, Effect};
use crate::group::Mode;
use crate::limit::{Limit, Scope, Window};
use crate::policy::Digest;
use crate::program::CompiledLimit;
use crate::reason::Context;
use crate::schema::SchemaViolation;
use crate::snapshot::{Lease, Snapshot};
use crate::store::{CounterState, Receipt, ReceiptEntry, StoreError};
use crate::verdict::{Detail, Finding, Place, Verdict};

/// May the call go ahead, and why. Reasons are put into words when they are asked for.
///
/// An allowed call's charges stand unless the host takes the [receipt](Decision::take_receipt) and has it refunded.
#[must_use = "a decision decides nothing unless it is looked at"]
#[derive(Debug)]
// In this order, so that moving a decision does not wait for what was written into it last: the code.
#[repr(C)]
pub struct Decision {
    snapshot: Lease,
    /// Which engine decides.
    engine: u64,
    verdict: Verdict,
}

impl Decision {
    /// A decision in the making, which is a deny.
    #[inline]
    pub(crate) fn undecided(snapshot: Lease, engine: u64) -> Self {
        Self { snapshot, engine, verdict: Verdict::undecided() }
    }

    /// What to decide by, and what to put the answer into.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&Snapshot, &mut Verdict) {
        (&self.snapshot, &mut self.verdict)
    }

    /// Whether the call may go ahead.
    #[must_use]
    #[inline]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.verdict.code, Code::Allowed)
    }

    /// What is to happen to the call.
    #[must_use]
    #[inline]
    pub const fn effect(&self) -> Effect {
        self.verdict.code.effect()
    }

    /// Why.
    #[must_use]
    #[inline]
    pub const fn code(&self) -> Code {
        self.verdict.code
    }

    /// The id of the rule that denied, such as `/tools/create_charge/deny_if/args.amount-gt`; empty when allowed.
    /// Two rules can share an id; [`pointer`](Self::pointer) is exact.
    #[must_use]
    pub fn rule(&self) -> String {
        self.context().rule(self.verdict.place)
    }

    /// Where in the policy document the rule stands, as a JSON Pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        self.context().pointer(self.verdict.place)
    }

    /// What the agent may read; empty when allowed. Holds no argument's value.
    #[must_use]
    pub fn message(&self) -> String {
        let Verdict { code, place, more, .. } = &self.verdict;
        let (asked, detail) = match more {
            Some(more) => (&*more.asked, more.detail.as_ref()),
            None => ("", None),
        };
        self.context().message(*code, *place, detail, asked, self.retry_after())
    }

    /// The policy that was applied; `None` where none does.
    #[must_use]
    pub fn policy(&self) -> Option<PolicyRef<'_>> {
        self.verdict
            .program(&self.snapshot)
            .map(|program| PolicyRef { id: &program.id, digest: program.digest })
    }

    /// The limits that were looked at, in order: the tool's, then everybody's.
    pub fn limits(&self) -> impl Iterator<Item = LimitStatus<'_>> {
        self.touched().map(|(limit, counted)| LimitStatus {
            limit: &limit.limit,
            used: counted.used,
            resets_at: counted.resets_at,
        })
    }

    fn touched(&self) -> impl Iterator<Item = (&CompiledLimit, &CounterState)> {
        let limits = self.verdict.limits(&self.snapshot).enumerate();
        limits.filter_map(|(place, limit)| Some((limit, self.verdict.counted(place)?)))
    }

    /// How long to wait until the limit that denied has room again. `None` where no limit denied, or the call costs more
    /// than the limit ever admits.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let (Code::LimitExceeded, Place::Limit(origin)) = (self.verdict.code, self.verdict.place) else {
            return None;
        };
        let (limit, counted) = self.touched().find(|(limit, _)| limit.origin == origin)?;
        (counted.cost <= limit.limit.max).then(|| counted.resets_at.since(self.verdict.now))
    }

    /// Where the arguments fail a schema, where that denied the call.
    #[must_use]
    pub fn violation(&self) -> Option<&SchemaViolation> {
        match &self.verdict.more.as_ref()?.detail {
            Some(Detail::Schema(violation)) => Some(violation),
            _ => None,
        }
    }

    /// Why the counter store did not answer, where that denied the call: for the host's log, not for the agent.
    #[must_use]
    pub fn store_error(&self) -> Option<&StoreError> {
        self.verdict.more.as_ref()?.store_error.as_ref()
    }

    /// What would have denied the call, had it not been in shadow mode.
    pub fn shadowed(&self) -> impl Iterator<Item = Shadowed<'_>> {
        let shadowed = self.verdict.more.as_ref().map_or(&[][..], |more| &more.shadowed);
        shadowed.iter().map(|finding| Shadowed { decision: self, finding })
    }

    /// The two ways on: the receipt of a call that is allowed (empty where nothing was charged), or the decision that
    /// denies. The receipt keeps nothing else of the decision alive while the tool runs.
    ///
    /// # Errors
    /// When the call is denied, or waits for approval: the decision itself.
    pub fn into_result(mut self) -> Result<Receipt, Self> {
        if self.is_allowed() {
            Ok(self
                .take_receipt()
                .unwrap_or_else(|| Receipt { engine: self.engine, entries: SmallVec::new() }))
        } else {
            Err(self)
        }
    }

    /// What an MCP host answers in place of the tool: the text of a result with `isError: true`. Begins with
    /// `[POLICY DENIED]`, or with `[APPROVAL REQUIRED]` where the call is not denied but waits for a person.
    #[must_use]
    pub fn denial_text(&self) -> String {
        let what = match self.effect() {
            Effect::RequireApproval => "[APPROVAL REQUIRED]",
            Effect::Allow | Effect::Deny => "[POLICY DENIED]",
        };
        format!("{what} {}", self.message())
    }

    /// The receipt for what the call was charged, to be handed to `Engine::refund` where the call never reached the
    /// server, or came back as a JSON-RPC error. `None` where nothing was charged, or it has been taken before.
    pub fn take_receipt(&mut self) -> Option<Receipt> {
        let entries: SmallVec<[ReceiptEntry; 2]> = self
            .verdict
            .counted
            .states_mut()
            .iter_mut()
            .filter_map(|CounterState { cost, resets_at, charged, .. }| {
                Some(ReceiptEntry { counter: charged.take()?, resets_at: *resets_at, cost: *cost })
            })
            .collect();
        (!entries.is_empty()).then_some(Receipt { engine: self.engine, entries })
    }

    fn context(&self) -> Context<'_> {
        Context { snapshot: &self.snapshot, verdict: &self.verdict }
    }
}

/// Which policy a decision was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyRef<'a> {
    /// The name the host knows it by.
    pub id: &'a str,
    /// The digest of the document it was read from.
    pub digest: Digest,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug)]
pub struct LimitStatus<'a> {
    limit: &'a Limit,
    used: Amount,
    resets_at: Timestamp,
}

impl<'a> LimitStatus<'a> {
    /// The counter's name.
    #[must_use]
    pub fn counter(&self) -> &'a str {
        &self.limit.counter
    }

    /// Whose calls are counted together.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.limit.scope
    }

    /// How long the counter counts.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.limit.window
    }

    /// What it may hold at most.
    #[must_use]
    pub const fn max(&self) -> Amount {
        self.limit.max
    }

    /// What it holds, this call included where it was charged.
    #[must_use]
    pub const fn used(&self) -> Amount {
        self.used
    }

    /// What is left.
    #[must_use]
    pub const fn remaining(&self) -> Amount {
        self.limit.max.saturating_sub(self.used)
    }

    /// When it starts again at nothing.
    #[must_use]
    pub const fn resets_at(&self) -> Timestamp {
        self.resets_at
    }

    /// Whether it decides.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.limit.mode
    }
}

/// A rule or limit in shadow mode that would have denied.
#[derive(Clone, Copy, Debug)]
pub struct Shadowed<'a> {
    decision: &'a Decision,
    finding: &'a Finding,
}

impl Shadowed<'_> {
    /// What it would have denied with.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.finding.code
    }

    /// Its id.
    #[must_use]
    pub fn rule(&self) -> String {
        self.decision.context().rule(self.finding.place)
    }

    /// Where it stands in the policy document.
    #[must_use]
    pub fn pointer(&self) -> String {
        self.decision.context().pointer(self.finding.place)
    }
}

/// The documented JSON form: `docs/decisions.md`.
impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("effect", self.effect().name())?;
        map.serialize_entry("code", self.code().name())?;
        map.serialize_entry("rule", &self.rule())?;
        map.serialize_entry("pointer", &self.pointer())?;
        map.serialize_entry("message", &self.message())?;
        map.serialize_entry("policy", &self.policy())?;
        if let Some(violation) = self.violation() {
            map.serialize_entry("violation", violation)?;
        }
        if self.limits().next().is_some() {
            map.serialize_entry("limits", &List(|| self.limits()))?;
        }
        if let Some(retry_after) = self.retry_after() {
            map.serialize_entry("retry_after_ms", &retry_after.as_millis())?;
        }
        if self.shadowed().next().is_some() {
            map.serialize_entry("shadowed", &List(|| self.shadowed()))?;
        }
        map.end()
    }
}

/// Serialises what an iterator yields.
struct List<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        (self.0)().try_for_each(|item| list.serialize_element(&item))?;
        list.end()
    }
}

impl Serialize for PolicyRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("digest", &self.digest.to_string())?;
        map.end()
    }
}

impl Serialize for SchemaViolation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("pointer", &self.pointer)?;
        map.serialize_entry("keyword", &self.keyword)?;
        map.serialize_entry("schema_pointer", &self.schema_pointer)?;
        map.end()
    }
}

impl Serialize for LimitStatus<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("counter", self.counter())?;
        map.serialize_entry("scope", self.scope().name())?;
        match self.window().name() {
            Some(name) => map.serialize_entry("window", name)?,
            None => map.serialize_entry("window", &self.window().seconds())?,
        }
        map.serialize_entry("max", &self.max())?;
        map.serialize_entry("used", &self.used())?;
        map.serialize_entry("remaining", &self.remaining())?;
        map.serialize_entry("resets_at_ms", &self.resets_at().as_millis())?;
        if self.mode() == Mode::Shadow {
            map.serialize_entry("mode", "shadow")?;
        }
        map.end()
    }
}

impl Serialize for Shadowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", self.code().name())?;
        map.serialize_entry("rule", &self.rule())?;
        map.serialize_entry("pointer", &self.pointer())?;
        map.end()
    }
}
