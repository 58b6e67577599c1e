//! What an input schema says of one argument: whether there can be one, whether it must be there, what it can be. Everything
//! errs to one side: what is said to be impossible is so, and where a schema is too involved, nothing is said.

use std::cmp::Ordering;
use std::collections::HashSet;

use policy_core::{Decimal, Path, Step, Value};

use super::permits::{
    ANY, ARRAY, NAMES, NUMBER, OBJECT, enumerated, may_compare, member, permits, permits_type, string, types,
};

/// How many ways to satisfy a schema are followed before it counts as too involved.
const WAYS_MAX: usize = 64;

/// How deep references and alternatives are followed.
const DEPTH_MAX: usize = 32;

/// Schemas that all hold for one value, none of them with alternatives left to be followed.
type Way<'s> = Vec<&'s Value>;

/// The ways to satisfy a schema. None: nothing can.
type Ways<'s> = Vec<Way<'s>>;

/// What a schema says of one argument.
pub(super) enum Argument<'s> {
    /// Nothing that is certain.
    Unclear,
    /// It cannot be there. `known` are the names that the object can have.
    Never { name: &'s str, known: Vec<&'s str> },
    /// The schema names the object's members, this is none of them, and others are permitted without being described.
    Undescribed { name: &'s str, known: Vec<&'s str> },
    /// It can be there.
    Known(Facts<'s>),
}

/// Whether an argument must be there.
/// In the order in which one schema outdoes the other, where both must be satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    Optional,
    /// It depends on others, or on what is not looked at.
    Unclear,
    Required,
}

/// What an argument can be.
pub(super) struct Facts<'s> {
    schemas: Schemas<'s>,
    ways: Ways<'s>,
    pub(super) presence: Presence,
}

/// An input schema.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'s> {
    root: &'s Value,
    /// Whether what stands beside a `$ref` is passed over, as it is up to draft-07.
    ref_stands_alone: bool,
}

impl<'s> Schemas<'s> {
    pub(super) fn new(root: &'s Value) -> Self {
        let dialect = string(member(root, "$schema"));
        let old = ["draft-03", "draft-04", "draft-06", "draft-07"];
        let ref_stands_alone = dialect.is_some_and(|dialect| old.iter().any(|old| dialect.contains(old)));
        Self { root, ref_stands_alone }
    }

