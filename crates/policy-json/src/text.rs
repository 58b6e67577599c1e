//! JSON text as arguments of a call, and as a value to look into: both through the same scanner.

use std::ops::Range;

use policy_core::arguments::{
    ArgumentError, Arguments, Caps, Duplicates, Json, Kind, Tape, TapeWriter, check_source,
};
use policy_core::{Number, Value};

use crate::scan::scan;

/// JSON text as the arguments of a call. Read strictly, at most once, and only if a rule looks at the arguments.
///
/// What two readers could read differently is refused: names that stand twice in one object, lone surrogates, a byte
/// order mark, anything that RFC 8259 does not have.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a>(&'a [u8]);

impl<'a> JsonText<'a> {
    /// The arguments as they came over the wire.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self(text)
    }
}

impl Arguments for JsonText<'_> {
    fn source(&self) -> &[u8] {
        self.0
    }

    #[inline]
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        scan(tape)
    }
}

/// A JSON text that was read strictly: documents, case files, lists of calls. Names that stand twice do not end the
/// reading, they are [listed](Self::duplicates).
#[derive(Debug)]
pub struct Parsed<'a> {
    tape: Tape,
    source: &'a str,
}

impl<'a> Parsed<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// When it is not one JSON value, or over a cap.
    pub fn parse(text: &'a [u8], caps: Caps) -> Result<Self, ArgumentError> {
        let source = check_source(text, caps)?;
        let mut tape = Tape::new();
        scan(&mut tape.writer(source, caps, Duplicates::Collect))?;
        Ok(Self { tape, source })
    }

    /// The value.
    #[must_use]
    pub fn root(&self) -> Option<Json<'_>> {
        self.tape.root(self.source)
    }

    /// The names that an object had already, the second and later of each.
    pub fn duplicates(&self) -> impl Iterator<Item = Json<'_>> {
        self.tape.duplicates(self.source)
    }

    pub(crate) const fn source(&self) -> &'a str {
        self.source
    }

    /// Where a value or name of this text stands in it.
    #[must_use]
    pub fn span(&self, value: Json<'_>) -> Range<usize> {
        let start = value.offset();
        start..end_of_value(self.source.as_bytes(), start)
    }

    /// A value or name as it is written.
    #[must_use]
    pub fn raw(&self, value: Json<'_>) -> &'a str {
        self.source.get(self.span(value)).unwrap_or_default()
    }

    /// The line and column of an offset, from 1; columns count characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let Position { line, column, .. } = Position::START.forward(self.source.as_bytes(), offset);
        (line, column)
    }
}

/// A place in a text: lines and columns count from 1; columns count characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    offset: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    pub(crate) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place at `offset`, which is here or later: counts on from here.
    pub(crate) fn forward(self, text: &[u8], offset: usize) -> Self {
        let between = text.get(self.offset..offset.min(text.len())).unwrap_or_default();
        let newlines = memchr::memchr_iter(b'\n', between).count();
        let (column, in_line) = match memchr::memrchr(b'\n', between) {
            Some(newline) => (1, between.get(newline.saturating_add(1)..).unwrap_or_default()),
            None => (self.column, between),
        };
        // Every byte that does not continue a character begins one.
        let characters = in_line.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count();
        Self {
            offset: offset.max(self.offset),
            line: self.line.saturating_add(newlines),
            column: column.saturating_add(characters),
        }
    }
}

/// Where a value ends that begins at `start`, in text that has been scanned.
fn end_of_value(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut position = start;
    while let Some(byte) = bytes.get(position) {
        let next = position.saturating_add(1);
        match byte {
            b'"' => {
                position = end_of_string(bytes, next);
                if depth == 0 {
                    return position;
                }
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' if depth <= 1 => return if depth == 1 { next } else { position },
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return position,
            _ => {}
        }
        position = next;
    }
    position
}

fn end_of_string(bytes: &[u8], inside: usize) -> usize {
    let mut position = inside;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'"' => return position.saturating_add(1),
            b'\\' => position = position.saturating_add(2),
            _ => position = position.saturating_add(1),
        }
    }
    position
}

/// An owned copy of a value. `None` for a name, and for a number beyond what is looked at.
#[must_use]
pub fn to_value(json: Json<'_>) -> Option<Value> {
    // Recurses as deep as the text nests, which a cap bounds.
    Some(match json.kind() {
        Kind::Null => Value::Null,
        Kind::False => Value::Bool(false),
        Kind::True => Value::Bool(true),
        Kind::Number => Value::Number(Number::parse(json.as_number()?)?),
        Kind::String => Value::String(json.as_str()?.into()),
        Kind::Array => Value::Array(json.elements().map(to_value).collect::<Option<_>>()?),
        Kind::Object => {
            let member =
                |(name, value): (Json<'_>, Json<'_>)| Some((name.as_str()?.into(), to_value(value)?));
            Value::Object(json.members().map(member).collect::<Option<_>>()?)
        }
        Kind::Name => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_again_in_the_text() {
        let text = br#" {"a": [1, {"b\"]": "}"}], "c" : -1.5e3 , "d":"x","e":true}"#;
        let parsed = Parsed::parse(text, Caps::default()).unwrap();
        let root = parsed.root().unwrap();
        let raw = |name: &str| parsed.raw(root.get(name).unwrap());
        assert_eq!(raw("a"), r#"[1, {"b\"]": "}"}]"#);
        assert_eq!(raw("c"), "-1.5e3");
        assert_eq!(raw("d"), r#""x""#);
        assert_eq!(raw("e"), "true");
        assert_eq!(parsed.raw(root).len(), text.len() - 1);
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let text = "{\n  \"ä\": 1,\n  \"b\": 2\n}";
        let parsed = Parsed::parse(text.as_bytes(), Caps::default()).unwrap();
        let root = parsed.root().unwrap();
        assert_eq!(parsed.position(root.get("ä").unwrap().offset()), (2, 8));
        assert_eq!(parsed.position(root.get("b").unwrap().offset()), (3, 8));
    }
}
