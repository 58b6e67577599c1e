//! `args.name.name`: where in the arguments a condition or a cost looks.

use crate::arguments::Json;

/// A path into the arguments: own names only, split at dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: Box<str>,
    names: Box<[Box<str>]>,
}

impl Path {
    /// Reads a path as it stands in a policy.
    ///
    /// # Errors
    /// When it does not begin with `args.`, has an empty name, or uses a form that is not supported yet.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.starts_with("args[") {
            return Err(PathError::Unsupported);
        }
        let rest = text.strip_prefix("args.").ok_or(PathError::OutsideArguments)?;
        let names: Box<[Box<str>]> = rest.split('.').map(Into::into).collect();
        for name in &names {
            if name.is_empty() {
                return Err(PathError::EmptyName);
            }
            if name.contains(['[', ']']) || name.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(PathError::Unsupported);
            }
        }
        Ok(Self { text: text.into(), names })
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value there; `None` where there is none, or where the way leads through something that is no object.
    #[must_use]
    #[inline]
    pub fn find<'t>(&self, arguments: Json<'t>) -> Option<Json<'t>> {
        self.names.iter().try_fold(arguments, |value, name| value.get(name))
    }
}

/// Why a text is no [`Path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Does not begin with `args.`.
    #[error("a path begins with `args.`")]
    OutsideArguments,
    /// Two dots in a row, or one at the end.
    #[error("a path's names are not empty")]
    EmptyName,
    /// Array indices, `[*]`, `["name"]`.
    #[error("array indices and brackets in a path are not supported yet")]
    Unsupported,
}
