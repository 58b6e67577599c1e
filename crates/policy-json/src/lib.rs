//! The JSON side of the policy engine: reads policy.json, and the arguments of calls, strictly.
//!
//! ```
//! use policy_core::{Engine, Identity, PolicySet};
//! use policy_json::JsonText;
//!
//! let policy = policy_json::load("refunds", br#"{
//!     "version": "1",
//!     "default": "deny",
//!     "tools": {
//!         "refund": {
//!             "deny_if": [{
//!                 "conditions": [{ "path": "args.amount", "op": "gt", "value": 100 }],
//!                 "on_deny": "Refunds over 100 need a person."
//!             }],
//!             "limits": [{ "counter": "refunds", "window": "day", "max": 20 }]
//!         }
//!     }
//! }"#)?;
//! let engine = Engine::new(PolicySet::single(policy)?);
//! let alice = Identity::new("alice");
//!
//! assert!(engine.evaluate(&alice, "refund", JsonText::new(br#"{"amount": 99.99}"#)).is_allowed());
//!
//! let denied = engine.evaluate(&alice, "refund", JsonText::new(br#"{"amount": 100.01}"#));
//! assert_eq!(denied.message(), "Refunds over 100 need a person.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod scan;
mod text;
mod places;

mod diagnostic;
mod schema;
mod document;
mod load;
mod write;
mod catalogue;
mod format_schema;

pub use catalogue::{CATALOGUE_CAPS, CatalogueTool, ToolCatalogue};
pub use diagnostic::{Diagnostic, DiagnosticCode, LoadError};
pub use format_schema::{FORMAT_SCHEMA, FORMAT_SCHEMA_ID};
pub use load::{DOCUMENT_CAPS, load, load_schema};
pub use places::{Part, Place};
pub use text::{JsonText, Parsed, to_value};
pub use write::to_json;

/// The Rust code of the project's pages, which has to compile and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/first-ten-minutes.md")]
    struct FirstTenMinutes;
    #[doc = include_str!("../../../docs/decisions.md")]
    struct Decisions;
    #[doc = include_str!("../../../docs/explain.md")]
    struct Explain;
}
