//! What a server's input schema asks of arguments, as far as it is plain: so that examples look like calls that the server
//! would take. Nothing is decided by it.

use policy_core::{Number, Path, Value};

use crate::values::{Literal, NumberSet, Slot, StringSet};

/// How deep properties of properties are followed.
const DEPTH_MAX: usize = 4;

/// What `type`, `enum`, `const`, `required` and the bounds of numbers ask.
pub(super) fn wishes(schema: &Value) -> Vec<Literal> {
    let mut wishes = Vec::new();
    look(schema, "args", DEPTH_MAX, &mut wishes);
    wishes
}

fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    match schema {
        Value::Object(members) => members.iter().find(|(known, _)| &**known == name).map(|(_, value)| value),
        _ => None,
    }
}

fn look(schema: &Value, base: &str, depth: usize, wishes: &mut Vec<Literal>) {
    let (Some(depth), Some(Value::Object(properties))) = (depth.checked_sub(1), field(schema, "properties"))
    else {
        return;
    };
    let required: Vec<&str> = match field(schema, "required") {
        Some(Value::Array(names)) => names.iter().filter_map(text).collect(),
        _ => Vec::new(),
    };
    for (name, property) in properties {
        let quoted = crate::values::json_text(&Value::String(name.clone()));
        let Ok(path) = Path::parse(&format!("{base}[{quoted}]")) else { continue };
        let is_required = required.contains(&&**name);
        let slot = slot(property).or_absent(!is_required);
        if is_required {
            look(property, path.text(), depth, wishes);
        }
        wishes.push(Literal::Slot(path, slot));
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

fn slot(schema: &Value) -> Slot {
    let mut slot = match field(schema, "type") {
        Some(Value::String(name)) => of_type(name),
        _ => Slot::present(),
    };
    if let Some(Value::Array(values)) = field(schema, "enum") {
        slot = slot.and(&Slot::only(values));
    }
    if let Some(value) = field(schema, "const") {
        slot = slot.and(&Slot::only(std::slice::from_ref(value)));
    }
    let bounds = [
        field(schema, "minimum").and_then(number).map(|number| NumberSet::above(number, true)),
        field(schema, "exclusiveMinimum").and_then(number).map(|number| NumberSet::above(number, false)),
        field(schema, "maximum").and_then(number).map(|number| NumberSet::below(number, true)),
        field(schema, "exclusiveMaximum").and_then(number).map(|number| NumberSet::below(number, false)),
    ];
    for bound in bounds.into_iter().flatten() {
        slot.numbers = slot.numbers.and(&bound);
    }
    slot
}

fn of_type(name: &str) -> Slot {
    let any = Slot::present();
    let nothing = Slot::empty();
    match name {
        "null" => Slot { null: true, ..nothing },
        "boolean" => Slot { false_: true, true_: true, ..nothing },
        "number" | "integer" => Slot { numbers: NumberSet::all(), ..nothing },
        "string" => Slot { strings: StringSet::all(), ..nothing },
        "array" => Slot { arrays: any.arrays, ..nothing },
        "object" => Slot { objects: any.objects, ..nothing },
        _ => any,
    }
}
