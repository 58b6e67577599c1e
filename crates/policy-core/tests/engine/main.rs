//! What a host meets that decides calls by an engine, told through nothing but the crate's own API. Here: the world that
//! the stories happen in, and what the types promise; the stories themselves are in the modules.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod counters;
mod receipts;
mod reload;
mod revocation;
mod schemas;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use policy_core::{
    Amount, Code, Decision, DefaultEffect, Digest, Engine, Identity, Limit, ManualClock, MemoryStore,
    NoArguments, Policy, PolicySet, Receipt, Timestamp, Tool, Window,
};

/// A noon, where minutes, hours and half days begin.
const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

/// An engine and the clock it reads.
struct World {
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl World {
    fn new(policy: Policy) -> Self {
        Self::with_store(policy, MemoryStore::with_capacity(1_024))
    }

    fn with_store(policy: Policy, store: MemoryStore) -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let policies = PolicySet::single(policy).unwrap();
        let engine = Engine::builder(policies).store(store).clock(Arc::clone(&clock)).build();
        Self { engine, clock }
    }

    fn call(&self, grant: &str, tool: &str) -> Decision {
        self.engine.evaluate(&Identity::new(grant), tool, NoArguments)
    }

    fn code(&self, grant: &str, tool: &str) -> Code {
        self.call(grant, tool).code()
    }

    fn receipt(&self, grant: &str, tool: &str) -> Receipt {
        self.call(grant, tool).take_receipt().expect("an allowed call that was charged has a receipt")
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// At most so many calls a minute.
fn limit(counter: &str, max: u64) -> Limit {
    Limit::new(counter, Window::Minute, Amount::whole(max).unwrap())
}

fn limited(limits: impl Into<Vec<Limit>>) -> Tool {
    Tool { limits: limits.into(), ..Tool::default() }
}

/// A policy that permits those tools, with a digest of its own.
fn policy<const N: usize>(id: &str, tools: [(&str, Tool); N]) -> Policy {
    let mut policy = Policy::new(id, DefaultEffect::Deny);
    policy.digest = Digest([id.as_bytes()[0]; 32]);
    policy.tools = tools.into_iter().map(|(name, tool)| (name.into(), tool)).collect();
    policy
}

/// What the counter of the decision's first limit holds.
fn used(decision: &Decision) -> u64 {
    decision.limits().next().expect("a limit was looked at").used().as_whole().unwrap()
}

const fn is_send_and_sync<T: Send + Sync>() {}
const fn is_clone<T: Clone>() {}

/// Checked by the compiler: hosts share an engine between threads, and hand decisions on.
const _: () = {
    is_send_and_sync::<Engine>();
    is_clone::<Engine>();
    is_send_and_sync::<Decision>();
    is_send_and_sync::<Receipt>();
    is_send_and_sync::<Identity>();
    is_send_and_sync::<PolicySet>();
};
