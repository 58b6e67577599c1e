//! Loads policies, for the commands that decide by them and the one that only looks at them.

use policy_core::{Policy, PolicySet};
use policy_json::LoadError;

use crate::diagnostics::{self, Note};

/// A policy, and the set in which it applies to everybody.
pub(crate) struct Loaded {
    pub(crate) policy: Policy,
    pub(crate) policies: PolicySet,
}

/// Why there is none.
pub(crate) enum NotLoaded {
    /// Mistakes in the text.
    Mistakes(LoadError),
    /// Faults that only putting it to use brought up.
    Unusable(String),
}

/// Loads a policy that decisions call by `id`, and makes sure that it can be put to use.
pub(crate) fn load(id: &str, text: &[u8]) -> Result<Loaded, NotLoaded> {
    let policy = policy_json::load(id, text).map_err(NotLoaded::Mistakes)?;
    let policies = PolicySet::single(policy.clone());
    let policies = policies.map_err(|error| NotLoaded::Unusable(error.to_string()))?;
    Ok(Loaded { policy, policies })
}

/// Every mistake of a policy, with its place: the text is the file's from byte `base` on.
pub(crate) fn render(file: &str, text: &[u8], base: usize, error: &LoadError) -> String {
    let notes = error.diagnostics().iter().map(|diagnostic| Note::mistake(diagnostic, base));
    diagnostics::render(file, text, notes.collect())
}
