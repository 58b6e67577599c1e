//! What can be wrong with a schema.

use crate::diagnostic::DiagnosticCode;

/// Something that is wrong with a schema. The texts may hold what the schema's author wrote, which is no argument.
#[derive(Debug)]
pub(crate) struct SchemaFault {
    pub(crate) kind: FaultKind,
    /// RFC 6901 pointer into the schema.
    pub(crate) pointer: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// What kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The schema is none, or not one that can be used.
    #[cfg(feature = "json-schema")]
    Invalid,
    /// A pattern that does not compile, or is too large.
    #[cfg(feature = "json-schema")]
    Pattern,
    /// Over a cap.
    #[cfg(feature = "json-schema")]
    TooLarge,
    /// Not in this build.
    #[cfg(not(feature = "json-schema"))]
    NotSupported,
}

impl FaultKind {
    pub(crate) const fn code(self) -> DiagnosticCode {
        match self {
            #[cfg(feature = "json-schema")]
            Self::Invalid => DiagnosticCode::InvalidSchema,
            #[cfg(feature = "json-schema")]
            Self::Pattern => DiagnosticCode::InvalidPattern,
            #[cfg(feature = "json-schema")]
            Self::TooLarge => DiagnosticCode::TooLarge,
            #[cfg(not(feature = "json-schema"))]
            Self::NotSupported => DiagnosticCode::NotSupported,
        }
    }
}

#[cfg(feature = "json-schema")]
impl SchemaFault {
    pub(crate) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Invalid, pointer: pointer.into(), message: message.into(), help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) const fn of_kind(mut self, kind: FaultKind) -> Self {
        self.kind = kind;
        self
    }
}
