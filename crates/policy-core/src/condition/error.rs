//! Why a value does not go with its operator.

use crate::value::Value;

/// Why a value does not go with its operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The value is of a type that the operator does not take.
    #[error("wants {wanted}, found {found}")]
    #[expect(missing_docs, reason = "said above")]
    Value { wanted: &'static str, found: &'static str },
    /// A name stands twice in an object of the value.
    #[error("has a name that stands twice in one object")]
    NameTwice,
    /// The pattern does not compile, or is too large.
    #[error("is no pattern that can be used: {0}")]
    Pattern(String),
    /// Elements of the list that the operator cannot take, in their order. There is at least one.
    #[error("{}", .0.first().map_or_else(String::new, |first| first.to_string()))]
    Elements(Vec<ElementFault>),
    /// The operator is not part of this build.
    #[error("is not part of this build: it was built without the feature `{feature}`")]
    #[expect(missing_docs, reason = "said above")]
    NotBuilt { feature: &'static str },
}

/// What is wrong with one element of a condition's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("element {place} {problem}")]
pub struct ElementFault {
    /// Which element, counted from 0.
    pub place: usize,
    /// What it should have been, and, where that is clear, how to write it. Reads on from the element's name.
    pub problem: String,
    /// Whether it is of another type than the operator takes.
    pub is_type: bool,
}

impl ConditionError {
    pub(super) const fn wants(wanted: &'static str, found: &Value) -> Self {
        Self::Value { wanted, found: found.kind() }
    }
}

/// Compiles a list of strings, and puts all that is wrong with any of them on record.
pub(super) fn each_string<T>(
    value: &Value,
    wanted: &'static str,
    element_wanted: &'static str,
    compile: impl Fn(&str) -> Result<T, String>,
) -> Result<Box<[T]>, ConditionError> {
    let Value::Array(elements) = value else { return Err(ConditionError::wants(wanted, value)) };
    let mut compiled = Vec::with_capacity(elements.len());
    let mut faults = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        let fault = match element {
            Value::String(text) => match compile(text) {
                Ok(one) => {
                    compiled.push(one);
                    continue;
                }
                Err(problem) => ElementFault { place, problem, is_type: false },
            },
            other => {
                let problem = format!("must be {element_wanted}, found {}", other.kind());
                ElementFault { place, problem, is_type: true }
            }
        };
        faults.push(fault);
    }
    if faults.is_empty() { Ok(compiled.into()) } else { Err(ConditionError::Elements(faults)) }
}
