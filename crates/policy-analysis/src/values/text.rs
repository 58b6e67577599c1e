//! A value as JSON text on one line, and back as what conditions judge.

use policy_core::arguments::{Caps, Json};
use policy_core::{Condition, Outcome, Sense, Value};
use policy_json::Parsed;

/// The value as JSON text. Numbers go out as they are written.
#[must_use]
pub fn json_text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(number.text()),
        Value::String(string) => write_string(string, text),
        Value::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                write(element, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                write_string(name, text);
                text.push_str(": ");
                write(value, text);
            }
            text.push('}');
        }
    }
}

/// A string in quotes, with everything escaped that a terminal could take for something else.
fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            character if is_shown(character) => text.push(character),
            character => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text.push('"');
}

/// Whether a character shows as itself: no controls, no marks that turn the direction of writing, nothing invisible.
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
        )
}

/// Lets `look` look into the value as a call's arguments; `None` where it is over the default caps, or no object.
pub(crate) fn as_arguments<T>(value: &Value, look: impl FnOnce(Json<'_>) -> T) -> Option<T> {
    let text = json_text(value);
    let parsed = Parsed::parse(text.as_bytes(), Caps::default()).ok()?;
    parsed.root().map(look)
}

/// What the condition really comes to with these arguments.
pub(crate) fn judge(condition: &Condition, sense: Sense, arguments: &Value) -> Option<Outcome> {
    as_arguments(arguments, |root| condition.judge(root, sense))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_shows_nothing_that_hides() {
        let odd = "a\"\\\n\u{0}\u{202e}\u{200b}é🦀\u{e0001}\u{10ffff}";
        let value =
            Value::Object(vec![("x".into(), Value::Array(vec![Value::String(odd.into()), Value::Null]))]);
        let text = json_text(&value);
        assert!(!text.contains('\u{202e}') && !text.contains('\n'), "{text}");
        let parsed = Parsed::parse(text.as_bytes(), Caps::default()).unwrap();
        assert_eq!(policy_json::to_value(parsed.root().unwrap()), Some(value));
    }
}
