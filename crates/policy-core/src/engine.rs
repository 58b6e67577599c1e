//! The engine: clock, plan, charge, settle. Holds what may change from call to call; deciding itself is `plan`'s and
//! `settle`'s.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::arguments::Arguments;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::code::Code;
use crate::decision::Decision;
use crate::identity::Identity;
use crate::memory::MemoryStore;
use crate::plan::{Contingent, DecisionOptions, Request, charge, is_visible, plan};
use crate::policy_set::PolicySet;
use crate::settle::{is_made, settle};
use crate::snapshot::{Current, Snapshot};
use crate::store::{Charge, ChargeOutcome, CounterState, CounterStore, HandleKind, Receipt, StoreError};
use crate::verdict::{Counted, Verdict};

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
}

impl Inner {
    /// Clock, plan, charge, settle.
    // Not inlined, so that a decision is made where the caller wants it. Where it allows, it is put together from what is at
    // hand rather than copied: copying what was written a moment ago makes a processor wait.
    #[inline(never)]
    fn evaluate(&self, identity: &Identity, tool: &str, arguments: &impl Arguments) -> Decision {
        let snapshot = self.current.lease();
        let mut verdict = Verdict::undecided();
        let request = Request { identity, tool, arguments, options: &self.options };
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
                    let verdict = Verdict::allowed(&mut verdict, Counted::One(state), now);
                    return Decision { snapshot, verdict };
                }
                verdict.counted = Counted::One(state);
                self.settle(std::slice::from_ref(&charge), false, outcome, now, &snapshot, &mut verdict);
            }
            Some(Contingent::Many { charges, shadows }) => {
                self.count(&charges, shadows, &snapshot, &mut verdict)
            }
        }
        if verdict.code != Code::Allowed {
            verdict.more().asked = tool.into();
        }
        Decision { snapshot, verdict }
    }

    /// Any number of charges, or such as do not decide.
    #[inline(never)]
    fn count(&self, charges: &[Charge<'_>], shadows: bool, snapshot: &Snapshot, verdict: &mut Verdict) {
        let now = self.clock.now();
        let outcome = self.store.charge(charges, verdict.states_mut(), now);
        self.settle(charges, shadows, outcome, now, snapshot, verdict);
    }

    #[inline(never)]
    fn settle(
        &self,
        charges: &[Charge<'_>],
        shadows: bool,
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
        settle(snapshot, verdict, charges, shadows, outcome, now);
        if verdict.code == Code::Allowed && self.handles == HandleKind::Encoded {
            verdict.more().encoded = charges.iter().map(|charge| charge.key.encode().into()).collect();
        }
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
        EngineBuilder { policies, store: None, clock: None, options: DecisionOptions::default() }
    }

    /// Decides one call: may this caller call this tool with these arguments, now?
    ///
    /// Whatever goes wrong comes out as a deny with a code; there is no error to handle. Calls that are denied are charged
    /// nothing.
    #[inline]
    pub fn evaluate(&self, identity: &Identity, tool: &str, arguments: impl Arguments) -> Decision {
        self.inner.evaluate(identity, tool, &arguments)
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

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let store = self.store.unwrap_or_else(|| Box::new(MemoryStore::default()));
        let inner = Inner {
            id,
            current: Current::new(id, self.policies),
            handles: store.handles(),
            store,
            clock: self.clock.unwrap_or_else(|| Box::new(SystemClock)),
            options: self.options,
        };
        Engine { inner: Arc::new(inner) }
    }
}
