//! What is wrong with a policy document, where, and what to do about it.

use std::fmt;
use std::ops::Range;

use crate::text::Position;

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: DiagnosticCode,
    /// RFC 6901 pointer to the value that is wrong; to the object where something is missing from it.
    pub pointer: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong and what was found.
    pub message: String,
    /// What is allowed, and what was probably meant.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, line, column, message, .. } = self;
        // One line, whatever is in the names of the document.
        let pointer = pointer.escape_debug();
        write!(formatter, "line {line}, column {column}, at `{pointer}`: {message}")?;
        match &self.help {
            Some(help) => write!(formatter, " ({help})"),
            None => Ok(()),
        }
    }
}

/// The kinds of mistakes. A released code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagnosticCode {
    /// The text is not JSON.
    InvalidJson,
    /// A name stands twice in one object.
    DuplicateKey,
    /// A field that the format does not have.
    UnknownField,
    /// A field that must be there is not.
    MissingField,
    /// A value of another type than the field takes.
    WrongType,
    /// A word that is none of those the field takes.
    UnknownValue,
    /// A value of the right type that the field cannot take.
    InvalidValue,
    /// A path that leads nowhere in the arguments.
    InvalidPath,
    /// A pattern that does not compile, or is too large.
    InvalidPattern,
    /// A JSON Schema that is none, or cannot be used.
    InvalidSchema,
    /// Two limits of one counter and window in one list.
    DuplicateLimit,
    /// A name that the list has already.
    DuplicateName,
    /// Part of the format, but not of this version of the engine.
    NotSupported,
    /// Over a cap.
    TooLarge,
}

impl DiagnosticCode {
    /// Every code, in the order of the reference.
    pub const ALL: [Self; 14] = [
        Self::InvalidJson,
        Self::DuplicateKey,
        Self::UnknownField,
        Self::MissingField,
        Self::WrongType,
        Self::UnknownValue,
        Self::InvalidValue,
        Self::InvalidPath,
        Self::InvalidPattern,
        Self::InvalidSchema,
        Self::DuplicateLimit,
        Self::DuplicateName,
        Self::NotSupported,
        Self::TooLarge,
    ];

    /// What kind of mistake it is, in a line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::InvalidJson => "The text is not JSON as RFC 8259 has it.",
            Self::DuplicateKey => "A name stands twice in one object, compared after escapes have been read.",
            Self::UnknownField => "A field that the format does not have there.",
            Self::MissingField => "A required field is not there.",
            Self::WrongType => "A value of another type than the field, or the operator, takes.",
            Self::UnknownValue => "A word that is none of those the field takes.",
            Self::InvalidValue => "A value of the right type that the field cannot take.",
            Self::InvalidPath => "A text that is no path into the arguments.",
            Self::InvalidPattern => "A pattern that does not compile, or is too large.",
            Self::InvalidSchema => "A JSON Schema that is none, or that cannot be used.",
            Self::DuplicateLimit => "A counter and window that stand twice in one list of limits.",
            Self::DuplicateName => "A name that stands twice in one list.",
            Self::NotSupported => "Part of the format, but not of this version of the engine.",
            Self::TooLarge => "Over a cap of documents.",
        }
    }

    /// The code's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::DuplicateKey => "duplicate_key",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::UnknownValue => "unknown_value",
            Self::InvalidValue => "invalid_value",
            Self::InvalidPath => "invalid_path",
            Self::InvalidPattern => "invalid_pattern",
            Self::InvalidSchema => "invalid_schema",
            Self::DuplicateLimit => "duplicate_limit",
            Self::DuplicateName => "duplicate_name",
            Self::NotSupported => "not_supported",
            Self::TooLarge => "too_large",
        }
    }
}

/// A document that is no policy: every mistake in it, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    diagnostics: Vec<Diagnostic>,
}

impl LoadError {
    /// Sorts the mistakes, and counts out which line and column of the text each is at.
    pub(crate) fn new(text: &[u8], mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let mut here = Position::START;
        for diagnostic in &mut diagnostics {
            here = here.forward(text, diagnostic.span.start);
            (diagnostic.line, diagnostic.column) = (here.line, here.column);
        }
        Self { diagnostics }
    }

    /// Every mistake, in the order of the text.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, diagnostic) in self.diagnostics.iter().enumerate() {
            if place > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{diagnostic}")?;
        }
        Ok(())
    }
}
