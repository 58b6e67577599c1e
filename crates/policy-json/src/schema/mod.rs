//! From a JSON Schema as a policy or a server writes it to checks of arguments, or to all that is wrong with it.

mod fault;

#[cfg(feature = "json-schema")]
mod dialect;
#[cfg(feature = "json-schema")]
mod equality;
#[cfg(feature = "json-schema")]
mod steps;
#[cfg(feature = "json-schema")]
mod node;
#[cfg(feature = "json-schema")]
mod keywords;
#[cfg(feature = "json-schema")]
mod convert;
#[cfg(feature = "json-schema")]
mod work;
#[cfg(feature = "json-schema")]
mod compiled;
#[cfg(feature = "json-schema")]
mod compile;

pub(crate) use fault::SchemaFault;

#[cfg(feature = "json-schema")]
pub(crate) use compile::compile;

#[cfg(not(feature = "json-schema"))]
mod absent {
    use policy_core::{Schema, Value};

    use super::fault::{FaultKind, SchemaFault};

    /// Without the feature nothing can be held against a schema, so a document that has one is refused.
    pub(crate) fn compile(_: &Value) -> Result<Schema, Vec<SchemaFault>> {
        Err(vec![SchemaFault {
            kind: FaultKind::NotSupported,
            pointer: String::new(),
            message: "`schema` is not supported by this build".to_owned(),
            help: Some("it takes the feature `json-schema` of the crate `policy-json`".to_owned()),
        }])
    }
}

#[cfg(not(feature = "json-schema"))]
pub(crate) use absent::compile;
