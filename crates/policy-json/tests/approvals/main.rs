//! A person approves of a call, and what an agent can make of that: exactly this call, once, in time. Here: the world that the
//! stories happen in; the stories are in the modules.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../still_counters/mod.rs"]
mod still_counters;

mod binding;
mod requests;
mod single_use;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use policy_core::{
    ApprovalKey, ApprovalRequest, ApprovalToken, Arguments as _, Code, CounterStore, Decision, Engine,
    EngineBuilder, Identity, ManualClock, MemoryStore, PolicySet, Timestamp,
};
use policy_json::JsonText;

/// A noon, where minutes, hours and half days begin.
const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

const MINUTE: Duration = Duration::from_secs(60);

/// Refunds over 100 need a person; three a day are made at all.
const REFUNDS: &str = r#"{
    "version": "1",
    "default": "deny",
    "tools": {
        "refund": {
            "deny_if": [{ "conditions": [{ "path": "args.amount", "op": "gt", "value": 1000 }] }],
            "approve_if": [{
                "conditions": [{ "path": "args.amount", "op": "gt", "value": 100 }],
                "on_deny": "A person looks at refunds over 100."
            }],
            "limits": [{ "counter": "refunds", "window": "day", "max": 3 }]
        },
        "close": { "action": "require_approval" }
    }
}"#;

fn key(byte: u8) -> ApprovalKey {
    ApprovalKey::new(&[byte; 32]).unwrap()
}

/// An engine and the clock it reads.
struct World {
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl World {
    fn new(policy: &str) -> Self {
        Self::with(policy, MemoryStore::with_capacity(1_024), |builder| builder.approval_key(key(1)))
    }

    fn with(
        policy: &str,
        store: impl CounterStore + 'static,
        change: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let builder = Engine::builder(policies(policy)).store(store).clock(Arc::clone(&clock));
        Self { engine: change(builder).build(), clock }
    }

    fn call(&self, tool: &str, arguments: &str) -> Decision {
        self.engine.evaluate(&ana(), tool, JsonText::new(arguments.as_bytes()))
    }

    fn call_with(&self, token: impl AsRef<str>, tool: &str, arguments: &str) -> Decision {
        let arguments = JsonText::new(arguments.as_bytes()).with_approval(&token);
        self.engine.evaluate(&ana(), tool, arguments)
    }

    /// The request that the call meets.
    fn request(&self, tool: &str, arguments: &str) -> ApprovalRequest {
        let decision = self.call(tool, arguments);
        assert_eq!(decision.code(), Code::ApprovalRequired);
        decision.approval().expect("a call that waits says what for").clone()
    }

    /// A token for the call, by Bob, for a minute.
    fn approved(&self, tool: &str, arguments: &str) -> ApprovalToken {
        self.engine.approve(&self.request(tool, arguments), "bob", MINUTE).unwrap()
    }

    fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }
}

fn policies(policy: &str) -> PolicySet {
    PolicySet::single(policy_json::load("refunds", policy.as_bytes()).unwrap()).unwrap()
}

fn ana() -> Identity {
    Identity::new("ana").with_server("shop")
}

/// Denied with `approval_invalid`, for that reason.
#[track_caller]
fn assert_invalid(decision: &Decision, why: &str) {
    assert_eq!(decision.code(), Code::ApprovalInvalid);
    assert_eq!(decision.message(), format!("The approval is not acceptable: {why}"));
    assert!(decision.approval().is_none() && decision.approved_by().is_none());
}

const OTHER_CALL: &str = "it was given for another call, or under another policy";
const UNVERIFIED: &str = "it was made with a key that is not known here";
