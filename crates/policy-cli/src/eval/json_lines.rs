//! Decisions for programs: one JSON object a line.

use super::{Decided, Report};
use crate::failure::Failure;
use crate::output::{Output, inert_json};

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
        self.output.write(&inert_json(line))
    }

    fn no_call(&mut self, line: u64, error: &str) -> Result<(), Failure> {
        let error = serde_json::Value::from(error);
        self.output.write(&inert_json(format!("{{\"line\":{line},\"error\":{error}}}")))
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.output.is_closed()
    }
}
