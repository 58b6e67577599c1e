//! The dialects of JSON Schema that are understood, by the addresses of their meta-schemas.

use jsonschema::Draft;

/// Every dialect and its address, which may end in `#`.
const DIALECTS: [(&str, Draft); 3] = [
    ("https://json-schema.org/draft/2020-12/schema", Draft::Draft202012),
    ("https://json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("http://json-schema.org/draft-07/schema", Draft::Draft7),
];

/// The dialect of a schema that names none.
pub(super) const DEFAULT: Draft = Draft::Draft202012;

/// The dialect that `$schema` names.
pub(super) fn named(address: &str) -> Option<Draft> {
    let address = address.strip_suffix('#').unwrap_or(address);
    DIALECTS.iter().find(|(known, _)| *known == address).map(|(_, draft)| *draft)
}

/// What to write into `$schema`.
pub(super) fn help() -> String {
    let all = DIALECTS.iter().map(|(address, _)| format!("`{address}`")).collect::<Vec<_>>().join(", ");
    format!("the dialects are {all}; a schema without `$schema` is of the first")
}
