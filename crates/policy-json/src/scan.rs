//! The strict JSON scanner: RFC 8259 to the letter, one pass over the text, no recursion, no tree. Caps and duplicate
//! names are the tape's business; what the value means is everybody else's.

use policy_core::Decimal;
use policy_core::arguments::{ArgumentError, ArgumentFault, Kind, TapeWriter};

/// Scans the writer's source, which must be one JSON value and nothing else.
pub(crate) fn scan(tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
    let bytes = tape.source().as_bytes();
    let mut scanner = Scanner { bytes, position: 0 };
    scanner.value_and_end(tape)
}

/// From how many bytes on a text is long.
const LONG_TEXT: usize = 48;

struct Scanner<'t> {
    bytes: &'t [u8],
    position: usize,
}

impl Scanner<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    #[inline]
    fn step(&mut self) {
        self.position = self.position.wrapping_add(1);
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.step();
        }
    }

    #[cold]
    fn fault(&self, what: &'static str) -> ArgumentError {
        let what = match self.peek() {
            None => "the text ends too early",
            Some(0xEF) if self.position == 0 => "a byte order mark",
            Some(_) => what,
        };
        ArgumentError { fault: ArgumentFault::Syntax(what), offset: self.position }
    }

    fn value_and_end(&mut self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        self.skip_space();
        'value: loop {
            // A value begins here.
            match self.peek() {
                Some(b'"') => self.string(tape)?,
                Some(b'-' | b'0'..=b'9') => self.number(tape)?,
                Some(b'{') => {
                    tape.begin_object(self.position)?;
                    self.step();
                    self.skip_space();
                    if self.peek() != Some(b'}') {
                        self.name(tape)?;
                        continue 'value;
                    }
                    tape.end()?;
                    self.step();
                }
                Some(b'[') => {
                    tape.begin_array(self.position)?;
                    self.step();
                    self.skip_space();
                    if self.peek() != Some(b']') {
                        continue 'value;
                    }
                    tape.end()?;
                    self.step();
                }
                Some(b't') => self.literal(tape, b"true", Some(true))?,
                Some(b'f') => self.literal(tape, b"false", Some(false))?,
                Some(b'n') => self.literal(tape, b"null", None)?,
                _ => return Err(self.fault("expected a value")),
            }
            // A value has ended here, and perhaps its container too.
            loop {
                self.skip_space();
                match (tape.innermost(), self.peek()) {
                    (Some(Kind::Object), Some(b',')) => {
                        self.step();
                        self.skip_space();
                        self.name(tape)?;
                        continue 'value;
                    }
                    (Some(Kind::Array), Some(b',')) => {
                        self.step();
                        self.skip_space();
                        continue 'value;
                    }
                    (Some(Kind::Object), Some(b'}')) | (Some(Kind::Array), Some(b']')) => {
                        self.step();
                        tape.end()?;
                    }
                    (Some(Kind::Object), _) => return Err(self.fault("expected `,` or `}`")),
                    (Some(_), _) => return Err(self.fault("expected `,` or `]`")),
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return Err(self.fault("text after the value")),
                }
            }
        }
    }

    fn literal(
        &mut self,
        tape: &mut TapeWriter<'_>,
        word: &[u8],
        literal: Option<bool>,
    ) -> Result<(), ArgumentError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.fault("expected a value"));
        }
        tape.literal(literal, self.position)?;
        self.position = self.position.saturating_add(word.len());
        Ok(())
    }

    #[inline]
    fn number(&mut self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.step();
        }
        match self.peek() {
            Some(b'0') => {
                self.step();
                if matches!(self.peek(), Some(b'0'..=b'9')) {
                    return Err(self.fault("a number with a leading zero"));
                }
            }
            _ => self.digits()?,
        }
        let mut exponent = false;
        if self.peek() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            exponent = true;
            self.step();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.step();
            }
            self.digits()?;
        }
        let span = start..self.position;
        if exponent || span.len() > policy_core::NUMBER_TEXT_MAX {
            // The grammar holds, so this asks about the caps alone.
            let text = tape.source().get(span.clone()).unwrap_or_default();
            if Decimal::parse(text).is_none() {
                return Err(ArgumentError { fault: ArgumentFault::NumberTooLong, offset: start });
            }
        }
        tape.number(span)
    }

    #[inline]
    fn digits(&mut self) -> Result<(), ArgumentError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.fault("expected a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.step();
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        let at = self.position;
        self.step();
        if self.plain_text()? {
            let span = at.wrapping_add(1)..self.position;
            self.step();
            return tape.string(at, span);
        }
        let start = self.escaped_text(tape, at)?;
        tape.string_appended(at, start)
    }

    /// A member's name and the colon after it, up to where its value begins.
    #[inline]
    fn name(&mut self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("expected a name in double quotes"));
        }
        let at = self.position;
        self.step();
        if self.plain_text()? {
            let span = at.wrapping_add(1)..self.position;
            self.step();
            tape.name(at, span)?;
        } else {
            let start = self.escaped_text(tape, at)?;
            tape.name_appended(at, start)?;
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.fault("expected `:`"));
        }
        self.step();
        self.skip_space();
        Ok(())
    }

    /// Goes to the closing quote. False where a backslash comes before it.
    #[inline(always)]
    fn plain_text(&mut self) -> Result<bool, ArgumentError> {
        // Eight bytes at a time: most texts are short.
        let begins = self.position;
        while let Some(eight) = self.bytes.get(self.position..).and_then(|rest| rest.first_chunk()) {
            let special = special_bytes(u64::from_le_bytes(*eight));
            if special != 0 {
                // The lowest bit that is set marks the first special byte.
                let first = special.trailing_zeros().wrapping_shr(3);
                self.position = self.position.wrapping_add(usize::try_from(first).unwrap_or_default());
                break;
            }
            self.position = self.position.wrapping_add(8);
            if self.position.wrapping_sub(begins) >= LONG_TEXT {
                self.skip_long_text();
                break;
            }
        }
        loop {
            match self.peek() {
                Some(b'"') => return Ok(true),
                Some(b'\\') => return Ok(false),
                Some(0x20..) => self.step(),
                _ => return Err(self.fault("a control character in a string")),
            }
        }
    }

    /// Goes on in a text that is known to be long: to its first special byte.
    #[inline(never)]
    fn skip_long_text(&mut self) {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        // The least of all bytes can be found many at a time; the first of the controls need not be.
        let least = text.iter().fold(u8::MAX, |least, byte| least.min(*byte));
        let plain = match least {
            0x20.. => end,
            _ => text.iter().position(|byte| *byte < 0x20).unwrap_or(end),
        };
        self.position = self.position.wrapping_add(plain);
    }

    /// Unescapes the string that began at `at` and has its first backslash here. Returns where its text starts among
    /// what was appended to the tape.
    #[cold]
    fn escaped_text(&mut self, tape: &mut TapeWriter<'_>, at: usize) -> Result<usize, ArgumentError> {
        let source = tape.source();
        let start = tape.appended().len();
        let mut plain = at.wrapping_add(1);
        loop {
            let reached = self.plain_text()?;
            tape.appended().push_str(source.get(plain..self.position).unwrap_or_default());
            if reached {
                self.step();
                return Ok(start);
            }
            self.step();
            let character = self.escape()?;
            tape.appended().push(character);
            plain = self.position;
        }
    }

    /// What the escape stands for whose backslash has just been passed.
    fn escape(&mut self) -> Result<char, ArgumentError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.step();
                return self.unicode_escape();
            }
            _ => return Err(self.fault("an escape that JSON does not have")),
        };
        self.step();
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, ArgumentError> {
        let begins = self.position;
        let lone = ArgumentError { fault: ArgumentFault::Syntax("a lone surrogate"), offset: begins };
        let unit = self.four_hex_digits()?;
        let scalar = match unit {
            0xD800..=0xDBFF => {
                if self.bytes.get(self.position..self.position.saturating_add(2)) != Some(b"\\u") {
                    return Err(lone);
                }
                self.position = self.position.saturating_add(2);
                let low = match self.four_hex_digits()? {
                    low @ 0xDC00..=0xDFFF => low,
                    _ => return Err(lone),
                };
                let high = unit.wrapping_sub(0xD800).wrapping_shl(10);
                high.wrapping_add(low.wrapping_sub(0xDC00)).wrapping_add(0x1_0000)
            }
            unit => unit,
        };
        // Only a surrogate is no character by now: a low one without its high one.
        char::from_u32(scalar).ok_or(lone)
    }

    fn four_hex_digits(&mut self) -> Result<u32, ArgumentError> {
        let mut unit: u32 = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.fault("expected four hexadecimal digits")) };
            unit = unit.wrapping_shl(4) | digit;
            self.step();
        }
        Ok(unit)
    }
}

/// Marks, in the top bit of each byte, the bytes that end a run of plain text: `"`, `\`, and control characters. Marks
/// above the lowest may be false: a borrow can reach them.
#[inline]
const fn special_bytes(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_le_bytes([0x20; 8]);
    let (quotes, backslashes) = (eight ^ QUOTES, eight ^ BACKSLASHES);
    let quotes = quotes.wrapping_sub(ONES) & !quotes;
    let backslashes = backslashes.wrapping_sub(ONES) & !backslashes;
    let controls = eight.wrapping_sub(SPACES) & !eight;
    (quotes | backslashes | controls) & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for (place, index) in (0..8_u32).zip(0..8_usize) {
                for other in [b'a', b' ', 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']'] {
                    let mut eight = [other; 8];
                    eight[index] = byte;
                    let special = special_bytes(u64::from_le_bytes(eight));
                    let is_special = matches!(byte, b'"' | b'\\' | 0..=0x1f);
                    let expected = if is_special { place } else { 8 };
                    assert_eq!(
                        special.trailing_zeros() / 8,
                        expected,
                        "{byte:#x} at {place} among {other:#x}"
                    );
                }
            }
        }
    }
}
