//! What a person is asked: an approval request, and its JSON form, read and written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::nonce::ApprovalNonce;
use crate::clock::Timestamp;
use crate::policy::Digest;

/// A question to a person: may this call go ahead? Made by the engine for a call that needs approval; an
/// [`ApprovalKey`](super::ApprovalKey), or the engine that holds one, makes a token of it.
///
/// It can be written as JSON and read again, to travel to whoever is asked. It holds no argument's value: the host shows the
/// arguments beside it. Only `digest`, `nonce` and `expires_at` get into a token; the rest is there to be read, and is worth as
/// much as the way it came. A host whose requests pass through hands that it does not trust keeps them itself, and lets only
/// the nonce travel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// Stands for the call: SHA-256 over grant, server, tool, canonical arguments (RFC 8785) and the policy's digest.
    pub digest: Digest,
    /// Unlike every other request's.
    pub nonce: ApprovalNonce,
    /// From when on nothing that is made of it is accepted.
    pub expires_at: Timestamp,
    /// Who calls.
    pub grant: Box<str>,
    /// On which server.
    pub server: Option<Box<str>>,
    /// The tool that is called.
    pub tool: Box<str>,
    /// The policy that asks, by its id.
    pub policy: Box<str>,
    /// The rule in it that asks.
    pub rule: Box<str>,
    /// Where that rule stands, as a JSON Pointer (RFC 6901).
    pub pointer: Box<str>,
    /// What the rule says.
    pub message: Box<str>,
}

const FIELDS: &[&str] =
    &["digest", "nonce", "expires_at_ms", "grant", "server", "tool", "policy", "rule", "pointer", "message"];

/// The documented JSON form: `docs/decisions.md`.
impl Serialize for ApprovalRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("digest", &self.digest.to_string())?;
        map.serialize_entry("nonce", &self.nonce.to_string())?;
        map.serialize_entry("expires_at_ms", &self.expires_at.as_millis())?;
        map.serialize_entry("grant", &self.grant)?;
        if let Some(server) = &self.server {
            map.serialize_entry("server", server)?;
        }
        map.serialize_entry("tool", &self.tool)?;
        map.serialize_entry("policy", &self.policy)?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("pointer", &self.pointer)?;
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}

/// Strict: every field but `server` is there, each once, and there are no others.
impl<'de> Deserialize<'de> for ApprovalRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = ApprovalRequest;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an approval request")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ApprovalRequest, M::Error> {
        let mut expires_at: Option<u64> = None;
        let mut texts: [Option<String>; 10] = Default::default();
        while let Some(name) = map.next_key::<String>()? {
            let field = FIELDS.iter().position(|field| *field == name);
            let Some((field, name)) = field.and_then(|place| Some((place, *FIELDS.get(place)?))) else {
                return Err(M::Error::unknown_field(&name, FIELDS));
            };
            let twice = if name == "expires_at_ms" {
                expires_at.replace(map.next_value()?).is_some()
            } else {
                let text = map.next_value()?;
                texts.get_mut(field).is_none_or(|place| place.replace(text).is_some())
            };
            if twice {
                return Err(M::Error::duplicate_field(name));
            }
        }
        let [digest, nonce, _, grant, server, tool, policy, rule, pointer, message] = texts;
        let needed = |field: &'static str, text: Option<String>| {
            text.map(String::into_boxed_str).ok_or_else(|| M::Error::missing_field(field))
        };
        let digest = hex_bytes(needed("digest", digest)?.strip_prefix("sha256:").unwrap_or_default());
        let nonce = hex_bytes(&needed("nonce", nonce)?);
        let wrong = |what: &str| M::Error::custom(what);
        Ok(ApprovalRequest {
            digest: Digest(
                digest.ok_or_else(|| wrong("`digest` must be `sha256:` and 64 hexadecimal digits"))?,
            ),
            nonce: ApprovalNonce(nonce.ok_or_else(|| wrong("`nonce` must be 32 hexadecimal digits"))?),
            expires_at: Timestamp::from_millis(
                expires_at.ok_or_else(|| M::Error::missing_field("expires_at_ms"))?,
            ),
            grant: needed("grant", grant)?,
            server: server.map(String::into_boxed_str),
            tool: needed("tool", tool)?,
            policy: needed("policy", policy)?,
            rule: needed("rule", rule)?,
            pointer: needed("pointer", pointer)?,
            message: needed("message", message)?,
        })
    }
}

/// Bytes written as lower-case hexadecimal digits, two for each: exactly so many.
fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.bytes().map(|digit| match digit {
        b'0'..=b'9' | b'a'..=b'f' => char::from(digit).to_digit(16),
        _ => None,
    });
    let digits = digits.collect::<Option<Vec<u32>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high.wrapping_mul(16).wrapping_add(*low)).ok(),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
