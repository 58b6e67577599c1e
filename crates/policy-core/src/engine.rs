//! The engine: clock, plan, charge, settle. Holds what may change from call to call; deciding itself is `plan`'s and
//! `settle`'s.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::arguments::Arguments;
use crate::clock::{Clock, SystemClock};
use crate::code::Code;
use crate::decision::Decision;
use crate::identity::Identity;
use crate::memory::MemoryStore;
use crate::plan::{Charges, DecisionOptions, Request, charge, is_visible, plan};
use crate::policy_set::PolicySet;
use crate::schema::{Catalogues, ToolSchemas};
use crate::settle::settle;
use crate::snapshot::Current;
use crate::store::{CounterStore, Receipt, StoreError};

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
}

impl Inner {
    /// Clock, plan, charge, settle. Not inlined, so that the decision is made where the caller wants it and never copied.
    #[inline(never)]
    fn decide(&self, identity: &Identity, tool: &str, arguments: &impl Arguments, decision: &mut Decision) {
        let request = Request { identity, tool, arguments, options: &self.options };
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
        EngineBuilder {
            policies,
            store: None,
            clock: None,
            options: DecisionOptions::default(),
            catalogues: Catalogues::default(),
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
        let inner = Inner {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            current: Current::new(self.policies, self.catalogues),
            store: self.store.unwrap_or_else(|| Box::new(MemoryStore::default())),
            clock: self.clock.unwrap_or_else(|| Box::new(SystemClock)),
            options: self.options,
        };
        Engine { inner: Arc::new(inner) }
    }
}
