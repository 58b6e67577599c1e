//! The engine: clock, plan, charge, settle. Holds what may change from call to call; deciding itself is `plan`'s and
//! `settle`'s.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::approval::{ApprovalError, ApprovalKey, ApprovalNonce, ApprovalRequest, ApprovalToken, Keys};
use crate::arguments::Arguments;
use crate::clock::{Clock, SystemClock};
use crate::code::Code;
use crate::decision::Decision;
use crate::identity::Identity;
use crate::memory::MemoryStore;
use crate::plan::{Charges, DecisionOptions, Request, charge, is_visible, plan};
use crate::policy_set::PolicySet;
use crate::settle::{settle, settle_approved};
use crate::snapshot::Current;
use crate::store::{CounterStore, Receipt, StoreError};
use crate::verdict::Place;

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
    clock: Box<dyn Clock>,
    options: DecisionOptions,
    approvals: Approvals,
}

impl Inner {
    /// Clock, plan, charge, settle. Not inlined, so that the decision is made where the caller wants it and never copied.
    #[inline(never)]
    fn decide(&self, identity: &Identity, tool: &str, arguments: &impl Arguments, decision: &mut Decision) {
        if let Some(token) = arguments.approval() {
            return self.decide_approved(identity, tool, arguments, token, decision);
        }
        let request = Request { identity, tool, arguments, options: &self.options, presented: None };
        let (snapshot, verdict) = decision.parts();
        if let Some(contingent) = plan(snapshot, &request, verdict) {
            let one;
            let charges = match &contingent.charges {
                Charges::One(limit, cost) => {
                    one = charge(limit, identity, *cost);
                    std::slice::from_ref(&one)
                }
                Charges::Many(charges) => charges,
            };
            let now = self.clock.now();
            let outcome = match self.store.charge(charges, verdict.counted.states_mut(), now) {
                Ok(outcome) => Some(outcome),
                Err(error) => {
                    verdict.more().store_error = Some(error);
                    None
                }
            };
            settle(snapshot, verdict, charges, contingent.shadows, outcome, now);
        }
        if verdict.code != Code::Allowed {
            verdict.more().asked = tool.into();
            if verdict.code == Code::ApprovalRequired {
                self.ask(identity, tool, decision);
            }
        }
    }

    /// The same for a call that comes with an approval token.
    #[cold]
    #[inline(never)]
    fn decide_approved(
        &self,
        identity: &Identity,
        tool: &str,
        arguments: &impl Arguments,
        token: &str,
        decision: &mut Decision,
    ) {
        // One time for all: what has not expired when it is looked at has not when it is used.
        let now = self.clock.now();
        let presented = self.approvals.keys.verify(token, now);
        let request =
            Request { identity, tool, arguments, options: &self.options, presented: Some(&presented) };
        let (snapshot, verdict) = decision.parts();
        if let Some(contingent) = plan(snapshot, &request, verdict) {
            let one;
            let charges = match &contingent.charges {
                Charges::One(limit, cost) => {
                    one = charge(limit, identity, *cost);
                    std::slice::from_ref(&one)
                }
                Charges::Many(charges) => charges,
            };
            let outcome = match self.store.charge(charges, verdict.counted.states_mut(), now) {
                Ok(outcome) => Some(outcome),
                Err(error) => {
                    verdict.more().store_error = Some(error);
                    None
                }
            };
            let settle = if contingent.once { settle_approved } else { settle };
            settle(snapshot, verdict, charges, contingent.shadows, outcome, now);
        }
        if verdict.code != Code::Allowed {
            verdict.more().asked = tool.into();
        }
    }

    /// Puts the question to a person into a decision that waits for one. Without a nonce nobody can be asked.
    #[cold]
    #[inline(never)]
    fn ask(&self, identity: &Identity, tool: &str, decision: &mut Decision) {
        let mut nonce = [0; 16];
        if getrandom::fill(&mut nonce).is_err() {
            let (_, verdict) = decision.parts();
            return verdict.settle(Code::InternalError, Place::Nowhere);
        }
        let expires_at = self.clock.now().after(self.approvals.lifetime);
        decision.ask(identity, tool, ApprovalNonce(nonce), expires_at);
    }
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
        }
    }

    /// Decides one call: may this caller call this tool with these arguments, now?
    ///
    /// Whatever goes wrong comes out as a deny with a code; there is no error to handle. Calls that are denied are charged
    /// nothing.
    #[inline]
    pub fn evaluate(&self, identity: &Identity, tool: &str, arguments: impl Arguments) -> Decision {
        let mut decision = Decision::undecided(self.inner.current.lease(), self.inner.id);
        self.inner.decide(identity, tool, &arguments, &mut decision);
        decision
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

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let inner = Inner {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            current: Current::new(self.policies),
            store: self.store.unwrap_or_else(|| Box::new(MemoryStore::default())),
            clock: self.clock.unwrap_or_else(|| Box::new(SystemClock)),
            options: self.options,
            approvals: self.approvals,
        };
        Engine { inner: Arc::new(inner) }
    }
}
