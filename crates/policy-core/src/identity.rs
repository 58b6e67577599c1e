//! Who calls, as the host authenticated it: the grant, and what stands around it.

use std::fmt;

use crate::limit::Scope;
use crate::scope::{ScopeKey, ScopeValue};
use crate::value::Value;

/// The caller of a tool. Made by the host from what it authenticated, never from what an agent says of itself.
///
/// Making one hashes its names, so keep it for as long as the session lasts rather than making it anew for each call.
#[derive(Clone)]
// What nearly every decision looks at, and no more: with a million callers every line is one that is not in the cache.
#[repr(align(32))]
pub struct Identity {
    grant_key: ScopeKey,
    /// Whether the grant is the empty string.
    is_nobody: bool,
    said: Box<Said>,
}

/// What the host said of the caller.
#[derive(Clone, Debug)]
struct Said {
    session_key: ScopeKey,
    server_key: ScopeKey,
    grant: Box<str>,
    server: Option<Box<str>>,
    session: Option<Box<str>>,
    claims: Vec<(Box<str>, Value)>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Said { grant, server, session, claims, .. } = &*self.said;
        let mut shown = formatter.debug_struct("Identity");
        shown.field("grant", grant).field("server", server).field("session", session);
        shown.field("claims", claims).finish()
    }
}

impl Identity {
    /// The caller with this credential. No policy applies to a grant that is the empty string.
    #[must_use]
    pub fn new(grant: impl Into<Box<str>>) -> Self {
        Self::from_parts(grant.into(), None, None, Vec::new())
    }

    /// The same caller, on the server of that name. Calls without one are counted apart from every server's.
    #[must_use]
    pub fn with_server(self, server: impl Into<Box<str>>) -> Self {
        let Said { grant, session, claims, .. } = *self.said;
        Self::from_parts(grant, Some(server.into()), session, claims)
    }

    /// The same caller, in that session.
    #[must_use]
    pub fn with_session(self, session: impl Into<Box<str>>) -> Self {
        let Said { grant, server, claims, .. } = *self.said;
        Self::from_parts(grant, server, Some(session.into()), claims)
    }

    /// The same caller, with one more claim (or another value for it).
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<Box<str>>, value: Value) -> Self {
        let name = name.into();
        self.said.claims.retain(|(known, _)| *known != name);
        self.said.claims.push((name, value));
        self
    }

    fn from_parts(
        grant: Box<str>,
        server: Option<Box<str>>,
        session: Option<Box<str>>,
        claims: Vec<(Box<str>, Value)>,
    ) -> Self {
        let by_server = ScopeValue::Server { server: server.as_deref() };
        let by_grant = ScopeValue::Grant { server: server.as_deref(), grant: &grant };
        let by_session = match session.as_deref() {
            Some(session) => ScopeValue::Session { server: server.as_deref(), grant: &grant, session },
            None => by_grant,
        };
        let [server_key, grant_key, session_key] = [by_server, by_grant, by_session].map(ScopeKey::new);
        let is_nobody = grant.is_empty();
        let said = Said { session_key, server_key, grant, server, session, claims };
        Self { grant_key, is_nobody, said: Box::new(said) }
    }

    /// Whether the grant is the empty string: nobody that a policy could apply to.
    #[inline]
    pub(crate) const fn is_nobody(&self) -> bool {
        self.is_nobody
    }

    /// The caller's credential.
    #[must_use]
    pub fn grant(&self) -> &str {
        &self.said.grant
    }

    /// The server that is called.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.said.server.as_deref()
    }

    /// The session of the call.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.said.session.as_deref()
    }

    /// A claim of the caller.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.said.claims.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// Whose counters a limit of that scope counts this caller in.
    pub(crate) fn scope_value(&self, scope: Scope) -> ScopeValue<'_> {
        let server = self.server();
        match (scope, self.session()) {
            (Scope::Global, _) => ScopeValue::Global,
            (Scope::Server, _) => ScopeValue::Server { server },
            (Scope::Session, Some(session)) => ScopeValue::Session { server, grant: self.grant(), session },
            (Scope::Session, None) | (Scope::Grant, _) => ScopeValue::Grant { server, grant: self.grant() },
        }
    }

    /// The hash of [`scope_value`](Self::scope_value), worked out ahead; zero where it is the same for everybody.
    #[inline]
    pub(crate) fn scope_key(&self, scope: Scope) -> ScopeKey {
        // Apart, because it is what nearly all limits have, and a comparison is less than a jump.
        if scope == Scope::Grant { self.grant_key } else { self.other_scope_key(scope) }
    }

    #[inline(never)]
    fn other_scope_key(&self, scope: Scope) -> ScopeKey {
        match scope {
            Scope::Grant => self.grant_key,
            Scope::Session => self.said.session_key,
            Scope::Server => self.said.server_key,
            Scope::Global => ScopeKey::default(),
        }
    }
}
