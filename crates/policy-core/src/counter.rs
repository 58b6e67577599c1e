//! What names a counter: (scope with its value, counter name, window). Once as bytes that no two counters share, once
//! as a keyed 128-bit hash of them, put together from halves that are hashed ahead: the caller's and the limit's. An
//! approval, which is used once, is a counter too: it is named by its nonce.

use crate::clock::Timestamp;
use crate::identity::Identity;
use crate::limit::Scope;
use crate::scope::{ScopeKey, ScopeValue, encode_text, keyed_hash};

/// How long a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChargeWindow {
    /// In windows of so many seconds, aligned to the epoch: when one ends, it starts again at nothing.
    Fixed {
        /// Its length.
        seconds: u32,
    },
    /// Until that time, and never again. A store must hold what was charged at least until then; a charge that comes
    /// later, or for which it cannot be sure any more that nothing was charged, it refuses. It may forget the counter
    /// afterwards, as long as a clock that steps back does not bring it back empty.
    Until(Timestamp),
}

/// What is counted in, whoever calls: whose calls are counted together, the counter's name, and for how long.
#[derive(Clone, Debug)]
pub struct CounterName {
    hash: CounterHash,
    window: ChargeWindow,
    counts: Counts,
}

#[derive(Clone, Debug)]
enum Counts {
    /// Calls, for each value of the scope.
    Calls(Scope, Box<str>),
    /// That an approval was used: its nonce.
    Approval([u8; 16]),
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
        let window = ChargeWindow::Fixed { seconds: window_seconds };
        Self { hash, window, counts: Counts::Calls(scope, name) }
    }

    /// What counts that an approval was used, and is not forgotten before `until`.
    pub(crate) fn once(nonce: [u8; 16], until: Timestamp) -> Self {
        let ScopeKey(hash) = ScopeKey::new(ScopeValue::Approval { nonce });
        let window = ChargeWindow::Until(until);
        Self { hash: CounterHash(hash), window, counts: Counts::Approval(nonce) }
    }

    #[inline]
    const fn scope(&self) -> Scope {
        match self.counts {
            Counts::Calls(scope, _) => scope,
            // Whoever calls: it is used once.
            Counts::Approval(_) => Scope::Global,
        }
    }

    /// The window's length; of an approval: 0.
    const fn window_seconds(&self) -> u32 {
        match self.window {
            ChargeWindow::Fixed { seconds } => seconds,
            ChargeWindow::Until(_) => 0,
        }
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
        let fingerprint = Fingerprint::of(identity.scope_key(name.scope()), name.hash);
        Self { identity, name, fingerprint }
    }

    /// Whose calls are counted.
    #[must_use]
    pub fn scope(&self) -> ScopeValue<'a> {
        match self.name.counts {
            Counts::Calls(scope, _) => self.identity.scope_value(scope),
            Counts::Approval(nonce) => ScopeValue::Approval { nonce },
        }
    }

    /// The counter's name in the policy; empty where an approval is counted.
    #[must_use]
    pub fn counter(&self) -> &'a str {
        match &self.name.counts {
            Counts::Calls(_, name) => name,
            Counts::Approval(_) => "",
        }
    }

    /// How long it counts.
    #[must_use]
    #[inline]
    pub const fn window(&self) -> ChargeWindow {
        self.name.window
    }

    /// Bytes that no other counter has, for stores that outlive the process.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        self.scope().encode(&mut bytes);
        encode_text(self.counter(), &mut bytes);
        bytes.extend_from_slice(&self.name.window_seconds().to_be_bytes());
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
            && self.name.window_seconds() == other.name.window_seconds()
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
    use crate::clock::Timestamp;

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
        /// Not even where a counter's parts hold the bytes of a nonce.
        #[test]
        fn an_approvals_key_is_no_counters_and_no_other_approvals(
            parts in parts(), left in any::<[u8; 16]>(), right in any::<[u8; 16]>(), same in any::<bool>(),
        ) {
            let right = if same { left } else { right };
            let caller = identity(&parts);
            let once = |nonce, until| CounterName::once(nonce, Timestamp::from_millis(until));
            let (one, other) = (once(left, 1), once(right, 2));
            let (one, other) = (CounterKey::new(&caller, &one), CounterKey::new(&caller, &other));
            // One approval, whatever its end: a token that says another end is not another approval.
            prop_assert_eq!(one.encode() == other.encode(), left == right);
            prop_assert_eq!(one.fingerprint() == other.fingerprint(), left == right);
            prop_assert_eq!(one == other, left == right);
            let text: String = left.iter().map(|byte| char::from(byte & 0x7f)).collect();
            for name in [parts.4.as_str(), &text, ""] {
                let counter = CounterName::new(parts.0, name, parts.5);
                let counter = CounterKey::new(&caller, &counter);
                prop_assert_ne!(one.encode(), counter.encode());
                prop_assert_ne!(one.fingerprint(), counter.fingerprint());
                prop_assert_ne!(one, counter);
            }
        }

        #[test]
        fn identity_keys_are_injective(left in parts(), right in parts()) {
            let (one, other) = (identity(&left), identity(&right));
            let name = |parts: &Parts| CounterName::new(parts.0, parts.4.as_str(), parts.5);
            let (left, right) = (name(&left), name(&right));
            let (left, right) = (CounterKey::new(&one, &left), CounterKey::new(&other, &right));
            let same = left.scope() == right.scope()
                && left.counter() == right.counter()
                && left.window() == right.window();
            prop_assert_eq!(left.encode() == right.encode(), same);
            prop_assert_eq!(left.fingerprint() == right.fingerprint(), same);
            prop_assert_eq!(left == right, same);
        }
    }
}
