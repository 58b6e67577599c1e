//! Makes arguments for a schema: such as should satisfy it, and such as probably do not. Nothing here has to be right
//! about what satisfies what; it has to reach what matters.

use serde_json::{Map, Value, json};

/// Numbers that look random, the same for the same tool in every run.
#[derive(Clone, Copy)]
pub(crate) struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn one_in(&mut self, parts: usize) -> bool {
        self.below(parts) == 0
    }
}

pub(crate) struct Maker<'s> {
    root: &'s Value,
    chance: Chance,
}

impl<'s> Maker<'s> {
    pub(crate) fn new(root: &'s Value, name: &str) -> Self {
        let seed = name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        Self { root, chance: Chance(seed) }
    }

    pub(crate) fn chance(&mut self) -> Chance {
        self.chance.next();
        self.chance
    }

    /// Arguments that should satisfy the schema.
    pub(crate) fn arguments(&mut self) -> Value {
        let made = self.make(self.root, 0);
        if made.is_object() { made } else { json!({}) }
    }

    /// The schema with all that it refers to, and one of what it leaves open, written into it.
    fn flat(&mut self, schema: &Value, depth: usize) -> Map<String, Value> {
        let mut flat = schema.as_object().cloned().unwrap_or_default();
        if depth > 12 {
            return flat;
        }
        let mut more = Vec::new();
        if let Some(Value::String(reference)) = flat.remove("$ref") {
            more.extend(reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)).cloned());
        }
        if let Some(Value::Array(all)) = flat.remove("allOf") {
            more.extend(all);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(Value::Array(list)) = flat.remove(choice) {
                more.push(list[self.chance.below(list.len())].clone());
            }
        }
        for schema in more {
            for (keyword, value) in self.flat(&schema, depth + 1) {
                match (flat.get_mut(&keyword), value) {
                    (Some(Value::Object(ours)), Value::Object(theirs)) if keyword == "properties" => {
                        ours.extend(theirs)
                    }
                    (Some(Value::Array(ours)), Value::Array(theirs)) if keyword == "required" => {
                        ours.extend(theirs)
                    }
                    (_, value) => {
                        flat.insert(keyword, value);
                    }
                }
            }
        }
        flat
    }

    fn make(&mut self, schema: &Value, depth: usize) -> Value {
        let flat = self.flat(schema, 0);
        if let Some(value) = flat.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = flat.get("enum") {
            return values[self.chance.below(values.len())].clone();
        }
        let kind = match flat.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => kinds[self.chance.below(kinds.len())].as_str().unwrap(),
            _ if flat.contains_key("properties") => "object",
            _ if flat.contains_key("items") => "array",
            _ => ["string", "integer", "object", "boolean"][self.chance.below(4)],
        };
        match kind {
            "object" => self.object(&flat, depth),
            "array" => self.array(&flat, depth),
            "string" => Value::String(self.string(&flat)),
            "integer" | "number" => self.number(&flat, kind == "integer"),
            "boolean" => Value::Bool(self.chance.one_in(2)),
            _ => Value::Null,
        }
    }

    fn object(&mut self, flat: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let required: Vec<&str> = flat
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let none = Map::new();
        for (name, schema) in flat.get("properties").and_then(Value::as_object).unwrap_or(&none) {
            if required.contains(&name.as_str()) || depth < 4 && self.chance.one_in(2) {
                object.insert(name.clone(), self.make(schema, depth + 1));
            }
        }
        let more = flat.get("additionalProperties");
        let wanted = flat.get("minProperties").and_then(Value::as_u64).unwrap_or(0) as usize;
        for place in 0.. {
            let open = more.is_some_and(|more| more.is_object()) && place == 0 && self.chance.one_in(2);
            if object.len() >= wanted && !open || place > 4 {
                break;
            }
            let value = self.make(more.unwrap_or(&Value::Bool(true)), depth + 1);
            object.insert(format!("key{place}"), value);
        }
        Value::Object(object)
    }

    fn array(&mut self, flat: &Map<String, Value>, depth: usize) -> Value {
        let bound = |keyword: &str| flat.get(keyword).and_then(Value::as_u64).map(|bound| bound as usize);
        let least = bound("minItems").unwrap_or(0);
        let most = bound("maxItems").unwrap_or(least + 2).min(least + 2);
        let length = least + self.chance.below(most - least.min(most) + 1);
        let first = flat.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
        let rest = flat.get("items").cloned().unwrap_or(Value::Bool(true));
        Value::Array(
            (0..length).map(|place| self.make(first.get(place).unwrap_or(&rest), depth + 1)).collect(),
        )
    }

    fn string(&mut self, flat: &Map<String, Value>) -> String {
        let text = |keyword: &str| flat.get(keyword).and_then(Value::as_str);
        match text("format") {
            Some("uri") => return "https://example.com/a?b=c".to_owned(),
            Some("date-time") => return "2026-01-01T00:00:00Z".to_owned(),
            Some("date") => return "2026-01-01".to_owned(),
            Some("uuid") => return "123e4567-e89b-42d3-a456-426614174000".to_owned(),
            Some("ipv4") => return "192.0.2.1".to_owned(),
            Some("ipv6") => return "2001:db8::1".to_owned(),
            Some("email") => return "ana@example.com".to_owned(),
            _ => {}
        }
        if text("pattern").is_some() {
            const LIKELY: [&str; 12] = [
                "ab1",
                "1.5",
                "2026-01-01to2026-02-02",
                "a",
                "AB",
                "12",
                "example.com",
                "2026-01-01",
                "I1:2;3-4",
                "123e4567-e89b-42d3-a456-426614174000",
                "1234567890.123456",
                "ssh-ed25519 AAAA me",
            ];
            return LIKELY[self.chance.below(LIKELY.len())].to_owned();
        }
        let bound = |keyword: &str| flat.get(keyword).and_then(Value::as_u64).map(|bound| bound as usize);
        let least = bound("minLength").unwrap_or(0);
        let most = bound("maxLength").unwrap_or(usize::MAX);
        ["text", "grün 🙂", "a/b.c", "x"][self.chance.below(4)]
            .chars()
            .cycle()
            .take(least.max(5).min(most))
            .collect()
    }

    fn number(&mut self, flat: &Map<String, Value>, whole: bool) -> Value {
        let bound = |keyword: &str| flat.get(keyword).and_then(Value::as_f64);
        let least = bound("minimum").or(bound("exclusiveMinimum").map(|bound| bound + 1.0));
        let most = bound("maximum").or(bound("exclusiveMaximum").map(|bound| bound - 1.0));
        let from = least.unwrap_or_else(|| most.map_or(0.0, |most| most.min(0.0)));
        let to = most.unwrap_or(from + 10.0);
        let picked = match self.chance.below(4) {
            0 => from,
            1 => to,
            2 => ((from + to) / 2.0).floor().max(from),
            _ if !whole => (from + to) / 2.0,
            _ => from,
        };
        let picked = picked.clamp(-9e15, 9e15);
        if whole && self.chance.one_in(4) {
            json!(picked)
        } else if picked.fract() == 0.0 {
            json!(picked as i64)
        } else {
            json!(picked)
        }
    }
}

