//! What the server needs before it can start: the policy, from its file.

use std::io;
use std::path::{Path, PathBuf};

use policy_core::{PolicySet, PolicySetError};
use policy_json::LoadError;

/// Reads the policy that applies to every grant.
///
/// # Errors
/// When the file cannot be read, or holds no valid policy: a server that has no policy must not start.
pub fn load_policies(file: &Path) -> Result<PolicySet, StartError> {
    let text =
        std::fs::read(file).map_err(|source| StartError::Unreadable { file: file.to_owned(), source })?;
    let policy = policy_json::load(&file.to_string_lossy(), &text)
        .map_err(|source| StartError::Invalid { file: file.to_owned(), source })?;
    Ok(PolicySet::single(policy)?)
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No file was named.
    #[error("name the policy's file: guarded-server POLICY.json")]
    NoFile,
    /// Nobody was named as the caller.
    #[error("say who calls: set POLICY_GRANT to the grant that this process serves")]
    NoGrant,
    /// The file cannot be read.
    #[error("cannot read the policy `{}`: {source}", file.display())]
    #[expect(missing_docs, reason = "said above")]
    Unreadable { file: PathBuf, source: io::Error },
    /// The file holds no valid policy.
    #[error("the policy `{}` does not load:\n{source}", file.display())]
    #[expect(missing_docs, reason = "said above")]
    Invalid { file: PathBuf, source: LoadError },
    /// The policies do not go together.
    #[error(transparent)]
    Policies(#[from] PolicySetError),
}
