//! One line of calls: who calls which tool with what. The arguments stay as they are written; reading them is the
//! engine's business.

use policy_core::arguments::Caps;
use policy_core::{Identity, Timestamp};
use policy_json::Parsed;

use crate::object::Object;
use crate::time;

const FIELDS: &[&str] = &["grant", "server", "session", "claims", "tool", "arguments", "approval", "at"];

/// How long the text of a call may be.
pub(crate) const BYTES_MAX: usize = 8 << 20;

/// The text's length bounds the number of its values. Arguments that nest deeper than an engine permits are denied by the
/// engine, not refused here.
const CAPS: Caps = Caps { depth: 1 << 20, bytes: BYTES_MAX, nodes: usize::MAX };

/// A call.
#[derive(Debug)]
pub(crate) struct Call<'t> {
    pub(crate) identity: Identity,
    pub(crate) tool: String,
    pub(crate) arguments: Option<&'t str>,
    /// The token that came with it.
    pub(crate) approval: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

impl<'t> Call<'t> {
    /// Reads a line, or says why it is no call.
    pub(crate) fn read(line: &'t [u8]) -> Result<Self, String> {
        let parsed =
            Parsed::parse(line, CAPS).map_err(|error| format!("the line cannot be read: {error}"))?;
        let root = parsed.root().ok_or("there is nothing in the line")?;
        let call = Object::new(&parsed, root, ("a call", ""), FIELDS)?;
        let at = call.string("at")?.map(|text| time::parse(text).map_err(|error| format!("`at` {error}")));
        Ok(Self {
            identity: call.identity()?,
            tool: call.required("tool", call.string("tool")?)?.to_owned(),
            arguments: call.raw("arguments").map(|raw| raw.text),
            approval: call.string("approval")?.map(str::to_owned),
            at: at.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        Call::read(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_call_has_all_its_parts() {
        let line = br#"{"grant":"a","server":"s","session":"x","claims":{"team":["b",1]},"tool":"t","arguments":{"a":1, "a":2},"approval":"x","at":"2026-01-01T00:00:00Z"}"#;
        let call = Call::read(line).unwrap();
        assert_eq!((call.identity.grant(), call.identity.server()), ("a", Some("s")));
        assert_eq!(call.identity.session(), Some("x"));
        assert!(call.identity.claim("team").is_some());
        assert_eq!(call.arguments, Some(r#"{"a":1, "a":2}"#));
        assert_eq!(call.approval.as_deref(), Some("x"));
        assert_eq!(call.at.unwrap().as_millis(), 1_767_225_600_000);
    }

    #[test]
    fn what_is_no_call_is_named() {
        assert_eq!(error(r#"{"tool":"t"}"#), "`grant` is missing");
        assert_eq!(error(r#"{"grant":"a"}"#), "`tool` is missing");
        assert_eq!(error("[]"), "a call must be an object, found a list");
        assert_eq!(error(r#"{"grant":1,"tool":"t"}"#), "`grant` must be a string, found a number");
        assert_eq!(
            error(r#"{"grant":"a","session":null,"tool":"t"}"#),
            "`session` must be a string, found null"
        );
        assert_eq!(error(r#"{"grant":"a","tool":"t","gr\u0061nt":"b"}"#), "`grant` stands twice");
        assert_eq!(error(r#"{"grant":"a","tol":"t"}"#), "unknown field `tol`; did you mean `tool`?");
        assert_eq!(
            error(r#"{"grant":"a","tool":"t","claims":{"a":{"b":1,"b":2}}}"#),
            "`claims` has `b` twice in one object"
        );
        assert!(error(r#"{"grant":"a","tool":"t","at":"noon"}"#).starts_with("`at` is no RFC 3339 time"));
        assert!(error("{\"grant\":\"a\"").starts_with("the line cannot be read: "));
    }

    #[test]
    fn values_that_nest_without_end_overflow_nothing() {
        let deep = "[".repeat(500_000) + &"]".repeat(500_000);
        let call = format!(r#"{{"grant":"a","tool":"t","arguments":{deep}}}"#);
        assert!(Call::read(call.as_bytes()).is_ok());
        assert_eq!(
            error(&format!(r#"{{"grant":"a","tool":"t","claims":{{"c":{deep}}}}}"#)),
            "`claims` cannot be read: nested deeper than permitted"
        );
    }
}
