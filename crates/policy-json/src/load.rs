//! From the bytes of a policy document to a policy, or to everything that is wrong with it.

use policy_core::arguments::{ArgumentError, ArgumentFault, Caps};
use policy_core::{Digest, Policy, PolicyFaultKind, Schema};
use sha2::{Digest as _, Sha256};

use crate::diagnostic::{Diagnostic, DiagnosticCode, LoadError};
use crate::document;
use crate::text::Parsed;

/// How large a policy document may be.
pub const DOCUMENT_CAPS: Caps = Caps { depth: 64, bytes: 64 << 20, nodes: 4_000_000 };

/// Loads one policy. `id` is the name that decisions call it by.
///
/// ```
/// let policy = policy_json::load("pods", br#"{"version": "1", "default": "deny", "tools": {"list-pods": {}}}"#)?;
/// assert!(policy.tools.contains_key("list-pods"));
///
/// let error = policy_json::load("pods", br#"{"version": "1", "default": "deny", "tols": {}}"#).unwrap_err();
/// assert!(error.to_string().contains("did you mean `tools`?"));
/// # Ok::<(), policy_json::LoadError>(())
/// ```
///
/// # Errors
/// When the document is no policy: all that is wrong with it, each with its place. Nothing is ever left out of a policy
/// because it was not understood.
pub fn load(id: &str, text: &[u8]) -> Result<Policy, LoadError> {
    let parsed = Parsed::parse(text, DOCUMENT_CAPS)
        .map_err(|error| unreadable(text, &error, DOCUMENT_CAPS, "a policy"))?;
    let (mut policy, mut diagnostics) = document::read(id, &parsed);
    if diagnostics.is_empty()
        && let Err(faults) = policy.check()
    {
        // The reader has looked for these already, where it had their places in the text; none may slip through here.
        let whole = |fault: policy_core::PolicyFault| Diagnostic {
            code: match fault.kind {
                PolicyFaultKind::SameLimitTwice => DiagnosticCode::DuplicateLimit,
                PolicyFaultKind::HiddenTwice => DiagnosticCode::DuplicateName,
                _ => DiagnosticCode::InvalidValue,
            },
            pointer: fault.pointer,
            span: 0..0,
            line: 0,
            column: 0,
            message: fault.kind.to_string(),
            help: None,
        };
        diagnostics.extend(faults.into_iter().map(whole));
    }
    if diagnostics.is_empty() {
        policy.digest = Digest(Sha256::digest(text).into());
        Ok(policy)
    } else {
        Err(LoadError::new(text, diagnostics))
    }
}

/// Compiles one JSON Schema, for a policy that is made in code or an engine's catalogue.
///
/// # Errors
/// When the text is no schema that can be used: all that is wrong with it, each with its place.
pub fn load_schema(text: &[u8]) -> Result<Schema, LoadError> {
    let parsed = Parsed::parse(text, DOCUMENT_CAPS)
        .map_err(|error| unreadable(text, &error, DOCUMENT_CAPS, "a schema"))?;
    let (schema, diagnostics) = document::read_schema(&parsed);
    schema.filter(|_| diagnostics.is_empty()).ok_or_else(|| LoadError::new(text, diagnostics))
}

/// A text that is not JSON: nothing in it can be read, so this is the one mistake.
pub(crate) fn unreadable(text: &[u8], error: &ArgumentError, caps: Caps, what: &str) -> LoadError {
    let (code, help) = match error.fault {
        ArgumentFault::TooLarge | ArgumentFault::TooDeep | ArgumentFault::TooManyNodes => {
            let Caps { depth, bytes, nodes } = caps;
            let help = format!("{what} has at most {bytes} bytes, {nodes} values, {depth} levels");
            (DiagnosticCode::TooLarge, Some(help))
        }
        ArgumentFault::NumberTooLong => (DiagnosticCode::TooLarge, None),
        _ if text.is_empty() && caps == DOCUMENT_CAPS => {
            (DiagnosticCode::InvalidJson, Some("a policy begins `{\"version\": \"1\", ...`".to_owned()))
        }
        _ => (DiagnosticCode::InvalidJson, None),
    };
    let offset = error.offset.min(text.len());
    // To the end of the character that begins there.
    let mut after = offset.saturating_add(1)..text.len();
    let end = after.find(|at| !matches!(text.get(*at), Some(0x80..=0xBF))).unwrap_or(text.len());
    let message = format!("this is not JSON: {}", error.fault);
    let message = if code == DiagnosticCode::TooLarge { error.fault.to_string() } else { message };
    LoadError::new(
        text,
        vec![Diagnostic {
            code,
            pointer: String::new(),
            span: offset..end,
            line: 0,
            column: 0,
            message,
            help,
        }],
    )
}
