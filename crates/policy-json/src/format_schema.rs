//! The JSON Schema of the format itself, for editors.

/// The `$id` of [`FORMAT_SCHEMA`].
pub const FORMAT_SCHEMA_ID: &str = "urn:policy:policy.v1";

/// The JSON Schema of `policy.json`, of the dialect 2020-12.
///
/// It accepts every document that [`load`](crate::load) takes. What it accepts besides is listed in
/// `docs/policy-format.md`: no schema can say that a pattern compiles. A document is a policy when it loads, and not before.
pub const FORMAT_SCHEMA: &str = include_str!("../schema/policy.v1.schema.json");
