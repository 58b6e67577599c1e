//! The engine: clock, plan, charge, settle. Holds what may change from call to call; deciding itself is `plan`'s and
//! `settle`'s.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::approval::{
    ApprovalError, ApprovalFault, ApprovalKey, ApprovalNonce, ApprovalRequest, ApprovalToken, Keys, Presented,
};
use crate::arguments::Arguments;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::code::Code;
use crate::counter::CounterName;
use crate::decision::Decision;
use crate::explain::{ExplainOptions, Explanation, explain};
use crate::identity::Identity;
use crate::memory::MemoryStore;
use crate::plan::{Contingent, DecisionOptions, Request, charge, is_visible, plan};
use crate::policy_set::PolicySet;
use crate::schema::{Catalogues, ToolSchemas};
use crate::settle::{is_made, settle, settle_approved};
use crate::snapshot::{Current, Snapshot};
use crate::store::{Charge, ChargeOutcome, CounterState, CounterStore, HandleKind, Receipt, StoreError};
use crate::verdict::{Counted, Place, Verdict};

/// Decides tool calls. Cloning is cheap, and clones are one engine: they share policies, counters and revocations.
///
/// Every method takes `&self` and can be called from any number of threads at once; none of them panics. Replacing the
/// policies never makes a call wait for longer than it takes to store a pointer, and never resets a counter.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    /// Unlike every other engine's in this process: a receipt carries it.
    id: u64,
    current: Current,
    store: Box<dyn CounterStore>,
    /// The store's answer to that, which does not change.
    handles: HandleKind,
    clock: Box<dyn Clock>,
    options: DecisionOptions,
    approvals: Approvals,
}

impl Inner {
    /// Clock, plan, charge, settle.
    // Not inlined, so that a decision is made where the caller wants it. Where it allows, it is put together from what is at
    // hand rather than copied: copying what was written a moment ago makes a processor wait.
    #[inline(never)]
    fn evaluate(&self, identity: &Identity, tool: &str, arguments: &impl Arguments) -> Decision {
        if let Some(token) = arguments.approval() {
            return self.evaluate_approved(identity, tool, arguments, token);
        }
        let snapshot = self.current.lease();
        let mut verdict = Verdict::undecided();
        let request = Request { identity, tool, arguments, options: &self.options, presented: None };
        match plan(&snapshot, &request, &mut verdict) {
            None if verdict.code == Code::Allowed => {
                let verdict = Verdict::allowed(&mut verdict, Counted::Nothing, Timestamp::default());
                return Decision { snapshot, verdict };
            }
            None => {}
            // One charge, which decides: what nearly all calls come to. The same as `count`, without a list.
            Some(Contingent::One(limit, cost)) => {
                let charge = charge(limit, identity, cost);
                let mut state = CounterState::awaited(&charge);
                let now = self.clock.now();
                let outcome =
                    self.store.charge(std::slice::from_ref(&charge), std::slice::from_mut(&mut state), now);
                if let Ok(ChargeOutcome::Charged) = outcome
                    && is_made((&charge, &state))
                    && self.handles == HandleKind::Fingerprint
                {
                    // By its fields, for the same reason.
                    let CounterState { used, resets_at, .. } = state;
                    let state =
                        CounterState { used, resets_at, charged: true, ..CounterState::awaited(&charge) };
                    let verdict = Verdict::allowed(&mut verdict, Counted::One(state), now);
                    return Decision { snapshot, verdict };
                }
                verdict.counted = Counted::One(state);
                let plain = Kind { shadows: false, once: false };
                self.settle(std::slice::from_ref(&charge), plain, outcome, now, &snapshot, &mut verdict);
            }
            Some(Contingent::Many { charges, shadows, once }) => {
                self.count(&charges, Kind { shadows, once }, self.clock.now(), &snapshot, &mut verdict);
            }
        }
        self.finish(identity, tool, Decision { snapshot, verdict })
    }

    /// The same for a call that comes with an approval token.
    #[cold]
    #[inline(never)]
    fn evaluate_approved(
        &self,
        identity: &Identity,
        tool: &str,
        arguments: &impl Arguments,
        token: &str,
    ) -> Decision {
        // One time for all: what has not expired when it is looked at has not when it is used.
        let now = self.clock.now();
        let presented = self.present(token, now);
        let request =
            Request { identity, tool, arguments, options: &self.options, presented: Some(&presented) };
        let snapshot = self.current.lease();
        let mut verdict = Verdict::undecided();
        match plan(&snapshot, &request, &mut verdict) {
            None => {}
            Some(Contingent::One(limit, cost)) => {
                let charge = charge(limit, identity, cost);
                verdict.counted = Counted::One(CounterState::awaited(&charge));
                let plain = Kind { shadows: false, once: false };
                self.count(std::slice::from_ref(&charge), plain, now, &snapshot, &mut verdict);
            }
            Some(Contingent::Many { charges, shadows, once }) => {
                self.count(&charges, Kind { shadows, once }, now, &snapshot, &mut verdict);
            }
        }
        self.finish(identity, tool, Decision { snapshot, verdict })
    }

