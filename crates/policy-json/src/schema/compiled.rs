//! A compiled schema at work on arguments.

use std::collections::HashSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use policy_core::arguments::{Json, Kind};
use policy_core::{CheckArguments, SchemaViolation, escape};

use super::node::{Node, OnTape};
use super::steps::Steps;

/// Judges arguments by the `jsonschema` crate.
pub(super) struct Compiled {
    pub(super) validator: Validator<OnTape>,
    /// The names that the schema has for properties. Others are the caller's, and stay out of what is said.
    pub(super) names: HashSet<Box<str>>,
}

impl CheckArguments for Compiled {
    fn check(&self, arguments: Json<'_>) -> Result<(), SchemaViolation> {
        let steps = Steps::new();
        let valid = self.validator.is_valid(Node::root(arguments, &steps));
        if steps.is_exhausted() {
            return Err(violation("(too much work)"));
        }
        if valid {
            return Ok(());
        }
        // Once more, to learn where.
        let steps = Steps::new();
        match self.validator.validate(Node::root(arguments, &steps)) {
            Err(error) if !steps.is_exhausted() => Err(self.violation(arguments, &error)),
            _ => Err(violation("(too much work)")),
        }
    }
}

impl Compiled {
    fn violation(&self, arguments: Json<'_>, error: &ValidationError<'_>) -> SchemaViolation {
        SchemaViolation {
            pointer: self.pointer(arguments, error.instance_path().as_str()),
            keyword: keyword(error),
            schema_pointer: error.schema_path().as_str().to_owned(),
        }
    }

    /// As much of a pointer into the arguments as the schema has names for: to a container, where the caller chose the name
    /// of what is in it.
    fn pointer(&self, arguments: Json<'_>, pointer: &str) -> String {
        let mut shown = String::new();
        let mut here = arguments;
        for step in pointer.split('/').skip(1) {
            let name = step.replace("~1", "/").replace("~0", "~");
            let next = match here.kind() {
                Kind::Array => name.parse().ok().and_then(|place| here.elements().nth(place)),
                Kind::Object if self.names.contains(name.as_str()) => here.get(&name),
                _ => None,
            };
            let Some(next) = next else { break };
            here = next;
            shown.push('/');
            shown.push_str(&escape(&name));
        }
        shown
    }
}

/// The last step of the keyword's place in the schema. A schema that is `false` has no keyword, but may stand under one.
fn keyword(error: &ValidationError<'_>) -> Box<str> {
    const OF_ONE_SCHEMA: [&str; 6] = [
        "additionalItems",
        "additionalProperties",
        "items",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    ];
    let last = error.schema_path().as_str().rsplit('/').next().unwrap_or_default();
    match error.kind() {
        ValidationErrorKind::FalseSchema if !OF_ONE_SCHEMA.contains(&last) => "false".into(),
        _ => last.into(),
    }
}

fn violation(keyword: &str) -> SchemaViolation {
    SchemaViolation { pointer: String::new(), keyword: keyword.into(), schema_pointer: String::new() }
}
