//! Schemas of the common keywords, judged on the tape without the `jsonschema` crate and without allocating. Whatever has any
//! other keyword is left to the crate, the whole schema at a time. An optimisation, never a dialect: what both know they judge
//! alike, and patterns and formats are the crate's here too.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use jsonschema::{Draft, Validator};
use policy_core::arguments::{Json, Kind};
use serde_json::{Map, Value};

use super::keywords::{Bound, Judge, MultipleOf, OneOf};
use super::node::{Node, OnTape};
use super::steps::{DEPTH_MAX, Steps};

/// A schema, compiled to places in a list.
pub(super) struct Direct {
    subschemas: Vec<Box<[Check]>>,
}

/// One thing to check; all of a subschema's have to hold.
enum Check {
    Never,
    Types { kinds: u8, whole: bool },
    Number(Box<dyn Judge>),
    Values(OneOf),
    Length { least: u64, most: u64 },
    Text(Box<Validator<OnTape>>),
    Elements { least: u64, most: u64, each: Option<usize> },
    Object(Box<Object>),
    All(Box<[usize]>),
    Any(Box<[usize]>),
    ExactlyOne(Box<[usize]>),
    Not(usize),
}

struct Object {
    least: u64,
    most: u64,
    /// What is said of a property: its subschema, and its bit among those that are required.
    known: HashMap<Box<str>, (Option<usize>, u64), RandomState>,
    required: u64,
    others: Option<usize>,
}

const fn bit(kind: Kind) -> u8 {
    match kind {
        Kind::Null => 1,
        Kind::False | Kind::True => 2,
        Kind::Number => 4,
        Kind::String | Kind::Name => 8,
        Kind::Array => 16,
        Kind::Object => 32,
    }
}

impl Direct {
    /// Whether arguments satisfy the schema. Means nothing where the steps are exhausted.
    pub(super) fn is_valid(&self, arguments: Json<'_>, steps: &Steps) -> bool {
        self.holds(0, arguments, 1, steps)
    }

    fn holds(&self, place: usize, json: Json<'_>, depth: u32, steps: &Steps) -> bool {
        if depth > DEPTH_MAX {
            steps.give_up();
        }
        let Some(checks) = self.subschemas.get(place).filter(|_| steps.take(1)) else { return false };
        // Loops where they lead deeper: each closure would take its own room on the stack.
        for check in checks {
            if !self.check(check, json, depth, steps) {
                return false;
            }
        }
        true
    }

    fn check(&self, check: &Check, json: Json<'_>, depth: u32, steps: &Steps) -> bool {
        match check {
            Check::Never => false,
            Check::Types { kinds, whole } => {
                let kind = json.kind();
                kinds & bit(kind) != 0
                    || *whole
                        && kind == Kind::Number
                        && json.as_number().is_some_and(|text| is_whole(text, steps))
            }
            Check::Number(judge) => judge.judge(Node::root(json, steps)),
            Check::Values(values) => values.judge(Node::root(json, steps)),
            Check::Length { least, most } => match (json.kind(), json.as_str()) {
                (Kind::String, Some(text)) => {
                    // As many bytes as a string has, it has no more characters.
                    let length = if steps.take_text(text.len()) { text.chars().count() } else { 0 };
                    within(length, *least, *most)
                }
                _ => true,
            },
            Check::Text(validator) => match (json.kind(), json.as_str()) {
                (Kind::String, Some(text)) => {
                    steps.take_text(text.len()) && validator.is_valid(Node::Name(text))
                }
                _ => true,
            },
            Check::Elements { least, most, each } => {
                json.kind() != Kind::Array
                    || within(json.len(), *least, *most) && self.elements(*each, json, depth, steps)
            }
            Check::Object(object) => {
                json.kind() != Kind::Object
                    || within(json.len(), object.least, object.most)
                        && self.members(object, json, depth, steps)
            }
            Check::All(all) => self.all(all, json, depth, steps),
            Check::Any(any) => self.count(any, 1, json, depth, steps) == 1,
            Check::ExactlyOne(list) => self.count(list, 2, json, depth, steps) == 1,
            Check::Not(not) => !self.holds(*not, json, depth, steps),
        }
    }

    fn all(&self, places: &[usize], json: Json<'_>, depth: u32, steps: &Steps) -> bool {
        for place in places {
            if !self.holds(*place, json, depth, steps) {
                return false;
            }
        }
        true
    }

    /// How many of the subschemas hold, which is not counted beyond `enough`.
    fn count(&self, places: &[usize], enough: usize, json: Json<'_>, depth: u32, steps: &Steps) -> usize {
        let mut count: usize = 0;
        for place in places {
            if count >= enough {
                break;
            }
            if self.holds(*place, json, depth, steps) {
                count = count.saturating_add(1);
            }
        }
        count
    }

