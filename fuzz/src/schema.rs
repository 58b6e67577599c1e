//! Schemas: whatever the bytes are, nothing panics; and a schema that is made of the bytes judges arguments that are made of
//! them too as logic says, and, where it has simple keywords alone, as a validator of a page's length does.

use std::fmt::Write as _;

use policy_core::arguments::{Caps, Json, Kind};
use policy_core::{Decimal, Schema, SchemaViolation, Value};
use policy_json::{Parsed, load_schema, to_value};

use crate::choices::Choices;

/// Checks one input: as the text of a schema, and as choices.
pub fn check(bytes: &[u8]) {
    if let Ok(schema) = load_schema(bytes) {
        for arguments in
            ["{}", r#"{"a": 1, "b": [1, "x", {"a": null}]}"#, r#"{"a": {"a": {"a": {"a": "aaa"}}}}"#]
        {
            let found = judge(&schema, arguments);
            assert_eq!(found, judge(&schema, arguments), "twice alike");
            tells_nothing(arguments, &found);
        }
    }
    let mut choices = Choices::new(bytes);
    let mut maker = Maker { choices: &mut choices, simple: true };
    let body = maker.schema(0);
    let named = maker.schema(1);
    let simple = maker.simple;
    let arguments = object(&mut choices);
    let whole = |body: &str| format!(r#"{{"$defs": {{"n": {named}}}, "allOf": [{body}]}}"#);
    let Ok(schema) = load_schema(whole(&body).as_bytes()) else { return };
    let found = judge(&schema, &arguments);
    if is_unjudged(&found) {
        return;
    }
    tells_nothing(&arguments, &found);
    for (other, expected) in [
        (format!("{body}, {body}"), found.is_ok()),
        (format!(r#"{{"anyOf": [{body}, false]}}"#), found.is_ok()),
        (format!(r#"{{"oneOf": [false, {body}]}}"#), found.is_ok()),
        (format!(r#"{{"not": {{"not": {body}}}}}"#), found.is_ok()),
        (format!(r#"{{"if": {body}, "then": true, "else": false}}"#), found.is_ok()),
        (format!(r#"{{"not": {body}}}"#), found.is_err()),
        (format!("{body}, false"), false),
        (format!(r#"{{"anyOf": [{body}, true]}}"#), true),
    ] {
        // Over a cap only because it stands there several times.
        let Ok(other_schema) = load_schema(whole(&other).as_bytes()) else { continue };
        let other_found = judge(&other_schema, &arguments);
        if !is_unjudged(&other_found) {
            assert_eq!(other_found.is_ok(), expected, "{other} and {found:?}");
        }
    }
    if simple {
        let value = |text: &str| parse(text, |json| to_value(json).expect("numbers are short"));
        assert_eq!(
            found.is_ok(),
            holds(&value(&body), &value(&named), &value(&arguments)),
            "{body} of {arguments}"
        );
    }
}

fn parse<T>(text: &str, then: impl FnOnce(Json<'_>) -> T) -> T {
    let parsed = Parsed::parse(text.as_bytes(), Caps::default()).expect("what is made is JSON");
    then(parsed.root().expect("there is a value"))
}

fn judge(schema: &Schema, arguments: &str) -> Result<(), SchemaViolation> {
    parse(arguments, |json| schema.check(json))
}

fn is_unjudged(found: &Result<(), SchemaViolation>) -> bool {
    matches!(found, Err(violation) if violation.keyword.starts_with('('))
}

/// The place of a violation is one of the arguments.
fn tells_nothing(arguments: &str, found: &Result<(), SchemaViolation>) {
    let Err(violation) = found else { return };
    parse(arguments, |root| {
        let mut here = root;
        for step in violation.pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match here.kind() {
                Kind::Array => step.parse().ok().and_then(|place| here.elements().nth(place)),
                _ => here.get(&step),
            };
            here = next.expect("the pointer leads into the arguments");
        }
    });
    assert!(!violation.pointer.contains("own"), "a name that the caller chose");
}

const NAMES: [&str; 4] = ["a", "b", "a/b", ""];
const NUMBERS: [&str; 8] = ["0", "1", "1.0", "2.5", "-3", "1e2", "9007199254740993", "0.1"];
const STRINGS: [&str; 5] = ["", "x", "ab", "ä🙂", "2026-01-01"];
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

struct Maker<'c, 'b> {
    choices: &'c mut Choices<'b>,
    /// Whether the page-long validator knows all of its keywords.
    simple: bool,
}

impl Maker<'_, '_> {
    fn schema(&mut self, depth: usize) -> String {
        if depth > 4 || self.choices.is_empty() {
            return "true".to_owned();
        }
        match self.choices.below(16) {
            0 => return "true".to_owned(),
            1 => return "false".to_owned(),
            _ => {}
        }
        let mut keywords: Vec<(&str, String)> = Vec::new();
        for _ in 0..self.choices.below(4) {
            let keyword = self.keyword(depth);
            if !keywords.iter().any(|(name, _)| *name == keyword.0) {
                keywords.push(keyword);
            }
        }
        let mut text = "{".to_owned();
        for (place, (name, value)) in keywords.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let _written = write!(text, "{comma}\"{name}\": {value}");
        }
        text + "}"
    }

    fn keyword(&mut self, depth: usize) -> (&'static str, String) {
        let bound = |this: &mut Self| this.choices.below(4).to_string();
        let number = |this: &mut Self| this.choices.one_of(&NUMBERS).to_owned();
        match self.choices.below(30) {
            0 | 1 => ("type", format!("\"{}\"", self.choices.one_of(&TYPES))),
            2 | 3 => ("properties", self.named(depth)),
            4 => ("required", format!("[\"{}\"]", self.choices.one_of(&NAMES))),
            5 => ("additionalProperties", self.schema(depth + 1)),
            6 => ("items", self.schema(depth + 1)),
            7 => ("enum", format!("[{}, {}]", value(self.choices, 3), value(self.choices, 3))),
            8 => ("const", value(self.choices, 2)),
            9 => ("minimum", number(self)),
            10 => ("maximum", number(self)),
            11 => ("exclusiveMinimum", number(self)),
            12 => ("exclusiveMaximum", number(self)),
            13 => ("minLength", bound(self)),
            14 => ("maxLength", bound(self)),
            15 => ("minItems", bound(self)),
            16 => ("maxItems", bound(self)),
            17 => ("minProperties", bound(self)),
            18 => ("maxProperties", bound(self)),
            19 => ("allOf", format!("[{}, {}]", self.schema(depth + 1), self.schema(depth + 1))),
            20 => ("anyOf", format!("[{}, {}]", self.schema(depth + 1), self.schema(depth + 1))),
            21 => ("oneOf", format!("[{}, {}]", self.schema(depth + 1), self.schema(depth + 1))),
            22 => ("not", self.schema(depth + 1)),
            23 => ("$ref", "\"#/$defs/n\"".to_owned()),
            other => {
                self.simple = false;
                match other {
                    24 => ("uniqueItems", "true".to_owned()),
                    25 => ("pattern", "\"^[a-z]+$\"".to_owned()),
                    26 => ("format", "\"date\"".to_owned()),
                    27 => ("unevaluatedProperties", self.schema(depth + 1)),
                    28 => ("contains", self.schema(depth + 1)),
                    _ => ("propertyNames", self.schema(depth + 1)),
                }
            }
        }
    }

    fn named(&mut self, depth: usize) -> String {
        let first = self.choices.below(NAMES.len());
        let (one, other) = (NAMES[first], NAMES[(first + 1) % NAMES.len()]);
        format!("{{\"{one}\": {}, \"{other}\": {}}}", self.schema(depth + 1), self.schema(depth + 1))
    }
}

fn value(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(if depth > 4 { 5 } else { 8 }) {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => "false".to_owned(),
        3 => choices.one_of(&NUMBERS).to_owned(),
        4 => format!("\"{}\"", choices.one_of(&STRINGS)),
        5 | 6 => object_at(choices, depth + 1),
        _ => {
            let elements: Vec<String> = (0..choices.below(4)).map(|_| value(choices, depth + 1)).collect();
            format!("[{}]", elements.join(", "))
        }
    }
}

fn object(choices: &mut Choices<'_>) -> String {
    object_at(choices, 0)
}

fn object_at(choices: &mut Choices<'_>, depth: usize) -> String {
    let names: Vec<&str> = NAMES.into_iter().chain(["own"]).filter(|_| choices.below(3) > 0).collect();
    let members: Vec<String> =
        names.into_iter().map(|name| format!("\"{name}\": {}", value(choices, depth + 1))).collect();
    format!("{{{}}}", members.join(", "))
}

/// The validator of a page's length.
fn holds(schema: &Value, named: &Value, value: &Value) -> bool {
    let Value::Object(keywords) = schema else { return *schema == Value::Bool(true) };
    let keyword = |wanted: &str| keywords.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value);
    let listed = |list: &Value| match list {
        Value::Array(elements) => elements.iter().filter(|schema| holds(schema, named, value)).count(),
        _ => panic!("a list of schemas"),
    };
    let all = |list: &Value| matches!(list, Value::Array(elements) if elements.len() == listed(list));
    keywords.iter().all(|(name, argument)| match (&**name, value) {
        ("$ref", _) => holds(named, named, value),
        ("allOf", _) => all(argument),
        ("anyOf", _) => listed(argument) > 0,
        ("oneOf", _) => listed(argument) == 1,
        ("not", _) => !holds(argument, named, value),
        ("const", _) => equal(argument, value),
        ("enum", _) => matches!(argument, Value::Array(all) if all.iter().any(|one| equal(one, value))),
        ("type", _) => is_of_type(argument, value),
        ("minimum", Value::Number(number)) => decimal(number.text()) >= decimal(text(argument)),
        ("maximum", Value::Number(number)) => decimal(number.text()) <= decimal(text(argument)),
        ("exclusiveMinimum", Value::Number(number)) => decimal(number.text()) > decimal(text(argument)),
        ("exclusiveMaximum", Value::Number(number)) => decimal(number.text()) < decimal(text(argument)),
        ("minLength", Value::String(string)) => string.chars().count() >= bound(argument),
        ("maxLength", Value::String(string)) => string.chars().count() <= bound(argument),
        ("minItems", Value::Array(elements)) => elements.len() >= bound(argument),
        ("maxItems", Value::Array(elements)) => elements.len() <= bound(argument),
        ("minProperties", Value::Object(members)) => members.len() >= bound(argument),
        ("maxProperties", Value::Object(members)) => members.len() <= bound(argument),
        ("items", Value::Array(elements)) => elements.iter().all(|element| holds(argument, named, element)),
        ("required", Value::Object(members)) => match argument {
            Value::Array(names) => names.iter().all(|wanted| {
                members.iter().any(|(name, _)| matches!(wanted, Value::String(wanted) if wanted == name))
            }),
            _ => panic!("a list of names"),
        },
        ("properties", Value::Object(members)) => members
            .iter()
            .all(|(name, value)| member(argument, name).is_none_or(|schema| holds(schema, named, value))),
        ("additionalProperties", Value::Object(members)) => members.iter().all(|(name, value)| {
            let known = keyword("properties").is_some_and(|properties| member(properties, name).is_some());
            known || holds(argument, named, value)
        }),
        _ => true,
    })
}

fn member<'v>(object: &'v Value, wanted: &str) -> Option<&'v Value> {
    let Value::Object(members) = object else { panic!("an object of schemas") };
    members.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value)
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let Value::String(wanted) = wanted else { panic!("a type's name") };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) => {
            // None of the numbers in use has more digits than these after the point.
            let digits = number.text().split_once('.').map_or("", |(_, digits)| digits);
            let whole = digits.bytes().all(|digit| digit == b'0');
            return &**wanted == "number" || &**wanted == "integer" && whole;
        }
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    &**wanted == kind
}

fn equal(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => decimal(ours.text()) == decimal(theirs.text()),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| equal(ours, theirs))
        }
        (Value::Object(members), Value::Object(other)) => {
            members.len() == other.len()
                && members
                    .iter()
                    .all(|(name, value)| member(theirs, name).is_some_and(|theirs| equal(value, theirs)))
        }
        _ => ours == theirs,
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Number(number) => number.text(),
        _ => panic!("a number"),
    }
}

fn bound(value: &Value) -> usize {
    text(value).parse().expect("a small number")
}

fn decimal(text: &str) -> Decimal<'_> {
    Decimal::parse(text).expect("a number")
}
