//! How much work a schema can make of one value, found out before it is used. Which subschemas look at the same value, and
//! which at a value inside it, is a graph; a way round in the first kind would never come to an end, and many ways to one
//! place are that much work. References are followed as the `jsonschema` crate follows them.

use std::collections::HashMap;

use policy_core::escape;
use referencing::{Draft, Registry, Resolver};
use serde_json::{Map, Value};

use super::dialect;
use super::fault::{FaultKind, SchemaFault};

/// How many subschemas may look at one value because one of them does.
const WIDTH_MAX: u64 = 10_000;

/// How many of them may stand in one chain; each takes room on the stack.
const CHAIN_MAX: u64 = 32;

/// Keywords whose subschemas look at the same value: one, a list, or by name.
const SAME: [&str; 4] = ["not", "if", "then", "else"];
const SAME_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords whose subschemas look at what is inside the value.
const INSIDE: [&str; 8] = [
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "contentSchema",
];
const INSIDE_LISTS: [&str; 2] = ["items", "prefixItems"];
/// Keywords whose subschemas look at what is inside, or only stand there to be referred to.
const INSIDE_NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];

/// Everything that makes a schema too much work, or leads nowhere. `base` is the address that references start from.
pub(super) fn faults(
    document: &Value,
    draft: Draft,
    registry: &Registry<'_>,
    base: &str,
) -> Vec<SchemaFault> {
    let mut graph = Graph {
        document,
        draft,
        places: HashMap::new(),
        subschemas: Vec::new(),
        anchors: HashMap::new(),
        faults: Vec::new(),
    };
    match referencing::uri::from_str(base) {
        Ok(base) => {
            graph.place(document, registry.resolver(base));
            graph.visit();
            graph.measure();
        }
        Err(error) => graph.faults.push(SchemaFault::invalid("/$id", error.to_string())),
    }
    graph.faults
}

struct Graph<'r> {
    document: &'r Value,
    draft: Draft,
    /// Which subschema lies at an address.
    places: HashMap<*const Value, usize>,
    subschemas: Vec<Subschema<'r>>,
    /// All that a name can stand for which is looked for while judging.
    anchors: HashMap<String, usize>,
    faults: Vec<SchemaFault>,
}

struct Subschema<'r> {
    /// `None` for what a name can stand for.
    schema: Option<(&'r Value, Resolver<'r>)>,
    /// Those that look at the same value.
    same: Vec<usize>,
}

impl<'r> Graph<'r> {
    /// The place of a subschema, which is visited in its turn.
    fn place(&mut self, schema: &'r Value, resolver: Resolver<'r>) -> usize {
        let next = self.subschemas.len();
        let place = *self.places.entry(std::ptr::from_ref(schema)).or_insert(next);
        if place == next {
            self.subschemas.push(Subschema { schema: Some((schema, resolver)), same: Vec::new() });
        }
        place
    }

    /// The place that stands for all that a name can stand for.
    fn anchor(&mut self, name: &str) -> usize {
        if let Some(place) = self.anchors.get(name) {
            return *place;
        }
        let place = self.subschemas.len();
        self.subschemas.push(Subschema { schema: None, same: Vec::new() });
        self.anchors.insert(name.to_owned(), place);
        place
    }

    fn visit(&mut self) {
        let mut next = 0;
        while let Some(subschema) = self.subschemas.get(next) {
            if let Some((Value::Object(members), resolver)) = subschema.schema.clone() {
                let same = self.keywords(next, members, &resolver);
                if let Some(subschema) = self.subschemas.get_mut(next) {
                    subschema.same = same;
                }
            }
            next = next.saturating_add(1);
        }
    }