    fn elements(&self, each: Option<usize>, json: Json<'_>, depth: u32, steps: &Steps) -> bool {
        let Some(each) = each else { return true };
        let depth = depth.saturating_add(1);
        for element in json.elements() {
            if !self.holds(each, element, depth, steps) {
                return false;
            }
        }
        true
    }

    fn members(&self, object: &Object, json: Json<'_>, depth: u32, steps: &Steps) -> bool {
        let depth = depth.saturating_add(1);
        let mut missing = object.required;
        for (name, value) in json.members() {
            if !steps.take(1) {
                return false;
            }
            let known = name.as_str().and_then(|name| object.known.get(name));
            let subschema = match known {
                Some((Some(subschema), bit)) => {
                    missing &= !bit;
                    Some(*subschema)
                }
                // Required, and not among the properties.
                Some((None, bit)) => {
                    missing &= !bit;
                    object.others
                }
                None => object.others,
            };
            if subschema.is_some_and(|subschema| !self.holds(subschema, value, depth, steps)) {
                return false;
            }
        }
        missing == 0
    }

    /// Compiles a schema that the crate has compiled; `None` where it is left to the crate. `text` makes the check of a
    /// string by one keyword.
    pub(super) fn compile(
        document: &Value,
        draft: Draft,
        text: &dyn Fn(&str, &Value) -> Option<Validator<OnTape>>,
    ) -> Option<Self> {
        let mut compiler = Compiler { document, draft, text, places: HashMap::new(), waiting: Vec::new() };
        compiler.place(document);
        let mut subschemas: Vec<Box<[Check]>> = Vec::new();
        while let Some(schema) = compiler.waiting.get(subschemas.len()).copied() {
            subschemas.push(compiler.checks(schema)?.into());
        }
        Some(Self { subschemas })
    }
}

fn within(count: usize, least: u64, most: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| (least..=most).contains(&count))
}

fn is_whole(text: &str, steps: &Steps) -> bool {
    // Digits alone are what nearly all whole numbers are.
    let digits = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    digits
        || steps.take_text(text.len())
            && policy_core::Decimal::parse(text).is_some_and(|number| number.is_whole())
}

struct Compiler<'d> {
    document: &'d Value,
    draft: Draft,
    text: &'d dyn Fn(&str, &Value) -> Option<Validator<OnTape>>,
    places: HashMap<*const Value, usize>,
    /// The subschemas by their places, in the order in which they are compiled.
    waiting: Vec<&'d Value>,
}

impl<'d> Compiler<'d> {
    fn place(&mut self, schema: &'d Value) -> usize {
        let next = self.waiting.len();
        let place = *self.places.entry(std::ptr::from_ref(schema)).or_insert(next);
        if place == next {
            self.waiting.push(schema);
        }
        place
    }

    fn list(&mut self, schemas: &'d Value) -> Option<Box<[usize]>> {
        Some(schemas.as_array()?.iter().map(|schema| self.place(schema)).collect())
    }

    fn checks(&mut self, schema: &'d Value) -> Option<Vec<Check>> {
        let members = match schema {
            Value::Bool(true) => return Some(Vec::new()),
            Value::Bool(false) => return Some(vec![Check::Never]),
            Value::Object(members) => members,
            _ => return None,
        };
        let mut checks = Vec::new();
        if let Some(reference) = members.get("$ref") {
            checks.push(Check::All([self.refer(reference)?].into()));
            if self.draft == Draft::Draft7 {
                return Some(checks);
            }
        }
        if let Some(check) = self.object(members)? {
            checks.push(check);
        }
        for (keyword, value) in members {
            if let Some(check) = self.keyword(keyword, value, members)? {
                checks.push(check);
            }
        }
        Some(checks)
    }

    /// A reference within a document that gives nothing in it another address.
    fn refer(&mut self, reference: &Value) -> Option<usize> {
        let pointer = reference.as_str()?.strip_prefix('#')?;
        if pointer.contains('%') || !(pointer.is_empty() || pointer.starts_with('/')) {
            return None;
        }
        let schema = self.document.pointer(pointer)?;
        Some(self.place(schema))
    }