    /// What it says of the argument at this path.
    pub(super) fn argument<'p>(self, path: &'p Path) -> Argument<'s>
    where
        'p: 's,
    {
        let Some(mut ways) = self.ways(self.root, DEPTH_MAX) else { return Argument::Unclear };
        let mut presence = Presence::Required;
        for step in path.steps() {
            let name = match step {
                Step::Name(name) => name,
                Step::Every | Step::Element(_) => match self.elements(&ways) {
                    // Whether there is such an element is not a matter of the schema.
                    Some(elements) => {
                        (ways, presence) = (elements, Presence::Unclear);
                        continue;
                    }
                    None => return Argument::Unclear,
                },
                _ => return Argument::Unclear,
            };
            // Beyond this, ways that are no object have no members, and calls have none there.
            let (objects, others): (Ways<'s>, Ways<'s>) =
                ways.into_iter().partition(|way| way.iter().all(|schema| types(schema) & OBJECT != 0));
            if !others.is_empty() {
                presence = presence.or_less(Presence::Optional);
            }
            let mut next = Ways::new();
            let (mut is_described, mut is_open) = (false, false);
            for way in &objects {
                presence = presence.or_less(requires(way, name));
                match self.member(way, name) {
                    Member::Unclear => return Argument::Unclear,
                    Member::Never => {}
                    Member::Undescribed => is_open = true,
                    Member::Free => {
                        is_described = true;
                        next.push(Way::new());
                    }
                    Member::Ways(ways) => {
                        is_described = true;
                        next.extend(ways);
                    }
                }
                if next.len() > WAYS_MAX {
                    return Argument::Unclear;
                }
            }
            // What is required and not described may be anything.
            let is_asked_for = is_open && presence == Presence::Required;
            if !is_described && !is_asked_for {
                let known = known(&objects);
                return match is_open {
                    true if known.is_empty() => Argument::Unclear,
                    true => Argument::Undescribed { name, known },
                    false => Argument::Never { name, known },
                };
            }
            if is_open {
                next.push(Way::new());
            }
            if next.is_empty() {
                return Argument::Never { name, known: known(&objects) };
            }
            ways = next;
        }
        Argument::Known(Facts { schemas: self, ways, presence })
    }

    /// The ways to satisfy a schema; `None` where they are too many, or not to be known.
    fn ways(self, schema: &'s Value, depth: usize) -> Option<Ways<'s>> {
        let depth = depth.checked_sub(1)?;
        let Value::Object(members) = schema else {
            return match schema {
                Value::Bool(true) => Some(vec![Way::new()]),
                Value::Bool(false) => Some(Ways::new()),
                _ => None,
            };
        };
        if members.iter().any(|(name, _)| matches!(&**name, "$dynamicRef" | "$recursiveRef" | "$id")) {
            // An `$id` moves what references are relative to. No list that was looked at has one below the root.
            if !std::ptr::eq(schema, self.root) || member(schema, "$id").is_none() {
                return None;
            }
        }
        let mut ways: Ways<'s> = vec![vec![schema]];
        if let Some(reference) = member(schema, "$ref") {
            let target = self.ways(self.resolve(string(Some(reference))?)?, depth)?;
            if self.ref_stands_alone {
                return Some(target);
            }
            ways = product(ways, &target)?;
        }
        for part in elements(member(schema, "allOf")) {
            ways = product(ways, &self.ways(part, depth)?)?;
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = member(schema, choice) {
                let mut either = Ways::new();
                for branch in branches {
                    either.extend(self.ways(branch, depth)?);
                }
                ways = product(ways, &either)?;
            }
        }
        Some(ways)
    }

    /// What a reference within the document leads to.
    fn resolve(self, reference: &str) -> Option<&'s Value> {
        let pointer = reference.strip_prefix('#')?;
        if pointer.contains('%') || !(pointer.is_empty() || pointer.starts_with('/')) {
            return None;
        }
        pointer.split('/').skip(1).try_fold(self.root, |value, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match value {
                Value::Object(_) => member(value, &step),
                Value::Array(elements) => elements.get(step.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// The ways to satisfy what is said of a list's elements; `None` where elements differ, or there can be no list.
    fn elements(self, ways: &Ways<'s>) -> Option<Ways<'s>> {
        let mut all = Ways::new();
        for way in ways.iter().filter(|way| way.iter().all(|schema| types(schema) & ARRAY != 0)) {
            let mut elements: Ways<'s> = vec![Way::new()];
            for schema in way {
                match member(schema, "items") {
                    _ if member(schema, "prefixItems").is_some() => return None,
                    None => {}
                    Some(Value::Array(_)) => return None,
                    Some(items) => elements = product(elements, &self.ways(items, DEPTH_MAX)?)?,
                }
            }
            all.extend(elements);
        }
        (!all.is_empty() && all.len() <= WAYS_MAX).then_some(all)
    }

    /// What one way says of a member.
    fn member(self, way: &Way<'s>, name: &str) -> Member<'s> {
        let mut ways: Ways<'s> = vec![Way::new()];
        let (mut is_described, mut is_closed, mut conditional) = (false, false, false);
        for schema in way {
            conditional |= has_conditions(schema);
            is_closed |= matches!(member(schema, "unevaluatedProperties"), Some(Value::Bool(false)));
            let described = match member(schema, "properties").and_then(|properties| member(properties, name))
            {
                Some(described) => described,
                None if member(schema, "patternProperties").is_some() => {
                    // Whether one of the patterns is meant would have to be found out.
                    is_described = true;
                    continue;
                }
                None => match member(schema, "additionalProperties") {
                    None => continue,
                    Some(Value::Bool(false)) => return Member::Never,
                    Some(described) => described,
                },
            };
            is_described = true;
            let Some(described) = self.ways(described, DEPTH_MAX) else { return Member::Unclear };
            let Some(together) = product(ways, &described) else { return Member::Unclear };
            ways = together;
        }
        match (is_described, is_closed && !conditional) {
            (true, _) if ways.is_empty() => Member::Never,
            (true, _) if ways.iter().all(Vec::is_empty) => Member::Free,
            (true, _) => Member::Ways(ways),
            (false, true) => Member::Never,
            (false, false) if conditional => Member::Free,
            (false, false) => Member::Undescribed,
        }
    }
}

enum Member<'s> {
    Unclear,
    Never,
    /// Not mentioned, and not ruled out.
    Undescribed,
    /// Ruled in, as anything.
    Free,
    Ways(Ways<'s>),
}

impl Presence {
    /// What holds where either may hold.
    fn or_less(self, other: Self) -> Self {
        match (self, other) {
            (Self::Required, Self::Required) => Self::Required,
            (Self::Optional, _) | (_, Self::Optional) => Self::Optional,
            _ => Self::Unclear,
        }
    }
}

fn requires(way: &Way<'_>, name: &str) -> Presence {
    let required = |schema: &&Value| {
        elements(member(schema, "required")).any(|required| string(Some(required)) == Some(name))
    };
    if way.iter().any(required) {
        Presence::Required
    } else if way.iter().any(|schema| has_conditions(schema)) {
        Presence::Unclear
    } else {
        Presence::Optional
    }
}

/// Keywords that apply schemas, or ask for members, depending on the value.
fn has_conditions(schema: &Value) -> bool {
    const KEYWORDS: [&str; 7] = [
        "if",
        "not",
        "dependentSchemas",
        "dependentRequired",
        "dependencies",
        "minProperties",
        "patternProperties",
    ];
    KEYWORDS.iter().any(|keyword| member(schema, keyword).is_some())
}

fn known<'s>(ways: &Ways<'s>) -> Vec<&'s str> {
    let mut seen = HashSet::new();
    let properties = ways.iter().flatten().filter_map(|schema| member(schema, "properties"));
    let names = properties.flat_map(|properties| match properties {
        Value::Object(members) => members.as_slice(),
        _ => &[],
    });
    names.map(|(name, _)| &**name).filter(|name| seen.insert(*name)).collect()
}

impl<'s> Argument<'s> {
    /// What it can be, if it can be there and that is known.
    pub(super) fn facts(&self) -> Option<&Facts<'s>> {
        if let Self::Known(facts) = self { Some(facts) } else { None }
    }
}

impl<'s> Facts<'s> {
    /// Whether the schema says anything of the argument.
    fn is_free(&self) -> bool {
        self.ways.iter().any(Vec::is_empty)
    }

    /// Whether it may be of one of these types.
    pub(super) fn may_be(&self, wanted: u8) -> bool {
        self.ways.iter().any(|way| {
            way.iter().fold(ANY, |left, schema| left & types(schema)) & wanted != 0
                && way.iter().all(|schema| permits_type(schema, wanted))
        })
    }

    /// What types it may be of, for a message.
    pub(super) fn type_names(&self) -> String {
        let names: Vec<&str> =
            NAMES.iter().filter(|(bit, _)| self.may_be(*bit)).map(|(_, name)| *name).collect();
        names.join(" or ")
    }

    /// Whether it may be this value.
    pub(super) fn may_equal(&self, value: &Value) -> bool {
        self.ways.iter().any(|way| way.iter().all(|schema| permits(schema, value)))
    }

    /// Whether it may be a list that has this element.
    pub(super) fn may_have_element(&self, element: &Value) -> bool {
        self.ways.iter().any(|way| {
            way.iter().fold(ANY, |left, schema| left & types(schema)) & ARRAY != 0
                && way.iter().all(|schema| match member(schema, "items") {
                    Some(items)
                        if member(schema, "prefixItems").is_none() && !matches!(items, Value::Array(_)) =>
                    {
                        match self.schemas.ways(items, DEPTH_MAX) {
                            None => true,
                            Some(ways) => {
                                ways.iter().any(|way| way.iter().all(|schema| permits(schema, element)))
                            }
                        }
                    }
                    _ => true,
                })
        })
    }

    /// Whether it may be a number that stands so to this one.
    pub(super) fn may_compare(&self, number: &str, wanted: &[Ordering]) -> bool {
        let Some(number) = Decimal::parse(number) else { return true };
        self.ways.iter().any(|way| {
            way.iter().fold(ANY, |left, schema| left & types(schema)) & NUMBER != 0
                && way.iter().all(|schema| may_compare(schema, number, wanted))
        })
    }

    /// What the server takes where the argument is left out, if the schema says so.
    pub(super) fn default(&self) -> Option<&'s Value> {
        self.ways.iter().flatten().find_map(|schema| member(schema, "default"))
    }

    /// The values that it can have, if they are few, for a message.
    pub(super) fn few_values(&self) -> Option<Vec<&'s str>> {
        if self.is_free() {
            return None;
        }
        let lists: Option<Vec<&[Value]>> =
            self.ways.iter().map(|way| way.iter().find_map(|schema| enumerated(schema))).collect();
        lists?.into_iter().flatten().map(|value| string(Some(value))).collect()
    }
}

/// Everything of the one with everything of the other; `None` where that is too much.
fn product<'s>(ways: Ways<'s>, others: &Ways<'s>) -> Option<Ways<'s>> {
    if ways.len().saturating_mul(others.len()) > WAYS_MAX {
        return None;
    }
    Some(ways.iter().flat_map(|way| others.iter().map(|other| [way.as_slice(), other].concat())).collect())
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    match value {
        Some(Value::Array(elements)) => elements.as_slice(),
        _ => &[],
    }
    .iter()
}
