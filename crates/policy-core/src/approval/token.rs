//! A token: the text that says that somebody approved of one call. Its layout, and what can be wrong with one. Making and
//! checking the mark on it is `key`'s.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::nonce::ApprovalNonce;
use crate::clock::Timestamp;
use crate::counter::CounterName;
use crate::policy::Digest;

/// How long an approver's name may be, in bytes.
pub const APPROVER_MAX: usize = 256;

/// What a token's text begins with. The number changes with the layout.
const PREFIX: &str = "policy-approval-1.";

/// Bytes of the mark at the end.
pub(super) const MARK: usize = 32;
/// Bytes before the approver's name: digest, nonce, the request's expiry, the token's.
const HEAD: usize = 32 + 16 + 8 + 8;

/// Says that somebody approved of one call. Whoever has it, and may make that call, can make it once before it expires: it is
/// to be kept like any other credential, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApprovalToken(Box<str>);

impl ApprovalToken {
    /// Its text: letters, digits, `-`, `_` and one dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ApprovalToken {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApprovalToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApprovalToken(..)")
    }
}

/// Why no token could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// The engine was built without a key.
    #[error("this engine has no key to approve with: give it one with `EngineBuilder::approval_key`")]
    NoKey,
    /// The request has expired, or the token would do so at once.
    #[error("the approval would have expired already: the call has to be made again, for a new request")]
    Expired,
    /// The approver's name is empty, or longer than [`APPROVER_MAX`] bytes.
    #[error("an approver's name has 1 to {APPROVER_MAX} bytes")]
    Approver,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApprovalFault {
    #[error("it is malformed")]
    Malformed,
    #[error("it was made with a key that is not known here")]
    Unverified,
    #[error("it has expired")]
    Expired,
    #[error("it was given for another call, or under another policy")]
    OtherCall,
    #[error("it has been used already")]
    Used,
}

/// What a genuine token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) digest: Digest,
    /// By what it is known to have been used.
    pub(crate) nonce: ApprovalNonce,
    /// Until when that has to be known: as long as the request could be answered, since it may be answered several times.
    pub(crate) until: Timestamp,
    /// From when on it is not accepted: no later than the request.
    pub(crate) expires_at: Timestamp,
    pub(crate) approver: Box<str>,
}

impl Presented {
    /// What counts that it was used.
    pub(crate) fn counter(&self) -> CounterName {
        let ApprovalNonce(nonce) = self.nonce;
        CounterName::once(nonce, self.until)
    }

    /// What is marked: everything that the token says.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Digest(digest) = self.digest;
        let ApprovalNonce(nonce) = self.nonce;
        let mut bytes = Vec::with_capacity(HEAD.saturating_add(self.approver.len()).saturating_add(MARK));
        bytes.extend_from_slice(&digest);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&self.until.as_millis().to_be_bytes());
        bytes.extend_from_slice(&self.expires_at.as_millis().to_be_bytes());
        bytes.extend_from_slice(self.approver.as_bytes());
        bytes
    }

    /// Reads what was marked.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (until, rest) = rest.split_first_chunk()?;
        let (expires_at, approver) = rest.split_first_chunk()?;
        let approver = std::str::from_utf8(approver).ok().filter(|name| is_approver(name))?;
        let [until, expires_at] =
            [until, expires_at].map(|millis| Timestamp::from_millis(u64::from_be_bytes(*millis)));
        (expires_at <= until).then(|| Self {
            digest: Digest(*digest),
            nonce: ApprovalNonce(*nonce),
            until,
            expires_at,
            approver: approver.into(),
        })
    }
}

pub(super) fn is_approver(name: &str) -> bool {
    (1..=APPROVER_MAX).contains(&name.len())
}

/// The token's text of what was marked and its mark.
pub(super) fn write(marked: &[u8]) -> ApprovalToken {
    ApprovalToken(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(marked)).into())
}

/// What was marked and its mark, of a token's text. There is one text for each: nothing in it can be changed without
/// changing what it says.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    // Longer than any token: not worth looking at.
    let longest = PREFIX.len().saturating_add((HEAD + APPROVER_MAX + MARK) * 2);
    let text = (text.len() <= longest).then(|| text.strip_prefix(PREFIX))??;
    URL_SAFE_NO_PAD.decode(text).ok()
}
