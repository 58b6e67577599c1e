//! `starts_with` and `ends_with`: how a string begins or ends, byte for byte.

use super::{ConditionError, Outcome};
use crate::arguments::Json;
use crate::value::Value;

/// Which end of the string is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Start,
    End,
}

/// The end that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Affix {
    end: End,
    text: Box<str>,
}

impl Affix {
    pub(super) fn compile(value: &Value, end: End) -> Result<Self, ConditionError> {
        match value {
            Value::String(text) => Ok(Self { end, text: text.clone() }),
            _ => Err(ConditionError::wants("a string", value)),
        }
    }

    pub(super) fn judge(&self, argument: Json<'_>) -> Outcome {
        match (argument.as_str(), self.end) {
            (Some(text), End::Start) => Outcome::from(text.starts_with(&*self.text)),
            (Some(text), End::End) => Outcome::from(text.ends_with(&*self.text)),
            (None, _) => Outcome::Mismatch,
        }
    }
}
