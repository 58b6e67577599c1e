//! A JSON value as a policy holds it: owned, its numbers exact. What a call brings is an `arguments::Json` instead.

use std::collections::HashSet;

use crate::decimal::Decimal;

/// A JSON value written in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 8259")]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(Box<str>),
    Array(Vec<Value>),
    /// Members in the order they were written, no name twice.
    Object(Vec<(Box<str>, Value)>),
}

impl Value {
    /// What kind of value this is, in the field's words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Whether a name stands twice in an object, at any depth. Recurses as deep as the value is.
    #[must_use]
    pub fn has_name_twice(&self) -> bool {
        match self {
            Self::Array(elements) => elements.iter().any(Self::has_name_twice),
            Self::Object(members) => {
                let mut names = HashSet::new();
                members.iter().any(|(name, value)| !names.insert(name) || value.has_name_twice())
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
        }
    }
}

/// A number's text, exactly as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// The number that `text` writes; `None` where [`Decimal::parse`] has none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Decimal::parse(text).map(|_| Self(text.into()))
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}
