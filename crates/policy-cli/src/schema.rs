//! `policy schema`: prints the JSON Schema of policies.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run() -> Result<ExitCode, Failure> {
    Output::plain().write(policy_json::FORMAT_SCHEMA)?;
    Ok(ExitCode::SUCCESS)
}
