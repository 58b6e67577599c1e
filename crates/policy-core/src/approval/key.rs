//! Keys: making tokens, and telling genuine ones from others.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::request::ApprovalRequest;
use super::token::{ApprovalError, ApprovalFault, ApprovalToken, MARK, Presented, is_approver, read, write};
use crate::clock::Timestamp;

/// What is marked begins with this, so that a mark is never that of anything else made with the same key.
const DOMAIN: &[u8] = b"policy-core approval token 1";

/// The host's secret: whoever has it can approve. HMAC-SHA-256.
///
/// Not shown by `Debug`. The memory that holds it is wiped when it is dropped.
#[derive(Clone)]
pub struct ApprovalKey(Hmac<Sha256>);

impl ApprovalKey {
    /// How many bytes a key has at least.
    pub const BYTES_MIN: usize = 32;

    /// The key of these bytes, which are to be random: not a password.
    ///
    /// # Errors
    /// When there are fewer than [`BYTES_MIN`](Self::BYTES_MIN).
    pub fn new(bytes: &[u8]) -> Result<Self, ApprovalKeyError> {
        if bytes.len() < Self::BYTES_MIN {
            return Err(ApprovalKeyError::TooShort { found: bytes.len() });
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| ApprovalKeyError::TooShort { found: bytes.len() })
    }

    /// A key that nobody knows, from the operating system. What is approved with it ends with this process: right for a host
    /// that counts in memory, where it is forgotten at the same moment which tokens have been used.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn generate() -> Result<Self, ApprovalKeyError> {
        let mut bytes = [0; Self::BYTES_MIN];
        getrandom::fill(&mut bytes).map_err(|_| ApprovalKeyError::NoRandomness)?;
        Self::new(&bytes)
    }

    /// Approves of the call that a request stands for, in the approver's name. The token expires after `ttl`, or with the
    /// request if that is sooner. Where an engine is at hand, [`Engine::approve`](crate::Engine::approve) does the same by its clock.
    ///
    /// # Errors
    /// When the request has expired by `now`, `ttl` is less than a millisecond, or the name is empty or too long.
    pub fn approve(
        &self,
        request: &ApprovalRequest,
        approver: &str,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<ApprovalToken, ApprovalError> {
        if !is_approver(approver) {
            return Err(ApprovalError::Approver);
        }
        let expires_at = request.expires_at.min(now.after(ttl));
        if expires_at <= now {
            return Err(ApprovalError::Expired);
        }
        let ApprovalRequest { digest, nonce, expires_at: until, .. } = *request;
        let presented = Presented { digest, nonce, until, expires_at, approver: approver.into() };
        let mut marked = presented.encode();
        let mark = self.marking(&marked).finalize().into_bytes();
        marked.extend_from_slice(&mark);
        Ok(write(&marked))
    }

    fn marking(&self, marked: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(DOMAIN);
        mac.update(marked);
        mac
    }

    /// Whether the mark is this key's, in a time that does not depend on where it differs.
    fn has_marked(&self, marked: &[u8], mark: &[u8; MARK]) -> bool {
        self.marking(marked).verify_slice(mark).is_ok()
    }
}

impl fmt::Debug for ApprovalKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApprovalKey(..)")
    }
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalKeyError {
    /// Too few bytes.
    #[error("an approval key has at least {} random bytes, found {found}", ApprovalKey::BYTES_MIN)]
    TooShort {
        /// How many there are.
        found: usize,
    },
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// The keys of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Makes tokens, and is tried first.
    pub(crate) current: Option<ApprovalKey>,
    /// Only tell genuine ones.
    pub(crate) older: Vec<ApprovalKey>,
}

impl Keys {
    /// What a token says, if it is genuine and has not expired by `now`. Nothing that it says is looked at before its mark.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Presented, ApprovalFault> {
        let bytes = read(token).ok_or(ApprovalFault::Malformed)?;
        let (marked, mark) = bytes.split_last_chunk::<MARK>().ok_or(ApprovalFault::Malformed)?;
        let mut keys = self.current.iter().chain(&self.older);
        if !keys.any(|key| key.has_marked(marked, mark)) {
            return Err(ApprovalFault::Unverified);
        }
        let presented = Presented::decode(marked).ok_or(ApprovalFault::Malformed)?;
        if presented.expires_at <= now { Err(ApprovalFault::Expired) } else { Ok(presented) }
    }
}
