//! Why a call is decided as it is, step by step, and what would have to change. Nothing is charged for it. The decision is
//! `plan`'s and `settle`'s own, from counters at zero; `steps` and `limits` walk the same pieces once more and say what each came to,
//! `advice` what would change it, `json` writes it all down, `text` values as JSON text.

mod advice;
mod json;
mod limits;
mod steps;
mod text;

use crate::amount::Amount;
use crate::arguments::Arguments;
use crate::clock::Timestamp;
use crate::code::{Code, Effect};
use crate::condition::{Operator, Outcome};
use crate::decision::Decision;
use crate::group::Mode;
use crate::identity::Identity;
use crate::limit::{Scope, Window};
use crate::memory::MemoryStore;
use crate::plan::{Contingent, Request, charge, plan};
use crate::policy::Digest;
use crate::settle::{settle, settle_approved};
use crate::snapshot::{Lease, Snapshot};
use crate::store::{CounterState, CounterStore as _};
use crate::verdict::{Counted, Verdict};

/// What an explanation may show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    /// Whether the values of the arguments that rules looked at are in it. Without this no part of it holds any.
    pub show_values: bool,
}

/// Why a call is decided as it is: `Engine::explain` makes it. Plain data, detached from the engine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// What the call comes to while nothing has been counted yet.
    pub code: Code,
    /// The id of the rule that this stands on, as a decision has it.
    pub rule: String,
    /// Where in the policy the rule stands: a JSON Pointer.
    pub pointer: String,
    /// What the agent would read.
    pub message: String,
    /// The policy that applies; `None` where none does.
    pub policy: Option<ExplainedPolicy>,
    /// The steps in the order of evaluation. Those after the one that ended it are judged too, as far as they can be. Where
    /// the tool is not there for the caller, the step that says so is the last.
    pub steps: Vec<ExplainedStep>,
    /// What would have to change; `None` where the call is allowed.
    pub advice: Option<Advice>,
}

impl Explanation {
    /// What is to happen to the call.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.code.effect()
    }

    /// The step that ended it; `None` where the call is allowed.
    #[must_use]
    pub fn ended_at(&self) -> Option<&ExplainedStep> {
        let ends = |step: &&ExplainedStep| matches!(step.outcome, StepOutcome::Denied | StepOutcome::Waits);
        self.steps.iter().find(ends)
    }
}

/// The policy that an explanation speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedPolicy {
    /// The name that the host knows it by.
    pub id: Box<str>,
    /// The digest of the document it was read from.
    pub digest: Digest,
}

/// What would let a call through, or get it further: one sentence for each who can do something about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// For whoever makes the call; `None` where they can do nothing.
    pub caller: Option<String>,
    /// For whoever writes the policy, or runs the host.
    pub author: String,
}

/// One step of deciding.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExplainedStep {
    /// Which step.
    pub kind: StepKind,
    /// What came of it.
    pub outcome: StepOutcome,
    /// What it denies or asks with, would where it is in shadow mode, or would have where it was not reached. `None` where
    /// it lets the call pass, or could not be judged.
    pub code: Option<Code>,
    /// The id of the rule; empty where no rule is looked at.
    pub rule: String,
    /// Where in the policy it stands: a JSON Pointer; empty where it stands nowhere.
    pub pointer: String,
    /// What was looked at, in words.
    pub note: String,
    /// Whether the rule decides.
    pub mode: Mode,
    /// The conditions of a group, each judged for itself.
    pub conditions: Vec<ExplainedCondition>,
    /// The limit, of a step on one.
    pub limit: Option<ExplainedLimit>,
}

/// The steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Whether the grant has been revoked.
    Revocation,
    /// Which policy applies to the grant.
    Policy,
    /// Whether the tool is hidden.
    Hide,
    /// Whether the policy names the tool, and what becomes of others.
    Tool,
    /// The tool's `action`.
    Action,
    /// Reading the arguments.
    Arguments,
    /// The tool's input schema, which the engine holds.
    InputSchema,
    /// The tool's `schema`.
    Schema,
    /// A group under `require`.
    Require,
    /// A group under `deny_if`.
    DenyIf,
    /// A group under `approve_if`.
    ApproveIf,
    /// The approval that something asks for.
    Approval,
    /// What a limit says the call costs.
    Cost,
    /// A limit.
    Limit,
}

