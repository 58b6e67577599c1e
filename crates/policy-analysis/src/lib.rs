//! What a policy document means as a whole, decided from the document alone.
//!
//! Nothing here decides calls, and nothing here does I/O: the engine of policy-core is asked wherever a call can be tried.

mod nearest;
pub mod values;

pub mod diff;
mod lint;

pub use lint::{Explanation, Finding, LintCode, LintInput, Severity, lint};
pub use nearest::nearest;
