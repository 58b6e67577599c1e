//! Whose calls are counted together: a scope's value, as bytes that no two values share, and as a keyed hash of them.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// The value of a scope: whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "docs/policy-format.md says what each scope counts")]
#[non_exhaustive]
pub enum ScopeValue<'a> {
    Global,
    Server {
        server: Option<&'a str>,
    },
    Grant {
        server: Option<&'a str>,
        grant: &'a str,
    },
    Session {
        server: Option<&'a str>,
        grant: &'a str,
        session: &'a str,
    },
    /// No calls: an approval, which is used once. Its nonce.
    Approval {
        nonce: [u8; 16],
    },
}

impl ScopeValue<'_> {
    /// Appends bytes that are different for different values, and no value's are the beginning of another's: a tag,
    /// then every part with its presence and its length before it.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        match *self {
            Self::Global => bytes.push(b'*'),
            Self::Server { server } => {
                bytes.push(b'v');
                encode_optional(server, bytes);
            }
            Self::Grant { server, grant } => {
                bytes.push(b'g');
                encode_optional(server, bytes);
                encode_text(grant, bytes);
            }
            Self::Session { server, grant, session } => {
                bytes.push(b's');
                encode_optional(server, bytes);
                encode_text(grant, bytes);
                encode_text(session, bytes);
            }
            Self::Approval { nonce } => {
                bytes.push(b'a');
                bytes.extend_from_slice(&nonce);
            }
        }
    }
}

pub(crate) fn encode_optional(text: Option<&str>, bytes: &mut Vec<u8>) {
    match text {
        None => bytes.push(0),
        Some(text) => {
            bytes.push(1);
            encode_text(text, bytes);
        }
    }
}

pub(crate) fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    // A length fits 64 bits on every machine there is.
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// The hash of a scope's value; zero where there is nothing to tell apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ScopeKey(pub(crate) [u64; 2]);

impl ScopeKey {
    pub(crate) fn new(scope: ScopeValue<'_>) -> Self {
        let mut bytes = Vec::with_capacity(64);
        scope.encode(&mut bytes);
        Self(keyed_hash(&bytes))
    }
}

/// SipHash under two keys that are drawn once per process. Identities are made before any engine sees them, so the keys
/// cannot belong to an engine; they hold no state.
pub(crate) fn keyed_hash(bytes: &[u8]) -> [u64; 2] {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    let [first, second] = &*KEYS;
    [first.hash_one(bytes), second.hash_one(bytes)]
}