impl StepKind {
    /// The step's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Policy => "policy",
            Self::Hide => "hide",
            Self::Tool => "tool",
            Self::Action => "action",
            Self::Arguments => "arguments",
            Self::InputSchema => "input_schema",
            Self::Schema => "schema",
            Self::Require => "require",
            Self::DenyIf => "deny_if",
            Self::ApproveIf => "approve_if",
            Self::Approval => "approval",
            Self::Cost => "cost",
            Self::Limit => "limit",
        }
    }

    /// Its number in the order of evaluation, from 1 to 12.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Revocation => 1,
            Self::Policy => 2,
            Self::Hide => 3,
            Self::Tool => 4,
            Self::Action => 5,
            Self::Arguments => 6,
            Self::InputSchema | Self::Schema => 7,
            Self::Require => 8,
            Self::DenyIf => 9,
            Self::ApproveIf | Self::Approval => 10,
            Self::Cost => 11,
            Self::Limit => 12,
        }
    }
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It lets the call pass.
    Passed,
    /// It denies. At most one step does.
    Denied,
    /// It asks for approval; the step on the approval says whether there is one.
    Asks,
    /// The call waits for approval here.
    Waits,
    /// It would have denied or asked, and is in shadow mode.
    Shadowed,
    /// An earlier step ended it. [`ExplainedStep::code`] says what would have come of this one.
    NotReached,
    /// It could not be judged, because the arguments could not be read.
    NotJudged,
}

impl StepOutcome {
    /// The outcome's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Denied => "denied",
            Self::Asks => "asks",
            Self::Waits => "waits",
            Self::Shadowed => "shadowed",
            Self::NotReached => "not_reached",
            Self::NotJudged => "not_judged",
        }
    }
}

/// A condition, and what it found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExplainedCondition {
    /// Where in the policy it stands.
    pub pointer: String,
    /// Where in the arguments it looks.
    pub path: String,
    /// How it judges.
    pub operator: Operator,
    /// The policy's value, as JSON text.
    pub value: String,
    /// What it comes to. A mismatch may count as false: `DecisionOptions::type_mismatch`.
    pub outcome: Outcome,
    /// What it found there, without values: `absent`, `a number`, `3 elements`.
    pub found: String,
    /// The places that the path leads to, each judged for itself.
    pub places: ExplainedPlaces,
    /// The values there as JSON text, where values are shown: the first eight places, each cut where it is long.
    pub values: Vec<String>,
}

/// How many places a path leads to, and what the condition comes to at them. One in all, where the path has no `[*]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedPlaces {
    /// Where it holds.
    pub holds: usize,
    /// Where it does not.
    pub fails: usize,
    /// Where something of another type is.
    pub mismatch: usize,
    /// Where the operator refuses to read what is there.
    pub refused: usize,
    /// Those of them all where nothing is.
    pub absent: usize,
}

/// A limit as it is written, and what the call would be charged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExplainedLimit {
    /// The counter's name.
    pub counter: Box<str>,
    /// Whose calls are counted together.
    pub scope: Scope,
    /// How long the counter counts.
    pub window: Window,
    /// What it may hold at most.
    pub max: Amount,
    /// The argument that says what a call costs.
    pub increment_from: Option<String>,
    /// What this call costs. `None` where an argument says it and values are not shown, or it says none.
    pub cost: Option<Amount>,
}

/// Explains one call: decides it from counters at zero, and walks its steps.
pub(crate) fn explain<A: Arguments>(
    snapshot: Lease,
    request: &Request<'_, A>,
    now: Timestamp,
    options: ExplainOptions,
) -> Explanation {
    let verdict = decide(&snapshot, request, now);
    let steps = steps::walk(&snapshot, &verdict, request, now, options);
    let advice = advice::advice(&snapshot, &verdict, request.tool, &steps);
    let decision = Decision { snapshot, verdict };
    let policy = decision.policy();
    Explanation {
        code: decision.code(),
        rule: decision.rule(),
        pointer: decision.pointer(),
        message: decision.message(),
        policy: policy.map(|policy| ExplainedPolicy { id: policy.id.into(), digest: policy.digest }),
        steps,
        advice,
    }
}

/// Decides a call as an engine does in which nothing has been counted yet.
fn decide<A: Arguments>(snapshot: &Snapshot, request: &Request<'_, A>, now: Timestamp) -> Verdict {
    let mut verdict = Verdict::undecided();
    let contingent = plan(snapshot, request, &mut verdict);
    count_from_zero(snapshot, contingent, request.identity, now, &mut verdict);
    if verdict.code != Code::Allowed {
        verdict.more().asked = request.tool.into();
    }
    verdict
}

/// Settles what is to be charged by a store of its own, which is thrown away.
fn count_from_zero(
    snapshot: &Snapshot,
    contingent: Option<Contingent<'_>>,
    identity: &Identity,
    now: Timestamp,
    verdict: &mut Verdict,
) {
    let (charges, shadows, once) = match contingent {
        None => return,
        Some(Contingent::One(limit, cost)) => {
            let charge = charge(limit, identity, cost);
            verdict.counted = Counted::One(CounterState::awaited(&charge));
            (vec![charge], false, false)
        }
        Some(Contingent::Many { charges, shadows, once }) => (charges, shadows, once),
    };
    // More room than it can need: none of the charges meets a full table.
    let store = MemoryStore::with_capacity(charges.len().saturating_mul(4));
    let outcome = store.charge(&charges, verdict.states_mut(), now).ok();
    let settle = if once { settle_approved } else { settle };
    settle(snapshot, verdict, &charges, shadows, outcome, now);
}