    /// What a token says, and the counter that makes sure that it is used once.
    fn present(&self, token: &str, now: Timestamp) -> Result<(Presented, CounterName), ApprovalFault> {
        self.approvals.keys.verify(token, now).map(|presented| {
            let counter = presented.counter();
            (presented, counter)
        })
    }

    /// What an answer that does not allow has beside its code.
    #[inline(never)]
    fn finish(&self, identity: &Identity, tool: &str, mut decision: Decision) -> Decision {
        if decision.verdict.code != Code::Allowed {
            decision.verdict.more().asked = tool.into();
        }
        if decision.verdict.code == Code::ApprovalRequired {
            self.ask(identity, tool, &mut decision);
        }
        decision
    }

    /// Any number of charges, of any kind.
    #[inline(never)]
    fn count(
        &self,
        charges: &[Charge<'_>],
        kind: Kind,
        now: Timestamp,
        snapshot: &Snapshot,
        verdict: &mut Verdict,
    ) {
        let outcome = self.store.charge(charges, verdict.states_mut(), now);
        self.settle(charges, kind, outcome, now, snapshot, verdict);
    }

    #[inline(never)]
    fn settle(
        &self,
        charges: &[Charge<'_>],
        Kind { shadows, once }: Kind,
        outcome: Result<ChargeOutcome, StoreError>,
        now: Timestamp,
        snapshot: &Snapshot,
        verdict: &mut Verdict,
    ) {
        let outcome = match outcome {
            Ok(outcome) => Some(outcome),
            Err(error) => {
                verdict.more().store_error = Some(Arc::new(error));
                None
            }
        };
        let settle = if once { settle_approved } else { settle };
        settle(snapshot, verdict, charges, shadows, outcome, now);
        if verdict.code == Code::Allowed && self.handles == HandleKind::Encoded {
            verdict.more().encoded = charges.iter().map(|charge| charge.key.encode().into()).collect();
        }
    }

    /// Puts the question to a person into a decision that waits for one. Without a nonce nobody can be asked.
    #[cold]
    #[inline(never)]
    fn ask(&self, identity: &Identity, tool: &str, decision: &mut Decision) {
        let mut nonce = [0; 16];
        if getrandom::fill(&mut nonce).is_err() {
            return decision.verdict.settle(Code::InternalError, Place::Nowhere);
        }
        let expires_at = self.clock.now().after(self.approvals.lifetime);
        decision.ask(identity, tool, ApprovalNonce(nonce), expires_at);
    }
}

/// What is special about a list of charges.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// Some of them are of limits in shadow mode.
    shadows: bool,
    /// The last is that of an approval.
    once: bool,
}

/// How an engine deals with approvals.
#[derive(Debug)]
struct Approvals {
    keys: Keys,
    /// How long a request can be answered.
    lifetime: Duration,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { keys: Keys::default(), lifetime: Duration::from_secs(15 * 60) }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that counts in memory, by the system's clock.
    #[must_use]
    pub fn new(policies: PolicySet) -> Self {
        Self::builder(policies).build()
    }

    /// An engine with a store, a clock or options of the host's choosing.
    pub fn builder(policies: PolicySet) -> EngineBuilder {
        EngineBuilder {
            policies,
            store: None,
            clock: None,
            options: DecisionOptions::default(),
            approvals: Approvals::default(),
            catalogues: Catalogues::default(),
        }
    }

    /// Decides one call: may this caller call this tool with these arguments, now?
    ///
    /// Whatever goes wrong comes out as a deny with a code; there is no error to handle. Calls that are denied are charged
    /// nothing.
    #[inline]
    pub fn evaluate(&self, identity: &Identity, tool: &str, arguments: impl Arguments) -> Decision {
        self.inner.evaluate(identity, tool, &arguments)
    }

    /// Why a call would be decided as it is, step by step, and what would have to change. Nothing is charged.
    ///
    /// The call is decided by the policies, schemas, revocations and options in place, and as if nothing had been counted yet:
    /// what limits have used, and whether an approval has been, is not looked at.
    #[must_use]
    pub fn explain(
        &self,
        identity: &Identity,
        tool: &str,
        arguments: impl Arguments,
        options: ExplainOptions,
    ) -> Explanation {
        let now = self.inner.clock.now();
        let presented = arguments.approval().map(|token| self.inner.present(token, now));
        let request = Request {
            identity,
            tool,
            arguments: &arguments,
            options: &self.inner.options,
            presented: presented.as_ref(),
        };
        explain(self.inner.current.lease(), &request, now, options)
    }

    /// Whether the caller may know of the tool: what a filtered `tools/list` is made by. False where the tool is hidden,
    /// or no policy applies to the caller.
    #[must_use]
    pub fn is_visible(&self, identity: &Identity, tool: &str) -> bool {
        is_visible(&self.inner.current.lease(), identity, tool)
    }

    /// Takes back what a call was charged, in the windows it was charged in.
    ///
    /// For calls that never reached the server, or came back as a JSON-RPC error. A result with `isError: true` has used
    /// its quota. A refund after the window's end changes nothing.
    ///
    /// # Errors
    /// When the receipt is another engine's, or the store did not answer; the charge may then still stand.
    pub fn refund(&self, receipt: Receipt) -> Result<(), StoreError> {
        if receipt.engine != self.inner.id {
            return Err(StoreError::ForeignReceipt);
        }
        self.inner.store.refund(receipt)
    }

