//! One condition on one argument, and the eleven operators. Knows nothing of groups, policies or decisions.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use crate::arguments::{Json, Kind};
use crate::decimal::Decimal;
use crate::path::Path;
use crate::value::{Number, Value};

/// How large a pattern may be once compiled, in bytes.
pub const PATTERN_SIZE_MAX: usize = 1 << 20;

/// The operators of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the format's own; docs/policy-format.md says what each means")]
#[non_exhaustive]
pub enum Operator {
    Eq,
    Neq,
    In,
    NotIn,
    Lt,
    Lte,
    Gt,
    Gte,
    Regex,
    Contains,
    Exists,
}

impl Operator {
    /// Every operator, in the order of the reference.
    pub const ALL: [Self; 11] = [
        Self::Eq,
        Self::Neq,
        Self::In,
        Self::NotIn,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::Regex,
        Self::Contains,
        Self::Exists,
    ];

    /// The operator's name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Regex => "regex",
            Self::Contains => "contains",
            Self::Exists => "exists",
        }
    }

    /// The operator of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }
}

/// What judging a condition, or a group of them, comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    False,
    /// The argument is there, and of a type that the operator cannot judge.
    Mismatch,
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::False }
    }
}

/// `{ "path", "op", "value" }`, checked and ready to be judged.
#[derive(Clone, Debug)]
pub struct Condition {
    path: Path,
    operator: Operator,
    value: Value,
    test: Test,
}

/// The operator and its value in the form that judging wants. What the policy wrote is kept beside it.
#[derive(Clone, Debug)]
enum Test {
    Equal { wanted: bool },
    OneOf { wanted: bool },
    Order { number: Number, small: Option<i64>, orderings: [Option<Ordering>; 2] },
    Pattern(Regex),
    Contains,
    Exists { wanted: bool },
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.operator == other.operator && self.value == other.value
    }
}

impl Condition {
    /// A condition, its value checked against its operator.
    ///
    /// # Errors
    /// When the value is none that the operator can take.
    pub fn new(path: Path, operator: Operator, value: Value) -> Result<Self, ConditionError> {
        if value.has_name_twice() {
            return Err(ConditionError::NameTwice);
        }
        let test = match operator {
            Operator::Eq => Test::Equal { wanted: true },
            Operator::Neq => Test::Equal { wanted: false },
            Operator::In => one_of(&value, true)?,
            Operator::NotIn => one_of(&value, false)?,
            Operator::Lt => order(&value, [Some(Ordering::Less), None])?,
            Operator::Lte => order(&value, [Some(Ordering::Less), Some(Ordering::Equal)])?,
            Operator::Gt => order(&value, [Some(Ordering::Greater), None])?,
            Operator::Gte => order(&value, [Some(Ordering::Greater), Some(Ordering::Equal)])?,
            Operator::Regex => pattern(&value)?,
            Operator::Contains => Test::Contains,
            Operator::Exists => match value {
                Value::Bool(wanted) => Test::Exists { wanted },
                _ => return Err(ConditionError::wants("`true` or `false`", &value)),
            },
        };
        Ok(Self { path, operator, value, test })
    }

    /// Where it looks.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// How it judges.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// What the operator needs an argument to be, for a message to the agent.
    #[must_use]
    pub const fn wanted_type(&self) -> &'static str {
        match self.operator {
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte => "a number",
            Operator::Regex => "a string",
            Operator::Contains if matches!(self.value, Value::String(_)) => "a string or an array",
            Operator::Contains => "an array",
            Operator::Eq | Operator::Neq | Operator::In | Operator::NotIn | Operator::Exists => "any value",
        }
    }

    /// Judges the arguments.
    ///
    /// An absent argument satisfies nothing but `exists: false`; so does `null`, except under `eq`, `neq`, `in` and
    /// `not_in`, to which it is a value like others.
    #[must_use]
    pub fn judge(&self, arguments: Json<'_>) -> Outcome {
        let found = self.path.find(arguments);
        match &self.test {
            Test::Equal { wanted } => match found {
                Some(argument) => Outcome::from(equal(&self.value, argument) == *wanted),
                None => Outcome::False,
            },
            Test::OneOf { wanted } => match (found, &self.value) {
                (Some(argument), Value::Array(elements)) => {
                    Outcome::from(elements.iter().any(|element| equal(element, argument)) == *wanted)
                }
                _ => Outcome::False,
            },
            Test::Exists { wanted } => {
                let exists = found.is_some_and(|argument| argument.kind() != Kind::Null);
                Outcome::from(exists == *wanted)
            }
            Test::Order { number, small, orderings } => match present(found) {
                None => Outcome::False,
                Some(argument) => match argument.as_number() {
                    None => Outcome::Mismatch,
                    Some(text) => match compare(text, number.text(), *small) {
                        None => Outcome::Mismatch,
                        Some(ordering) => Outcome::from(orderings.contains(&Some(ordering))),
                    },
                },
            },
            Test::Pattern(pattern) => match present(found) {
                None => Outcome::False,
                Some(argument) => match argument.as_str() {
                    Some(text) => Outcome::from(pattern.is_match(text)),
                    None => Outcome::Mismatch,
                },
            },
            Test::Contains => match present(found) {
                None => Outcome::False,
                Some(argument) => contains(&self.value, argument),
            },
        }
    }
}

