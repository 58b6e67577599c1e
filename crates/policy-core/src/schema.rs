//! A schema that a call's arguments must satisfy: the document, and whatever was compiled from it. What schemas mean is the
//! business of whoever compiles them; this crate only asks.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::arguments::Json;
use crate::value::Value;

/// Judges arguments. Called at most once for each schema and decision, from any number of threads at once.
pub trait CheckArguments: Send + Sync {
    /// Whether the arguments, an object, satisfy the schema.
    ///
    /// Never panics, takes time and memory bounded by the caps of arguments, and does no I/O.
    ///
    /// # Errors
    /// Where they do not, or nobody can say: the call is then denied with `schema_violation`.
    fn check(&self, arguments: Json<'_>) -> Result<(), SchemaViolation>;
}

/// Where arguments fail their schema. Holds no argument's value, and no name that the schema does not have itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value at `{pointer}` of the arguments fails `{keyword}` at `{schema_pointer}` of the schema")]
pub struct SchemaViolation {
    /// RFC 6901 pointer into the arguments. Where the caller chose the name of a property itself, to the object that the
    /// property is in.
    pub pointer: String,
    /// The keyword that is not satisfied, such as `maximum`.
    pub keyword: Box<str>,
    /// RFC 6901 pointer into the schema, to that keyword.
    pub schema_pointer: String,
}

/// A JSON Schema, ready to judge by.
#[derive(Clone)]
pub struct Schema {
    document: Arc<Value>,
    check: Arc<dyn CheckArguments>,
}

impl Schema {
    /// A schema, and what was compiled from it.
    #[must_use]
    pub fn new(document: Value, check: Arc<dyn CheckArguments>) -> Self {
        Self { document: Arc::new(document), check }
    }

    /// The schema as it was written.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Whether arguments satisfy it.
    ///
    /// # Errors
    /// Where they do not.
    pub fn check(&self, arguments: Json<'_>) -> Result<(), SchemaViolation> {
        self.check.check(arguments)
    }
}

/// The same document means the same schema.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Schema").field(&self.document).finish()
    }
}

/// The input schemas of one server's tools, by the tools' names.
#[derive(Clone, Debug, Default)]
pub struct ToolSchemas {
    schemas: HashMap<Box<str>, Schema, RandomState>,
}

impl ToolSchemas {
    /// No schema at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a tool's schema in. Hands back the one that was there for that name.
    pub fn insert(&mut self, tool: impl Into<Box<str>>, schema: Schema) -> Option<Schema> {
        self.schemas.insert(tool.into(), schema)
    }

    /// The schema of the tool of that name, byte for byte.
    #[must_use]
    pub fn find(&self, tool: &str) -> Option<&Schema> {
        self.schemas.get(tool)
    }

    /// How many tools have a schema.
    #[must_use]
    pub fn len(&self) -> usize {
        self.schemas.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty()
    }
}

/// The input schemas that an engine holds: names of tools are unique within one server only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogues {
    /// For callers whose server has none of its own.
    pub(crate) fallback: Option<Arc<ToolSchemas>>,
    pub(crate) servers: HashMap<Box<str>, Arc<ToolSchemas>>,
}

impl Catalogues {
    #[inline]
    pub(crate) fn find(&self, server: Option<&str>, tool: &str) -> Option<&Schema> {
        if self.fallback.is_none() && self.servers.is_empty() {
            return None;
        }
        let own = server.and_then(|server| self.servers.get(server));
        own.or(self.fallback.as_ref())?.find(tool)
    }
}
