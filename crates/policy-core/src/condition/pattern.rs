//! `regex`: a pattern that is searched in a string, in linear time.

use regex::{Regex, RegexBuilder};

use super::{ConditionError, Outcome};
use crate::arguments::Json;
use crate::value::Value;

/// How large a pattern may be once compiled, in bytes.
pub const PATTERN_SIZE_MAX: usize = 1 << 20;

pub(super) fn compile(value: &Value) -> Result<Regex, ConditionError> {
    let Value::String(text) = value else {
        return Err(ConditionError::wants("a string that is a regular expression", value));
    };
    RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE_MAX)
        .dfa_size_limit(PATTERN_SIZE_MAX)
        .nest_limit(64)
        .build()
        .map_err(|error| ConditionError::Pattern(problem(&error)))
}

pub(super) fn judge(pattern: &Regex, argument: Json<'_>) -> Outcome {
    match argument.as_str() {
        Some(text) => Outcome::from(pattern.is_match(text)),
        None => Outcome::Mismatch,
    }
}

/// The last line of the crate's report says what is wrong; the ones before it draw the pattern.
fn problem(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("compiles to more than {limit} bytes"),
        other => {
            let report = other.to_string();
            let last = report.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}