    /// What the keyword checks beside those of objects; `None` in `None` where it checks nothing.
    fn keyword(
        &mut self,
        keyword: &str,
        value: &'d Value,
        members: &'d Map<String, Value>,
    ) -> Option<Option<Check>> {
        let bound = |least, most| bounds(members, least, most);
        Some(Some(match keyword {
            "type" => types(value)?,
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                Check::Number(Box::new(Bound::new(keyword, value).ok()?))
            }
            "multipleOf" => Check::Number(Box::new(MultipleOf::new(value).ok()?)),
            "const" => Check::Values(OneOf::new(std::slice::from_ref(value)).ok()?),
            "enum" => Check::Values(OneOf::new(value.as_array()?).ok()?),
            "minLength" | "maxLength" if keyword == "minLength" || !members.contains_key("minLength") => {
                let (least, most) = bound("minLength", "maxLength")?;
                Check::Length { least, most }
            }
            "pattern" | "format" => Check::Text(Box::new((self.text)(keyword, value)?)),
            "allOf" => Check::All(self.list(value)?),
            "anyOf" => Check::Any(self.list(value)?),
            "oneOf" => Check::ExactlyOne(self.list(value)?),
            "not" => Check::Not(self.place(value)),
            "items" if value.is_array() => return None,
            "items" => self.elements(members)?,
            "minItems" | "maxItems" => {
                let first = ["items", "minItems"].into_iter().find(|first| members.contains_key(*first));
                if first.is_some_and(|first| first != keyword) {
                    return Some(None);
                }
                self.elements(members)?
            }
            "$schema" if std::ptr::eq(members, self.document.as_object()?) => return Some(None),
            // Of objects, which have been seen to; what only stands there; what only describes.
            "properties"
            | "required"
            | "additionalProperties"
            | "minProperties"
            | "maxProperties"
            | "$ref"
            | "maxLength"
            | "$defs"
            | "definitions"
            | "title"
            | "description"
            | "default"
            | "examples"
            | "$comment"
            | "deprecated"
            | "readOnly"
            | "writeOnly" => return Some(None),
            // Names that no dialect has describe; any other is the crate's business.
            unknown if !unknown.starts_with('$') && !known_somewhere(unknown) => return Some(None),
            _ => return None,
        }))
    }

    fn elements(&mut self, members: &'d Map<String, Value>) -> Option<Check> {
        let (least, most) = bounds(members, "minItems", "maxItems")?;
        let each = members.get("items").map(|schema| self.place(schema));
        Some(Check::Elements { least, most, each })
    }

    fn object(&mut self, members: &'d Map<String, Value>) -> Option<Option<Check>> {
        const KEYWORDS: [&str; 5] =
            ["properties", "required", "additionalProperties", "minProperties", "maxProperties"];
        if !KEYWORDS.iter().any(|keyword| members.contains_key(*keyword)) {
            return Some(None);
        }
        let (least, most) = bounds(members, "minProperties", "maxProperties")?;
        let mut known: HashMap<Box<str>, (Option<usize>, u64), RandomState> = HashMap::default();
        if let Some(properties) = members.get("properties") {
            for (name, schema) in properties.as_object()? {
                known.insert(name.as_str().into(), (Some(self.place(schema)), 0));
            }
        }
        let mut required: u64 = 0;
        if let Some(names) = members.get("required") {
            for name in names.as_array()? {
                let entry = known.entry(name.as_str()?.into()).or_insert((None, 0));
                if entry.1 == 0 {
                    // More than there are bits are left to the crate.
                    entry.1 = 1_u64.checked_shl(required.trailing_ones())?;
                    required |= entry.1;
                }
            }
        }
        let others = members.get("additionalProperties").map(|schema| self.place(schema));
        Some(Some(Check::Object(Box::new(Object { least, most, known, required, others }))))
    }
}

fn types(value: &Value) -> Option<Check> {
    let names = match value {
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
        name => vec![name.as_str()?],
    };
    let (mut kinds, mut whole) = (0, false);
    for name in names {
        match name {
            "null" => kinds |= bit(Kind::Null),
            "boolean" => kinds |= bit(Kind::True),
            "number" => kinds |= bit(Kind::Number),
            "integer" => whole = true,
            "string" => kinds |= bit(Kind::String),
            "array" => kinds |= bit(Kind::Array),
            "object" => kinds |= bit(Kind::Object),
            _ => return None,
        }
    }
    Some(Check::Types { kinds, whole })
}

/// Two bounds of a size. `None` where one is not written as a plain whole number.
fn bounds(members: &Map<String, Value>, least: &str, most: &str) -> Option<(u64, u64)> {
    let of = |keyword: &str, unless: u64| members.get(keyword).map_or(Some(unless), Value::as_u64);
    Some((of(least, 0)?, of(most, u64::MAX)?))
}

/// Whether a dialect has such a keyword.
fn known_somewhere(keyword: &str) -> bool {
    let drafts = [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012];
    drafts.iter().any(|draft| draft.is_known_keyword(keyword))
}
