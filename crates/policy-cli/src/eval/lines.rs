//! Cuts a stream into lines, none of them held in memory beyond a cap. What a line means is `call`'s business.

use std::io::{self, BufRead};

use crate::call::BYTES_MAX;

/// A stream's lines, one after the other.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: R,
    number: u64,
    text: Vec<u8>,
    /// The line that was too long has not come to its end yet.
    skipping: bool,
}

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Text(&'a [u8]),
    /// More than [`BYTES_MAX`].
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(stream: R) -> Self {
        Self { stream, number: 0, text: Vec::new(), skipping: false }
    }

    /// The next line with its number, from 1; `None` at the stream's end. A line that is too long is handed out as soon
    /// as that is known; what is left of it is passed over afterwards.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.text.clear();
        loop {
            let buffer = match self.stream.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                if self.text.is_empty() {
                    return Ok(None);
                }
                self.number = self.number.saturating_add(1);
                return Ok(Some((self.number, Line::Text(&self.text))));
            }
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let part = buffer.get(..newline.unwrap_or(buffer.len())).unwrap_or_default();
            let passed = part.len().saturating_add(usize::from(newline.is_some()));
            let too_long = self.text.len().saturating_add(part.len()) > BYTES_MAX;
            if !self.skipping && !too_long {
                self.text.extend_from_slice(part);
            }
            self.stream.consume(passed);
            let was_skipping = self.skipping;
            self.skipping = (was_skipping || too_long) && newline.is_none();
            if was_skipping {
                continue;
            }
            if too_long || newline.is_some() {
                self.number = self.number.saturating_add(1);
                let line = if too_long { Line::TooLong } else { Line::Text(&self.text) };
                return Ok(Some((self.number, line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(text: &[u8], capacity: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text));
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            found.push((
                number,
                match line {
                    Line::Text(text) => Some(text.to_vec()),
                    Line::TooLong => None,
                },
            ));
        }
        found
    }

    #[test]
    fn lines_are_numbered_and_the_last_needs_no_end() {
        for capacity in [1, 2, 3, 100] {
            let found = lines(b"a\n\nbc\r\nd", capacity);
            let expected: [(u64, Option<Vec<u8>>); 4] = [
                (1, Some(b"a".to_vec())),
                (2, Some(Vec::new())),
                (3, Some(b"bc\r".to_vec())),
                (4, Some(b"d".to_vec())),
            ];
            assert_eq!(found, expected);
        }
        assert!(lines(b"", 8).is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line_whatever_its_length() {
        for extra in [1, 5, 70_000, BYTES_MAX] {
            let mut text = vec![b'x'; BYTES_MAX];
            text.extend_from_slice(b"\na\n");
            text.extend(vec![b'y'; BYTES_MAX + extra]);
            text.extend_from_slice(b"\nb\n");
            let found = lines(&text, 65_536);
            let shape: Vec<_> =
                found.iter().map(|(number, text)| (*number, text.as_ref().map(Vec::len))).collect();
            assert_eq!(shape, [(1, Some(BYTES_MAX)), (2, Some(1)), (3, None), (4, Some(1))]);
        }
        let endless = lines(&vec![b'z'; BYTES_MAX + 1], 65_536);
        assert_eq!(endless, [(1, None)]);
    }
}
