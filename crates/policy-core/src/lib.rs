//! Decides tool calls in process: may this caller call this tool with these arguments, now?
//!
//! A [`PolicySet`] says what is permitted, an [`Engine`] decides by it and counts. This crate does no I/O and knows no
//! JSON text: `policy-json` reads policies and arguments, and is what most hosts start with.
//!
//! ```
//! use policy_core::{DefaultEffect, Engine, Identity, NoArguments, Policy, PolicySet, Tool};
//!
//! let mut policy = Policy::new("pods", DefaultEffect::Deny);
//! policy.tools.insert("list-pods".into(), Tool::default());
//!
//! let engine = Engine::new(PolicySet::single(policy)?);
//! let alice = Identity::new("alice");
//!
//! assert!(engine.evaluate(&alice, "list-pods", NoArguments).is_allowed());
//! let denied = engine.evaluate(&alice, "delete-pod", NoArguments);
//! assert_eq!(denied.message(), "Tool \"delete-pod\" is not permitted by policy");
//! # Ok::<(), policy_core::PolicySetError>(())
//! ```

// From what a policy is made of, over a request, to a decision: each module uses only those above it.
mod clock;
mod decimal;
mod amount;
mod value;
pub mod arguments;
mod path;
mod condition;
mod group;
mod limit;
mod schema;
mod policy;

mod scope;
mod identity;
mod counter;
mod approval;
mod names;
mod program;
mod policy_set;
mod snapshot;

mod code;
mod store;
mod verdict;
mod weigh;
mod judge;
mod plan;
mod settle;
mod reason;
mod decision;

mod memory;
mod explain;
mod engine;

#[cfg(feature = "serde_json")]
mod json_value;

pub use amount::{Amount, AmountError};
pub use approval::{
    APPROVER_MAX, ApprovalError, ApprovalKey, ApprovalKeyError, ApprovalNonce, ApprovalRequest, ApprovalToken,
};
pub use arguments::{Arguments, NoArguments, WithApproval};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use code::{Code, Effect};
pub use condition::{Condition, ConditionError, ElementFault, Operator, Outcome, PATTERN_SIZE_MAX, Sense};
pub use counter::{ChargeWindow, CounterKey, CounterName, Fingerprint};
pub use decimal::{Decimal, EXPONENT_MAX, NUMBER_TEXT_MAX};
pub use decision::{Decision, LimitStatus, PolicyRef, Shadowed};
pub use engine::{Engine, EngineBuilder};
pub use explain::{
    Advice, ExplainOptions, ExplainedCondition, ExplainedLimit, ExplainedPlaces, ExplainedPolicy,
    ExplainedStep, Explanation, StepKind, StepOutcome,
};
pub use group::{Group, Mode, TypeMismatch};
pub use identity::Identity;
pub use limit::{Limit, RateLimit, Scope, Window};
pub use memory::MemoryStore;
pub use path::{EVERY_MAX, Path, PathError, Step};
pub use plan::DecisionOptions;
pub use policy::{
    Action, AllTools, DefaultEffect, Digest, Policy, PolicyFault, PolicyFaultKind, Tool, escape,
};
pub use policy_set::{PolicySet, PolicySetError};
pub use schema::{CheckArguments, Schema, SchemaViolation, ToolSchemas};
pub use scope::ScopeValue;
pub use store::{
    Charge, ChargeOutcome, CounterHandle, CounterState, CounterStore, HandleKind, Receipt, ReceiptEntry,
    StoreError,
};
pub use value::{Number, Value};