    /// Places everything that the keywords of one subschema lead to. Answers with what looks at the same value.
    fn keywords(
        &mut self,
        place: usize,
        members: &'r Map<String, Value>,
        resolver: &Resolver<'r>,
    ) -> Vec<usize> {
        self.check_dialect(place, members);
        let mut same = self.references(place, members, resolver);
        if self.draft == Draft::Draft7 && !same.is_empty() {
            // What stands beside a reference does not count in this dialect.
            return same;
        }
        for (keyword, value) in members {
            let keyword = keyword.as_str();
            let looks_at_same =
                SAME.contains(&keyword) || SAME_LISTS.contains(&keyword) || SAME_NAMED.contains(&keyword);
            let subschemas: Vec<&'r Value> = match value {
                Value::Array(list) if SAME_LISTS.contains(&keyword) || INSIDE_LISTS.contains(&keyword) => {
                    list.iter().collect()
                }
                Value::Object(named) if SAME_NAMED.contains(&keyword) || INSIDE_NAMED.contains(&keyword) => {
                    named.values().collect()
                }
                Value::Object(_) if SAME.contains(&keyword) || INSIDE.contains(&keyword) => vec![value],
                _ => continue,
            };
            for subschema in subschemas.into_iter().filter(|subschema| subschema.is_object()) {
                let resource = self.draft.create_resource_ref(subschema);
                match resolver.in_subresource(resource) {
                    Ok(resolver) => {
                        let inner = self.place(subschema, resolver);
                        if looks_at_same {
                            same.push(inner);
                        }
                    }
                    Err(error) => self.fault(subschema, "$id", error.to_string()),
                }
            }
        }
        same
    }

    /// A subschema may say its dialect, but not that it is another.
    fn check_dialect(&mut self, place: usize, members: &Map<String, Value>) {
        let Some(address) = members.get("$schema").and_then(Value::as_str) else { return };
        if dialect::named(address) != Some(self.draft)
            && let Some(schema) = self.schema(place)
            && let Some(pointer) = self.pointer(schema, "$schema")
        {
            let message = "a subschema is of the dialect of the whole";
            self.faults.push(SchemaFault::invalid(pointer, message).with_help(dialect::help()));
        }
    }

    /// What a subschema refers to.
    fn references(
        &mut self,
        place: usize,
        members: &'r Map<String, Value>,
        resolver: &Resolver<'r>,
    ) -> Vec<usize> {
        let mut same = Vec::new();
        let text = |keyword: &str| members.get(keyword).and_then(Value::as_str);
        let dynamic = match self.draft {
            Draft::Draft201909 => "$recursiveRef",
            _ => "$dynamicRef",
        };
        for keyword in ["$ref", dynamic] {
            let Some(reference) = text(keyword) else { continue };
            match resolver.lookup(reference) {
                Ok(resolved) => same.push(self.place(resolved.contents(), resolved.resolver().clone())),
                Err(error) => {
                    if let Some(schema) = self.schema(place) {
                        self.fault(schema, keyword, error.to_string());
                    }
                }
            }
            if keyword == dynamic {
                let name = reference.rsplit_once('#').map_or("", |(_, name)| name);
                same.push(self.anchor(name));
            }
        }
        let anchor = match self.draft {
            Draft::Draft201909 => (members.get("$recursiveAnchor") == Some(&Value::Bool(true))).then_some(""),
            _ => text("$dynamicAnchor"),
        };
        if let Some(name) = anchor {
            let anchor = self.anchor(name);
            if let Some(anchor) = self.subschemas.get_mut(anchor) {
                anchor.same.push(place);
            }
        }
        same
    }

    fn schema(&self, place: usize) -> Option<&'r Value> {
        Some(self.subschemas.get(place)?.schema.as_ref()?.0)
    }

    fn fault(&mut self, schema: &Value, keyword: &str, message: String) {
        let pointer = self.pointer(schema, keyword).unwrap_or_default();
        self.faults.push(SchemaFault::invalid(pointer, format!("`{keyword}` leads nowhere: {message}")));
    }

    /// Where in the document a keyword of a subschema stands. Looked for only when there is something to say about it.
    fn pointer(&self, schema: &Value, keyword: &str) -> Option<String> {
        let mut pointer = pointer_to(self.document, schema)?;
        if schema.get(keyword).is_some() {
            pointer.push('/');
            pointer.push_str(keyword);
        }
        Some(pointer)
    }

    /// Goes over what looks at the same value, from what leads nowhere else backwards.
    fn measure(&mut self) {
        // (subschemas that look at one value because this one does, the longest chain of them); `None` while on the way.
        let mut measured: HashMap<usize, Option<(u64, u64)>> = HashMap::new();
        let mut reported = false;
        for start in 0..self.subschemas.len() {
            let mut open = vec![start];
            while let Some(place) = open.last().copied() {
                let Some(subschema) = self.subschemas.get(place) else { break };
                if matches!(measured.get(&place), Some(Some(_))) {
                    open.pop();
                    continue;
                }
                let begun = measured.insert(place, None).is_some();
                if !begun {
                    let waiting =
                        subschema.same.iter().filter(|next| !matches!(measured.get(next), Some(Some(_))));
                    let waiting: Vec<usize> = waiting.copied().collect();
                    if let Some(back) = waiting.iter().find(|next| measured.contains_key(next)) {
                        self.report_circle(*back);
                        return;
                    }
                    if !waiting.is_empty() {
                        open.extend(waiting);
                        continue;
                    }
                }
                open.pop();
                let of = |next: &usize| measured.get(next).copied().flatten().unwrap_or_default();
                let widths = subschema.same.iter().map(|next| of(next).0);
                let width = match subschema.schema {
                    Some(_) => widths.fold(1, u64::saturating_add),
                    // One of them is what the name stands for.
                    None => widths.max().unwrap_or_default(),
                };
                let chain = subschema.same.iter().map(|next| of(next).1).max().unwrap_or_default();
                let chain = chain.saturating_add(1);
                measured.insert(place, Some((width, chain)));
                if !reported && (width > WIDTH_MAX || chain > CHAIN_MAX) {
                    reported = true;
                    self.report_work(place, width > WIDTH_MAX);
                }
            }
        }
    }

    fn report_circle(&mut self, place: usize) {
        let pointer = self.schema(place).and_then(|schema| pointer_to(self.document, schema));
        let message = "this subschema leads back to itself without looking into the value";
        let help = "a schema may refer to itself only for what is inside the value, as under `properties` or `items`";
        self.faults.push(SchemaFault::invalid(pointer.unwrap_or_default(), message).with_help(help));
    }

    fn report_work(&mut self, place: usize, too_wide: bool) {
        let pointer = self.schema(place).and_then(|schema| pointer_to(self.document, schema));
        let message = if too_wide {
            format!("more than {WIDTH_MAX} subschemas would look at one value")
        } else {
            format!("more than {CHAIN_MAX} subschemas in a row would look at one value")
        };
        let fault = SchemaFault::invalid(pointer.unwrap_or_default(), message);
        self.faults.push(fault.of_kind(FaultKind::TooLarge));
    }
}

/// The pointer from a document to a value that lies in it.
fn pointer_to(document: &Value, wanted: &Value) -> Option<String> {
    if std::ptr::eq(document, wanted) {
        return Some(String::new());
    }
    match document {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            pointer_to(value, wanted).map(|rest| format!("/{}{rest}", escape(name)))
        }),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .find_map(|(place, value)| pointer_to(value, wanted).map(|rest| format!("/{place}{rest}"))),
        _ => None,
    }
}
