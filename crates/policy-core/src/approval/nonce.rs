//! What tells one request from every other.

use std::fmt;

/// 128 bits from the operating system, by which a request is told from every other, and an approval is known to have been
/// used.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApprovalNonce(pub [u8; 16]);

impl fmt::Display for ApprovalNonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for ApprovalNonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
