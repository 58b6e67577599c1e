//! `serde_json` values as arguments, for hosts that hold them already. What such a value has lost (names that stood
//! twice, digits beyond a float's) it has lost; hosts that have the text should hand over the text.

use serde_json::{Map, Value};

use crate::arguments::{ArgumentError, Arguments, TapeWriter};

impl Arguments for Map<String, Value> {
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        write_object(self, tape)
    }
}

impl Arguments for Value {
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        write(self, tape)
    }
}

/// Recurses no deeper than the caps permit: the tape refuses to open a container beyond them.
fn write(value: &Value, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
    match value {
        Value::Null => tape.literal(None, 0),
        Value::Bool(value) => tape.literal(Some(*value), 0),
        Value::Number(number) => tape.number_owned(&number.to_string()),
        Value::String(text) => tape.string_owned(0, text),
        Value::Array(elements) => {
            tape.begin_array(0)?;
            elements.iter().try_for_each(|element| write(element, tape))?;
            tape.end()
        }
        Value::Object(members) => write_object(members, tape),
    }
}

fn write_object(members: &Map<String, Value>, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
    tape.begin_object(0)?;
    for (name, value) in members {
        tape.name_owned(0, name)?;
        write(value, tape)?;
    }
    tape.end()
}