/// Changes one thing somewhere in arguments.
pub(crate) fn wrong(arguments: &Value, mut chance: Chance) -> Value {
    let mut changed = arguments.clone();
    let mut here = &mut changed;
    while chance.below(3) > 0 {
        // Decided before going in, for the borrow checker's sake.
        let inside = match &*here {
            Value::Object(members) => members.values().any(|value| value.is_object() || value.is_array()),
            Value::Array(elements) => !elements.is_empty(),
            _ => false,
        };
        if !inside {
            break;
        }
        here = match here {
            Value::Object(members) => {
                let containers: Vec<_> =
                    members.values_mut().filter(|value| value.is_object() || value.is_array()).collect();
                let place = chance.below(containers.len());
                containers.into_iter().nth(place).unwrap()
            }
            Value::Array(elements) => {
                let place = chance.below(elements.len());
                &mut elements[place]
            }
            _ => unreachable!(),
        };
    }
    match here {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            match (names.is_empty(), chance.below(6)) {
                (true, _) | (_, 0) => {
                    members.insert("nobody asked for this".into(), json!(1));
                }
                (_, 1) => {
                    members.remove(&names[chance.below(names.len())]);
                }
                (_, _) => {
                    let value = members.get_mut(&names[chance.below(names.len())]).unwrap();
                    *value = other(value, &mut chance);
                }
            }
        }
        value => *value = other(value, &mut chance),
    }
    changed
}

fn other(value: &Value, chance: &mut Chance) -> Value {
    let pick = chance.below(8);
    match (value, pick) {
        (Value::Number(_), 0..=3) => {
            [json!(-1_000_000_000), json!(1e15), json!(0.5), json!("1")][pick].clone()
        }
        (Value::String(text), 0..=3) => {
            [json!(""), json!("x".repeat(70_000)), json!(format!("{text} ")), json!(" !\t")][pick].clone()
        }
        (Value::Array(elements), 0..=2) => match (pick, elements.first()) {
            (0, Some(first)) => Value::Array(vec![first.clone(); 400]),
            (1, _) => json!([]),
            _ => json!([null]),
        },
        _ => [
            json!(null),
            json!(true),
            json!(7),
            json!("text"),
            json!([]),
            json!({}),
            json!([1]),
            json!({"a": 1}),
        ][pick]
            .clone(),
    }
}
