//! Standard output, for a reader that may go away at any moment: a closed pipe is no error and no panic.

use std::io::{self, IsTerminal as _, Write};

use crate::failure::Failure;

/// Where a command writes what it was asked for.
pub(crate) struct Output {
    /// `None` once the reader is gone.
    stream: Option<Box<dyn Write>>,
}

impl Output {
    /// Standard output for text to be read by people: styles are taken out where it is no terminal.
    pub(crate) fn styled() -> Self {
        Self { stream: Some(Box::new(anstream::stdout())) }
    }

    /// Standard output as it is.
    pub(crate) fn plain() -> Self {
        Self { stream: Some(Box::new(io::stdout())) }
    }

    /// Writes the text and passes it on at once: the reader may wait for it.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.stream = None;
                Ok(())
            }
            Err(error) => Err(Failure::new(format!("cannot write to standard output: {error}"))),
        }
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.stream.is_none()
    }
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How many columns the terminal has; `None` where standard output is none.
pub(crate) fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0))
}

/// JSON text with an end of line. Control characters beyond ASCII may stand in JSON, yet a terminal would obey them; line breaks
/// between values stay.
pub(crate) fn inert_json(mut json: String) -> String {
    let is_odd = |character: char| character.is_control() && character != '\n';
    if json.contains(is_odd) {
        let escape = |character: char| {
            if is_odd(character) { format!("\\u{:04x}", u32::from(character)) } else { character.to_string() }
        };
        json = json.chars().map(escape).collect();
    }
    json.push('\n');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_mean_the_same() {
        let value = serde_json::Value::from("a\u{1b}\u{7f}\u{9b}ä🙂");
        let line = inert_json(value.to_string());
        assert_eq!(line, "\"a\\u001b\\u007f\\u009bä🙂\"\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }
}