fn present(found: Option<Json<'_>>) -> Option<Json<'_>> {
    found.filter(|argument| argument.kind() != Kind::Null)
}

fn one_of(value: &Value, wanted: bool) -> Result<Test, ConditionError> {
    match value {
        Value::Array(_) => Ok(Test::OneOf { wanted }),
        _ => Err(ConditionError::wants("a list", value)),
    }
}

fn order(value: &Value, orderings: [Option<Ordering>; 2]) -> Result<Test, ConditionError> {
    match value {
        Value::Number(number) => {
            Ok(Test::Order { number: number.clone(), small: small(number.text()), orderings })
        }
        _ => Err(ConditionError::wants("a number", value)),
    }
}

fn pattern(value: &Value) -> Result<Test, ConditionError> {
    let Value::String(text) = value else {
        return Err(ConditionError::wants("a string that is a regular expression", value));
    };
    RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE_MAX)
        .dfa_size_limit(PATTERN_SIZE_MAX)
        .nest_limit(64)
        .build()
        .map(Test::Pattern)
        .map_err(|error| ConditionError::Pattern(pattern_problem(&error)))
}

/// The last line of the crate's report says what is wrong; the ones before it draw the pattern.
fn pattern_problem(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("compiles to more than {limit} bytes"),
        other => {
            let report = other.to_string();
            let last = report.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

/// An integer of at most 18 digits, for the comparisons that are nearly all of them.
#[inline]
fn small(text: &str) -> Option<i64> {
    if text.len() > 18 { None } else { text.parse().ok() }
}

#[inline]
fn compare(argument: &str, number: &str, number_small: Option<i64>) -> Option<Ordering> {
    if let (Some(ours), Some(theirs)) = (small(argument), number_small) {
        return Some(ours.cmp(&theirs));
    }
    Some(Decimal::parse(argument)?.cmp(&Decimal::parse(number)?))
}

fn contains(wanted: &Value, argument: Json<'_>) -> Outcome {
    match (argument.kind(), wanted) {
        (Kind::Array, _) => Outcome::from(argument.elements().any(|element| equal(wanted, element))),
        (Kind::String, Value::String(part)) => {
            Outcome::from(argument.as_str().is_some_and(|text| text.contains(&**part)))
        }
        _ => Outcome::Mismatch,
    }
}

/// Typed JSON equality; numbers by value, objects whatever the order of their members. Recurses as deep as the
/// policy's own value is.
fn equal(value: &Value, argument: Json<'_>) -> bool {
    match value {
        Value::Null => argument.kind() == Kind::Null,
        Value::Bool(wanted) => argument.as_bool() == Some(*wanted),
        Value::Number(number) => argument
            .as_number()
            .is_some_and(|text| compare(text, number.text(), small(number.text())) == Some(Ordering::Equal)),
        Value::String(wanted) => argument.as_str() == Some(&**wanted),
        Value::Array(elements) => {
            argument.kind() == Kind::Array
                && argument.len() == elements.len()
                && elements
                    .iter()
                    .zip(argument.elements())
                    .all(|(element, argument)| equal(element, argument))
        }
        Value::Object(members) => {
            argument.kind() == Kind::Object
                && argument.len() == members.len()
                && members
                    .iter()
                    .all(|(name, value)| argument.get(name).is_some_and(|argument| equal(value, argument)))
        }
    }
}

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
}

impl ConditionError {
    const fn wants(wanted: &'static str, found: &Value) -> Self {
        Self::Value { wanted, found: found.kind() }
    }
}