    /// Approves of the call that a request stands for, in the approver's name: the token lets exactly that call through,
    /// once, until `ttl` is over or the request expires, whichever comes first.
    ///
    /// The engine asks nobody: whoever calls this has made sure that the approver is who they say, may approve, and has seen the
    /// call that the request was made for. Nothing is written down, so a token that is not used needs no clearing away.
    ///
    /// # Errors
    /// When the engine has no key, the request has expired, or the approver's name is empty or too long.
    pub fn approve(
        &self,
        request: &ApprovalRequest,
        approver: &str,
        ttl: Duration,
    ) -> Result<ApprovalToken, ApprovalError> {
        let key = self.inner.approvals.keys.current.as_ref().ok_or(ApprovalError::NoKey)?;
        key.approve(request, approver, self.inner.clock.now(), ttl)
    }

    /// Puts other policies in place, for every call that begins after this returns. Counters and revocations stay.
    pub fn replace_policies(&self, policies: PolicySet) {
        self.inner.current.replace(policies);
    }

    /// Puts the input schemas in place that arguments are held against, for every call that begins after this returns:
    /// those of callers whose server has no schemas of its own. Nothing else changes.
    pub fn replace_catalogue(&self, schemas: ToolSchemas) {
        self.inner.current.change_catalogues(|catalogues| catalogues.fallback = Some(Arc::new(schemas)));
    }

    /// The same for one server's tools.
    pub fn replace_catalogue_for(&self, server: impl Into<Box<str>>, schemas: ToolSchemas) {
        let server = server.into();
        self.inner.current.change_catalogues(|catalogues| {
            catalogues.servers.insert(server, Arc::new(schemas));
        });
    }

    /// Denies the grant from the next call on, whatever the policies say, until it is [reinstated](Self::reinstate).
    pub fn revoke(&self, grant: impl Into<Box<str>>) {
        let grant = grant.into();
        self.inner.current.change_revoked(|revoked| {
            revoked.insert(grant);
        });
    }

    /// Ends a revocation.
    pub fn reinstate(&self, grant: &str) {
        self.inner.current.change_revoked(|revoked| {
            revoked.remove(grant);
        });
    }
}

/// Puts an [`Engine`] together.
#[must_use = "nothing is made until `build`"]
pub struct EngineBuilder {
    policies: PolicySet,
    store: Option<Box<dyn CounterStore>>,
    clock: Option<Box<dyn Clock>>,
    options: DecisionOptions,
    approvals: Approvals,
    catalogues: Catalogues,
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EngineBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl EngineBuilder {
    /// Where calls are counted. Without one: in memory, with room for [`MemoryStore::DEFAULT_COUNTERS`].
    pub fn store(mut self, store: impl CounterStore + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Where the time comes from. Without one: the system's clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// How calls are decided.
    pub fn options(mut self, options: DecisionOptions) -> Self {
        self.options = options;
        self
    }

    /// The key that approvals are made and accepted with. Without one, calls that need approval wait for it in vain.
    ///
    /// An approval is accepted once by one store: engines that share a key share the store that they count in, too. Where the
    /// store forgets when the process ends, as the one in memory does, so should the key: [`ApprovalKey::generate`].
    pub fn approval_key(mut self, key: ApprovalKey) -> Self {
        self.approvals.keys.current = Some(key);
        self
    }

    /// A key that approvals are still accepted with, and not made any more: for as long as tokens may be on their way when the
    /// key is changed. Can be given several times.
    pub fn older_approval_key(mut self, key: ApprovalKey) -> Self {
        self.approvals.keys.older.push(key);
        self
    }

    /// How long a request for approval can be answered, and its answer used. Without one: 15 minutes.
    pub fn approval_lifetime(mut self, lifetime: Duration) -> Self {
        self.approvals.lifetime = lifetime;
        self
    }

    /// The input schemas of tools, which arguments are held against before any rule looks at them: for callers whose
    /// server has none of its own. A tool without a schema here is held against the policy alone.
    pub fn catalogue(mut self, schemas: ToolSchemas) -> Self {
        self.catalogues.fallback = Some(Arc::new(schemas));
        self
    }

    /// The input schemas of one server's tools: names are unique within a server only. They take the place of those that
    /// [`catalogue`](Self::catalogue) gives to all.
    pub fn catalogue_for(mut self, server: impl Into<Box<str>>, schemas: ToolSchemas) -> Self {
        self.catalogues.servers.insert(server.into(), Arc::new(schemas));
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let store = self.store.unwrap_or_else(|| Box::new(MemoryStore::default()));
        let inner = Inner {
            id,
            current: Current::new(id, self.policies, self.catalogues),
            handles: store.handles(),
            store,
            clock: self.clock.unwrap_or_else(|| Box::new(SystemClock)),
            options: self.options,
            approvals: self.approvals,
        };
        Engine { inner: Arc::new(inner) }
    }
}
