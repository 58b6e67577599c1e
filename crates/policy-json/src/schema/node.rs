//! Arguments on their tape as the `jsonschema` crate looks at them. Nothing is copied, and no value can get into what it
//! says: where it asks for one to put it into an error, it gets null.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{self, NodeIdentity};
use policy_core::Decimal;
use policy_core::arguments::{self, Json, Kind};
use serde_json::Value;

use super::convert;
use super::equality;
use super::steps::{DEPTH_MAX, Steps};

/// The representation.
#[derive(Debug)]
pub(super) struct OnTape;

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<'a> {
    Argument(Argument<'a>),
    /// A property's name, when names are judged.
    Name(&'a str),
}

/// An argument, and how many steps are left for it and all others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument<'a> {
    pub(super) json: Json<'a>,
    pub(super) steps: &'a Steps,
    depth: u32,
}

impl<'a> Node<'a> {
    pub(super) const fn root(json: Json<'a>, steps: &'a Steps) -> Self {
        Self::Argument(Argument { json, steps, depth: 1 })
    }
}

impl<'a> Argument<'a> {
    fn inside(&self, json: Json<'a>) -> Node<'a> {
        Node::Argument(Self { json, depth: self.depth.saturating_add(1), ..*self })
    }

    fn container(self, kind: Kind) -> Option<Self> {
        if self.json.kind() != kind || !self.steps.take(1) {
            return None;
        }
        if self.depth > DEPTH_MAX {
            self.steps.give_up();
            return None;
        }
        Some(self)
    }
}

impl json::Json for OnTape {
    type Node<'a> = Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    // A name is looked for from the front, so looking for many costs more than going over all of them once.
    const KEYS_PER_LOOKUP: usize = 16;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, then: impl FnOnce(Node<'_>) -> T) -> T {
        then(Node::Name(string))
    }
}

impl<'a> json::Node<'a, OnTape> for Node<'a> {
    type Object = Argument<'a>;
    type Array = Argument<'a>;
    type Number = Number<'a>;

    #[inline]
    fn as_object(&self) -> Option<Argument<'a>> {
        match self {
            Self::Argument(argument) => argument.container(Kind::Object),
            Self::Name(_) => None,
        }
    }

    #[inline]
    fn as_array(&self) -> Option<Argument<'a>> {
        match self {
            Self::Argument(argument) => argument.container(Kind::Array),
            Self::Name(_) => None,
        }
    }

    #[inline]
    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Argument(Argument { json, steps, .. }) => {
                let text = json.as_str()?;
                steps.take_text(text.len()).then_some(Cow::Borrowed(text))
            }
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    #[inline]
    fn as_number(&self) -> Option<Number<'a>> {
        match self {
            Self::Argument(Argument { json, steps, .. }) => {
                let text = json.as_number()?;
                steps.take_text(text.len()).then_some(Number(text))
            }
            Self::Name(_) => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Argument(argument) => argument.json.as_bool(),
            Self::Name(_) => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Argument(argument) if argument.json.kind() == Kind::Null)
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Argument(argument) if argument.json.kind() == Kind::Number)
    }

    #[inline]
    fn json_type(&self) -> JsonType {
        let Self::Argument(Argument { json, steps, .. }) = self else { return JsonType::String };
        // Counted, so that nothing goes on for ever by asking for types alone.
        steps.take(1);
        match json.kind() {
            Kind::Null => JsonType::Null,
            Kind::False | Kind::True => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String | Kind::Name => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match self {
            Self::Argument(Argument { json, steps, .. }) => {
                convert::to_exact(expected).is_some_and(|expected| equality::equals(*json, &expected, steps))
            }
            Self::Name(name) => expected.as_str() == Some(name),
        }
    }

    /// Asked for only to be put into errors.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            // One tape at a time is looked at, so the place on it is enough.
            Self::Argument(argument) => Some(NodeIdentity::tagged(0, argument.json.place())),
            Self::Name(_) => None,
        }
    }
}

impl<'a> json::Object<'a, OnTape> for Argument<'a> {
    type Node = Node<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.json.len()
    }

    #[inline]
    fn get(&self, key: &Box<str>) -> Option<Node<'a>> {
        if !self.steps.take(self.json.len()) {
            return None;
        }
        self.json.get(key).map(|json| self.inside(json))
    }

    #[inline]
    fn members(&self) -> Members<'a> {
        Members { object: *self, members: self.json.members() }
    }
}

impl<'a> json::Array<'a, OnTape> for Argument<'a> {
    type Node = Node<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.json.len()
    }

    #[inline]
    fn elements(&self) -> Elements<'a> {
        Elements { array: *self, elements: self.json.elements() }
    }

    fn is_unique(&self) -> bool {
        equality::all_differ(self.json, self.depth, self.steps)
    }
}

/// An object's members; they come to an end when the steps do.
#[derive(Debug)]
pub(super) struct Members<'a> {
    object: Argument<'a>,
    members: arguments::Members<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if !self.object.steps.take(1) {
            return None;
        }
        let (name, value) = self.members.next()?;
        Some((name.as_str().unwrap_or_default(), self.object.inside(value)))
    }
}

/// An array's elements; they come to an end when the steps do.
#[derive(Debug)]
pub(super) struct Elements<'a> {
    array: Argument<'a>,
    elements: arguments::Elements<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a>> {
        if !self.array.steps.take(1) {
            return None;
        }
        self.elements.next().map(|element| self.array.inside(element))
    }
}

/// A number's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<'a>(pub(super) &'a str);

impl Number<'_> {
    fn whole(&self) -> Option<i128> {
        match self.0.parse::<i64>() {
            Ok(whole) => Some(i128::from(whole)),
            Err(_) => Decimal::parse(self.0)?.as_whole(),
        }
    }
}

/// What is compared exactly (bounds, multiples, `const`, `enum`) is compared by the text; see `keywords`.
impl json::JsonNumber for Number<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.whole().and_then(|whole| u64::try_from(whole).ok())
    }

    fn as_i64(&self) -> Option<i64> {
        self.whole().and_then(|whole| i64::try_from(whole).ok())
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|float: &f64| float.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    /// Asked for only to be put into errors.
    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(serde_json::Number::from(0))
    }

    fn is_integer(&self) -> bool {
        Decimal::parse(self.0).is_some_and(|number| number.is_whole())
    }
}
