//! Which policy applies to which grant: policies by id, grants mapped to them, or one policy for all.

use std::collections::HashMap;
use std::sync::Arc;

use crate::identity::Identity;
use crate::policy::{Policy, PolicyFault};
use crate::program::Program;

/// Policies, and the grants that they apply to. Immutable; an engine swaps one for another while calls are in flight.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<Program>>,
    /// The grants that have a policy of their own, and its place.
    grants: HashMap<Box<str>, u32>,
    /// The place of the policy of every other grant.
    fallback: Option<u32>,
}

impl PolicySet {
    /// A set without policies: it denies every call, with `no_policy`.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// One policy for every grant.
    ///
    /// # Errors
    /// When the policy has faults ([`Policy::check`]).
    pub fn single(policy: Policy) -> Result<Self, PolicySetError> {
        let id = policy.id.clone();
        Self::empty().with_policy(policy)?.with_fallback(&id)
    }

    /// The set with one policy more, which applies to no grant yet.
    ///
    /// # Errors
    /// When the policy has faults, or the set has a policy of that id.
    pub fn with_policy(mut self, policy: Policy) -> Result<Self, PolicySetError> {
        if self.place(&policy.id).is_some() {
            return Err(PolicySetError::PolicyTwice(policy.id));
        }
        let id = policy.id.clone();
        let program = Program::new(policy).map_err(|faults| PolicySetError::Faults { policy: id, faults })?;
        self.policies.push(Arc::new(program));
        Ok(self)
    }

    /// The set with that grant mapped to the policy of that id.
    ///
    /// # Errors
    /// When there is no such policy, the grant is empty, or it is mapped already.
    pub fn with_grant(mut self, grant: impl Into<Box<str>>, policy: &str) -> Result<Self, PolicySetError> {
        let grant = grant.into();
        let place = self.place(policy).ok_or_else(|| PolicySetError::UnknownPolicy(policy.into()))?;
        if grant.is_empty() {
            return Err(PolicySetError::EmptyGrant);
        }
        if self.grants.contains_key(&grant) {
            return Err(PolicySetError::GrantTwice(grant));
        }
        self.grants.insert(grant, place);
        Ok(self)
    }

    /// The set with the policy of that id applying to every grant that is not mapped.
    ///
    /// # Errors
    /// When there is no such policy.
    pub fn with_fallback(mut self, policy: &str) -> Result<Self, PolicySetError> {
        let place = self.place(policy).ok_or_else(|| PolicySetError::UnknownPolicy(policy.into()))?;
        self.fallback = Some(place);
        Ok(self)
    }

    fn place(&self, policy: &str) -> Option<u32> {
        let place = self.policies.iter().position(|program| &*program.id == policy)?;
        u32::try_from(place).ok()
    }

    /// The place of the policy that applies to a caller.
    #[inline]
    pub(crate) fn place_for(&self, identity: &Identity) -> Option<u32> {
        if identity.is_nobody() {
            return None;
        }
        if self.grants.is_empty() {
            return self.fallback;
        }
        self.grants.get(identity.grant()).copied().or(self.fallback)
    }

    #[inline]
    pub(crate) fn program(&self, place: u32) -> Option<&Program> {
        self.policies.get(usize::try_from(place).ok()?).map(|program| &**program)
    }
}

/// Why a [`PolicySet`] could not be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicySetError {
    /// A policy has faults.
    #[error("policy `{policy}` has {} fault(s), the first: {}", faults.len(), first(faults))]
    #[expect(missing_docs, reason = "said above")]
    Faults { policy: Box<str>, faults: Vec<PolicyFault> },
    /// Two policies of one id.
    #[error("policy `{0}` is in the set already")]
    PolicyTwice(Box<str>),
    /// No policy of that id.
    #[error("there is no policy `{0}` in the set; add it before its grants")]
    UnknownPolicy(Box<str>),
    /// A grant that is mapped already.
    #[error("grant `{0}` has a policy already")]
    GrantTwice(Box<str>),
    /// A grant that is the empty string.
    #[error("an empty grant cannot have a policy")]
    EmptyGrant,
}

fn first(faults: &[PolicyFault]) -> String {
    faults.first().map(ToString::to_string).unwrap_or_default()
}
