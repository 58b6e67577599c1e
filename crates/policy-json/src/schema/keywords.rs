//! The keywords that compare numbers, and those that compare whole values: exactly. The crate's own go through floats.

use std::cmp::Ordering;
use std::collections::HashSet;

use foldhash::fast::RandomState;
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use policy_core::{Decimal, Number, Value};
use serde_json::Value as Serde;

use super::convert::to_exact;
use super::equality::equals;
use super::node::{Argument, Node, OnTape};

/// Puts them in place of the crate's.
pub(super) fn exact<'i, R>(options: ValidationOptions<'i, R, OnTape>) -> ValidationOptions<'i, R, OnTape> {
    options
        .with_keyword("minimum", |_, value, _| Ok(Box::new(Judged(Bound::new("minimum", value)?))))
        .with_keyword("maximum", |_, value, _| Ok(Box::new(Judged(Bound::new("maximum", value)?))))
        .with_keyword("exclusiveMinimum", |_, value, _| {
            Ok(Box::new(Judged(Bound::new("exclusiveMinimum", value)?)))
        })
        .with_keyword("exclusiveMaximum", |_, value, _| {
            Ok(Box::new(Judged(Bound::new("exclusiveMaximum", value)?)))
        })
        .with_keyword("multipleOf", |_, value, _| Ok(Box::new(Judged(MultipleOf::new(value)?))))
        .with_keyword("const", |_, value, _| Ok(Box::new(Judged(OneOf::new(std::slice::from_ref(value))?))))
        .with_keyword("enum", |_, value, _| {
            Ok(Box::new(Judged(OneOf::new(value.as_array().ok_or_else(unusable)?)?)))
        })
}

/// Says that the keyword's value cannot be used; the meta-schema has said so before.
fn unusable() -> ValidationError<'static> {
    ValidationError::schema("this value cannot be used here")
}

fn number(value: &Serde) -> Result<Number, ValidationError<'static>> {
    let number = value.as_number().ok_or_else(unusable)?;
    Number::parse(&number.to_string()).ok_or_else(unusable)
}

/// What a keyword does whose answer is yes or no.
trait Judge: Send + Sync {
    fn judge(&self, node: Node<'_>) -> bool;
}

/// One of them, as the crate wants it.
struct Judged<J>(J);

impl<'i, J: Judge> Keyword<'i, OnTape> for Judged<J> {
    fn validate(&self, node: Node<'i>) -> Result<(), ValidationError<'i>> {
        if self.0.judge(node) { Ok(()) } else { Err(ValidationError::custom(String::new())) }
    }

    fn is_valid(&self, node: Node<'i>) -> bool {
        self.0.judge(node)
    }
}

/// A number among the arguments; `None` where the value is none.
fn argument_number(node: Node<'_>) -> Option<Option<Decimal<'_>>> {
    let Node::Argument(Argument { json, steps, .. }) = node else { return None };
    let text = json.as_number()?;
    Some(if steps.take_text(text.len().saturating_mul(4)) { Decimal::parse(text) } else { None })
}

/// `minimum` and the like.
struct Bound {
    limit: Number,
    /// The limit, where it is written as a whole number of 64 bits.
    whole: Option<i64>,
    holds: fn(Ordering) -> bool,
}

impl Bound {
    fn new(keyword: &str, value: &Serde) -> Result<Self, ValidationError<'static>> {
        let holds: fn(Ordering) -> bool = match keyword {
            "minimum" => |order| order != Ordering::Less,
            "maximum" => |order| order != Ordering::Greater,
            "exclusiveMinimum" => |order| order == Ordering::Greater,
            "exclusiveMaximum" => |order| order == Ordering::Less,
            _ => return Err(unusable()),
        };
        let limit = number(value)?;
        let whole = limit.text().parse().ok();
        Ok(Self { limit, whole, holds })
    }
}

impl Judge for Bound {
    fn judge(&self, node: Node<'_>) -> bool {
        // What nearly all numbers and limits are: short whole ones.
        if let (Node::Argument(Argument { json, .. }), Some(limit)) = (node, self.whole)
            && let Some(whole) =
                json.as_number().filter(|text| text.len() < 20).and_then(|text| text.parse::<i64>().ok())
        {
            return (self.holds)(whole.cmp(&limit));
        }
        match argument_number(node) {
            None => true,
            Some(number) => {
                let order =
                    number.zip(Decimal::parse(self.limit.text())).map(|(number, limit)| number.cmp(&limit));
                order.is_some_and(self.holds)
            }
        }
    }
}

/// `multipleOf`.
struct MultipleOf(Number);

impl MultipleOf {
    fn new(value: &Serde) -> Result<Self, ValidationError<'static>> {
        let unit = number(value)?;
        // Nothing may be a multiple of what cannot be divided by.
        let usable = Decimal::parse(unit.text()).and_then(|unit| unit.is_multiple_of(&unit));
        if usable == Some(true) { Ok(Self(unit)) } else { Err(unusable()) }
    }
}

impl Judge for MultipleOf {
    fn judge(&self, node: Node<'_>) -> bool {
        match argument_number(node) {
            None => true,
            Some(number) => {
                let both = number.zip(Decimal::parse(self.0.text()));
                both.and_then(|(number, unit)| number.is_multiple_of(&unit)).unwrap_or(false)
            }
        }
    }
}

/// `enum`, and `const`, which is an `enum` of one.
struct OneOf {
    strings: HashSet<Box<str>, RandomState>,
    others: Vec<Value>,
}

impl OneOf {
    fn new(values: &[Serde]) -> Result<Self, ValidationError<'static>> {
        let mut one_of = Self { strings: HashSet::default(), others: Vec::new() };
        for value in values {
            match to_exact(value).ok_or_else(unusable)? {
                Value::String(text) => {
                    one_of.strings.insert(text);
                }
                other => one_of.others.push(other),
            }
        }
        Ok(one_of)
    }
}

impl Judge for OneOf {
    fn judge(&self, node: Node<'_>) -> bool {
        match node {
            Node::Name(name) => self.strings.contains(name),
            Node::Argument(Argument { json, steps, .. }) => match json.as_str() {
                Some(text) => steps.take_text(text.len()) && self.strings.contains(text),
                None => self.others.iter().any(|other| equals(json, other, steps)),
            },
        }
    }
}
