//! What an approval is bound to, as one digest: who calls which tool on which server with which arguments, under which
//! policy.

use std::hash::{BuildHasher as _, RandomState};

use sha2::{Digest as _, Sha256};

use crate::arguments::{ArgumentError, CanonicalNumbers, Json};
use crate::identity::Identity;
use crate::policy::Digest;
use crate::scope::{encode_optional, encode_text};

/// What is hashed begins with this, so that the digest is never that of anything else. The number changes with the layout.
const DOMAIN: &[u8] = b"policy-core approval binding 1";

/// The policy, as an approval is bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoundPolicy {
    /// By the digest of its document.
    Document(Digest),
    /// A policy that was made in code has no digest: by a number that no other policy has, so that what was approved under
    /// it holds in this process alone, and no longer than this very policy is in place.
    Unnamed([u64; 4]),
}

impl BoundPolicy {
    pub(crate) fn new(digest: Digest) -> Self {
        if digest != Digest::default() {
            return Self::Document(digest);
        }
        // Its keys are drawn by the standard library, anew for each.
        let random = RandomState::new();
        Self::Unnamed([0_u8, 1, 2, 3].map(|part| random.hash_one(part)))
    }

    fn encode(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Document(Digest(digest)) => {
                bytes.push(b'd');
                bytes.extend_from_slice(&digest);
            }
            Self::Unnamed(number) => {
                bytes.push(b'u');
                number.iter().for_each(|part| bytes.extend_from_slice(&part.to_be_bytes()));
            }
        }
    }
}

/// The digest that an approval of this call is bound to. Different calls have different encodings, whatever bytes their
/// names hold: every part has its length before it or always the same length, and the arguments come last.
///
/// # Errors
/// When the arguments hold a number that has no canonical form.
pub(crate) fn digest(
    identity: &Identity,
    tool: &str,
    policy: BoundPolicy,
    arguments: Json<'_>,
) -> Result<Digest, ArgumentError> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(DOMAIN);
    policy.encode(&mut bytes);
    encode_text(identity.grant(), &mut bytes);
    encode_optional(identity.server(), &mut bytes);
    encode_text(tool, &mut bytes);
    let mut hash = Sha256::new();
    hash.update(&bytes);
    arguments.write_canonical(CanonicalNumbers::Exact, &mut |part| hash.update(part.as_bytes()))?;
    Ok(Digest(hash.finalize().into()))
}
