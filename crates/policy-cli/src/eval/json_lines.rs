//! Decisions for programs: one JSON object a line.

use super::{Decided, Report};
use crate::failure::Failure;
use crate::output::Output;

/// Writes decisions as JSON.
pub(super) struct JsonLines {
    output: Output,
}

impl JsonLines {
    pub(super) const fn new(output: Output) -> Self {
        Self { output }
    }
}

impl Report for JsonLines {
    fn decided(&mut self, decided: &Decided<'_>) -> Result<(), Failure> {
        let decision = serde_json::to_string(decided.decision);
        let line = decision.map_err(|error| Failure::new(format!("cannot write a decision: {error}")))?;
        self.output.write(&inert(line))
    }

    fn no_call(&mut self, line: u64, error: &str) -> Result<(), Failure> {
        let error = serde_json::Value::from(error);
        self.output.write(&inert(format!("{{\"line\":{line},\"error\":{error}}}")))
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.output.is_closed()
    }
}

/// The JSON text as a line. Control characters beyond ASCII may stand in JSON, yet a terminal would obey them.
fn inert(mut json: String) -> String {
    if json.contains(char::is_control) {
        let escape = |character: char| {
            let plain = !character.is_control();
            if plain { character.to_string() } else { format!("\\u{:04x}", u32::from(character)) }
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
        let line = inert(value.to_string());
        assert_eq!(line, "\"a\\u001b\\u007f\\u009bä🙂\"\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }
}
