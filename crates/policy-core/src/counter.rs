//! What names a counter: (scope with its value, counter name, window). Once as bytes that no two counters share, once
//! as a keyed 128-bit hash of them, put together from halves that are hashed ahead: the caller's and the limit's.

use crate::identity::Identity;
use crate::limit::Scope;
use crate::scope::{ScopeKey, ScopeValue, encode_text, keyed_hash};

/// What a limit counts in, whoever calls: whose calls are counted together, the counter's name, and for how long.
#[derive(Clone, Debug)]
pub struct CounterName {
    scope: Scope,
    window_seconds: u32,
    hash: CounterHash,
    name: Box<str>,
}

impl CounterName {
    /// The counter of that name and window, one for each value of the scope.
    #[must_use]
    pub fn new(scope: Scope, name: impl Into<Box<str>>, window_seconds: u32) -> Self {
        let name = name.into();
        let CounterHash([first, second]) = CounterHash::new(&name, window_seconds);
        // What is the same for everybody is hashed with the name.
        let ScopeKey([all_first, all_second]) = match scope {
            Scope::Global => ScopeKey::new(ScopeValue::Global),
            _ => ScopeKey::default(),
        };
        let hash = CounterHash([first ^ all_first, second ^ all_second]);
        Self { scope, window_seconds, hash, name }
    }
}

/// What names one counter, as a store gets it.
#[derive(Clone, Copy, Debug)]
pub struct CounterKey<'a> {
    identity: &'a Identity,
    name: &'a CounterName,
    fingerprint: Fingerprint,
}

impl<'a> CounterKey<'a> {
    /// The key of the counter of that name that this caller is counted in.
    #[must_use]
    #[inline]
    pub fn new(identity: &'a Identity, name: &'a CounterName) -> Self {
        let fingerprint = Fingerprint::of(identity.scope_key(name.scope), name.hash);
        Self { identity, name, fingerprint }
    }

    /// Whose calls are counted.
    #[must_use]
    pub fn scope(&self) -> ScopeValue<'a> {
        self.identity.scope_value(self.name.scope)
    }

    /// The counter's name in the policy.
    #[must_use]
    pub fn counter(&self) -> &'a str {
        &self.name.name
    }

    /// The length of its window, in seconds.
    #[must_use]
    #[inline]
    pub const fn window_seconds(&self) -> u32 {
        self.name.window_seconds
    }

    /// Bytes that no other counter has, for stores that outlive the process.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        self.scope().encode(&mut bytes);
        encode_text(self.counter(), &mut bytes);
        bytes.extend_from_slice(&self.window_seconds().to_be_bytes());
        bytes
    }

    /// A hash of [`encode`](Self::encode)'s meaning under a key of this process's own, for stores that live in it.
    #[must_use]
    #[inline]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl PartialEq for CounterKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        // The hash differs for nearly all that differ; what it calls equal is compared in full.
        self.fingerprint == other.fingerprint
            && self.window_seconds() == other.window_seconds()
            && self.counter() == other.counter()
            && self.scope() == other.scope()
    }
}

impl Eq for CounterKey<'_> {}

/// 128 bits that stand for a counter inside one process. Two counters share them with a chance of 2^-128 for each
/// pair, and nobody outside the process can look for such a pair, since the key is random and secret. Were it to
/// happen, the two would be counted together: calls denied early, none admitted beyond a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(crate) [u64; 2]);

impl Fingerprint {
    #[inline]
    fn of(scope: ScopeKey, counter: CounterHash) -> Self {
        let (ScopeKey([s0, s1]), CounterHash([c0, c1])) = (scope, counter);
        // Both are outputs of a keyed hash, so their sum (without carry) is as random as either.
        Self([s0 ^ c0, s1 ^ c1])
    }
}

/// The hash of a counter's name and window.
#[derive(Clone, Copy, Debug)]
struct CounterHash([u64; 2]);

impl CounterHash {
    fn new(counter: &str, window_seconds: u32) -> Self {
        let mut bytes = Vec::with_capacity(64);
        // A tag of its own, so that no counter's bytes are ever those of a scope.
        bytes.push(b'c');
        encode_text(counter, &mut bytes);
        bytes.extend_from_slice(&window_seconds.to_be_bytes());
        Self(keyed_hash(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (Scope, Option<String>, String, Option<String>, String, u32);

    fn identity((_, server, grant, session, _, _): &Parts) -> Identity {
        let mut identity = Identity::new(grant.as_str());
        if let Some(server) = server {
            identity = identity.with_server(server.as_str());
        }
        match session {
            Some(session) => identity.with_session(session.as_str()),
            None => identity,
        }
    }

    fn parts() -> impl Strategy<Value = Parts> {
        // Few letters and short texts, so that the parts of one often run into the parts of another.
        let text = || "[a:0\u{0}]{0,3}";
        let scope = proptest::sample::select(Scope::ALL.to_vec());
        let optional = || proptest::option::of(text());
        (scope, optional(), text(), optional(), text(), 1..3_u32)
    }

    proptest! {
        #[test]
        fn identity_keys_are_injective(left in parts(), right in parts()) {
            let (one, other) = (identity(&left), identity(&right));
            let name = |parts: &Parts| CounterName::new(parts.0, parts.4.as_str(), parts.5);
            let (left, right) = (name(&left), name(&right));
            let (left, right) = (CounterKey::new(&one, &left), CounterKey::new(&other, &right));
            let same = left.scope() == right.scope()
                && left.counter() == right.counter()
                && left.window_seconds() == right.window_seconds();
            prop_assert_eq!(left.encode() == right.encode(), same);
            prop_assert_eq!(left.fingerprint() == right.fingerprint(), same);
            prop_assert_eq!(left == right, same);
        }
    }
}
