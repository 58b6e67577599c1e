//! Canonical JSON text (RFC 8785): one text for each value, whoever wrote it and however. What is done with the text is left
//! to whoever asks for it.

use super::json::{Json, Kind};
use super::{ArgumentError, ArgumentFault};
use crate::decimal::Decimal;

/// What becomes of a number whose exact value the canonical form cannot say, because that form knows binary floating-point
/// numbers of 64 bits alone: `9007199254740993` would be written like `9007199254740992`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanonicalNumbers {
    /// It is refused, so that two texts are equal only where the values are.
    Exact,
    /// It is written as the nearest number that there is, as RFC 8785 has it.
    Nearest,
}

impl Json<'_> {
    /// The value as canonical JSON: no white space, names in the order of their UTF-16 code units, numbers and strings in
    /// the one way that ECMAScript writes them.
    ///
    /// # Errors
    /// When a number has no canonical form: see [`CanonicalNumbers`]; and numbers beyond the largest that there is.
    pub fn canonical(&self, numbers: CanonicalNumbers) -> Result<String, ArgumentError> {
        let mut text = String::new();
        self.write_canonical(numbers, &mut |part| text.push_str(part))?;
        Ok(text)
    }

    /// The same, handed over part by part.
    ///
    /// # Errors
    /// As [`canonical`](Self::canonical); parts may have been handed over by then.
    pub fn write_canonical(
        &self,
        numbers: CanonicalNumbers,
        out: &mut impl FnMut(&str),
    ) -> Result<(), ArgumentError> {
        // Containers that are open: what is left of each. No recursion, so that no nesting can exhaust the stack.
        let mut open = Vec::new();
        let mut next = Some(*self);
        loop {
            if let Some(value) = next.take()
                && let Some(container) = begin(value, numbers, out)?
            {
                open.push(container);
            }
            let Some(Open { members, close, begun }) = open.last_mut() else { return Ok(()) };
            match members.next() {
                None => {
                    out(close);
                    open.pop();
                }
                Some((name, value)) => {
                    if std::mem::replace(begun, true) {
                        out(",");
                    }
                    if let Some(name) = name {
                        string(name, out);
                        out(":");
                    }
                    next = Some(value);
                }
            }
        }
    }
}

/// A container that is being written.
struct Open<'t> {
    /// What is left of it; elements have no names.
    members: std::vec::IntoIter<(Option<&'t str>, Json<'t>)>,
    close: &'static str,
    begun: bool,
}

/// Writes a scalar, or the beginning of a container.
fn begin<'t>(
    value: Json<'t>,
    numbers: CanonicalNumbers,
    out: &mut impl FnMut(&str),
) -> Result<Option<Open<'t>>, ArgumentError> {
    match value.kind() {
        Kind::Null => out("null"),
        Kind::False => out("false"),
        Kind::True => out("true"),
        Kind::Number => number(value, numbers, out)?,
        Kind::String | Kind::Name => string(value.text(), out),
        Kind::Array => {
            out("[");
            let members: Vec<_> = value.elements().map(|element| (None, element)).collect();
            return Ok(Some(Open { members: members.into_iter(), close: "]", begun: false }));
        }
        Kind::Object => {
            out("{");
            let mut members: Vec<_> =
                value.members().map(|(name, value)| (Some(name.text()), value)).collect();
            members.sort_by(|(left, _), (right, _)| {
                let units = |name: &Option<&'t str>| name.unwrap_or_default().encode_utf16();
                units(left).cmp(units(right))
            });
            return Ok(Some(Open { members: members.into_iter(), close: "}", begun: false }));
        }
    }
    Ok(None)
}

fn number(
    value: Json<'_>,
    numbers: CanonicalNumbers,
    out: &mut impl FnMut(&str),
) -> Result<(), ArgumentError> {
    let refused = ArgumentError { fault: ArgumentFault::NotCanonical, offset: value.offset() };
    let text = value.text();
    let float: f64 = text.parse().map_err(|_| refused.clone())?;
    if !float.is_finite() {
        return Err(refused);
    }
    let mut buffer = ryu_js::Buffer::new();
    let canonical = buffer.format_finite(float);
    if numbers == CanonicalNumbers::Exact {
        // ECMAScript writes `1e+21`, which is of JSON's grammar.
        match (Decimal::parse(text), Decimal::parse(canonical)) {
            (Some(written), Some(canonical)) if written == canonical => {}
            _ => return Err(refused),
        }
    }
    out(canonical);
    Ok(())
}

fn string(text: &str, out: &mut impl FnMut(&str)) {
    const HEX: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    let digit =
        |nibble: u32| HEX.get(usize::try_from(nibble).unwrap_or_default()).copied().unwrap_or_default();
    out("\"");
    let mut rest = text;
    let needs_escape = |character: char| matches!(character, '"' | '\\' | '\u{0}'..='\u{1f}');
    while let Some(place) = rest.find(needs_escape) {
        let (plain, from) = rest.split_at_checked(place).unwrap_or((rest, ""));
        out(plain);
        let mut characters = from.chars();
        match characters.next() {
            None => {}
            Some('"') => out("\\\""),
            Some('\\') => out("\\\\"),
            Some('\u{8}') => out("\\b"),
            Some('\t') => out("\\t"),
            Some('\n') => out("\\n"),
            Some('\u{c}') => out("\\f"),
            Some('\r') => out("\\r"),
            Some(other) => {
                let code = u32::from(other);
                out("\\u00");
                out(digit(code >> 4));
                out(digit(code & 15));
            }
        }
        rest = characters.as_str();
    }
    out(rest);
    out("\"");
}
