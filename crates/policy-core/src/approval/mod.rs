//! Approvals: what a person is asked, what the answer is bound to, and how an answer is known to be genuine. Data and
//! arithmetic; the time is brought along by whoever calls. That an answer is taken once is the counter store's business.

mod nonce;
mod binding;
mod request;
mod token;
mod key;

pub use key::{ApprovalKey, ApprovalKeyError};
pub use nonce::ApprovalNonce;
pub use request::ApprovalRequest;
pub use token::{APPROVER_MAX, ApprovalError, ApprovalToken};

pub(crate) use binding::{BoundPolicy, digest};
pub(crate) use key::Keys;
pub(crate) use token::{ApprovalFault, Presented};
