//! `policy test`: runs case files, and says how many cases passed and failed.

mod case;
mod report;
mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_core::arguments::{Caps, Json, Kind};
use policy_json::Parsed;

use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::printable;
use case::Case;
use run::Outcome;

/// A file's length bounds the number of its values. Arguments and policies in it have caps of their own.
const CAPS: Caps = Caps { depth: 1 << 20, bytes: input::BYTES_MAX, nodes: usize::MAX };

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) files: Vec<PathBuf>,
    /// Cases that need what is not supported yet count apart.
    pub(crate) skip_unsupported: bool,
}

/// How many cases came out how.
#[derive(Debug, Default)]
struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs every case of every file; the status is 1 when one failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut output = Output::styled();
    let mut totals = Totals::default();
    for file in &options.files {
        let mut tally = |name: &str, outcome: Outcome| {
            match outcome {
                Outcome::Passed => totals.passed = totals.passed.saturating_add(1),
                Outcome::Unsupported(_) if options.skip_unsupported => {
                    totals.skipped = totals.skipped.saturating_add(1);
                }
                Outcome::Unsupported(_) | Outcome::Failed(_) => {
                    totals.failed = totals.failed.saturating_add(1);
                }
            }
            let text = report::outcome(&printable::path(file), name, &outcome, options.skip_unsupported);
            output.write(&text)
        };
        run_file(file, &mut tally)?;
    }
    output.write(&report::totals(&totals, options.skip_unsupported))?;
    Ok(if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the cases of one file. A file that holds none counts as a case that failed.
fn run_file(
    file: &Path,
    tally: &mut impl FnMut(&str, Outcome) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let text = match input::read(file) {
        Ok(text) => text,
        Err(failure) => return tally("", Outcome::broken(failure.message())),
    };
    let parsed = match Parsed::parse(&text, CAPS) {
        Ok(parsed) => parsed,
        Err(error) => return tally("", Outcome::broken(format!("the file cannot be read as JSON: {error}"))),
    };
    let Some(root) = parsed.root() else {
        return tally("", Outcome::broken("there is nothing in the file"));
    };
    if root.kind() == Kind::Array && root.is_empty() {
        return tally("", Outcome::broken("there is no case in the file"));
    }
    let mut run_case = |number: usize, json: Json<'_>| {
        let name = json.get("name").and_then(|name| name.as_str());
        let name =
            name.map_or_else(|| format!("case {number}"), |name| format!("\"{}\"", printable::name(name)));
        let outcome = match Case::read(&parsed, json) {
            Ok(case) => run::run(&printable::path(file), &text, &case),
            Err(error) => Outcome::broken(error),
        };
        tally(&name, outcome)
    };
    if root.kind() == Kind::Array {
        let mut cases = root.elements().enumerate();
        cases.try_for_each(|(place, json)| run_case(place.saturating_add(1), json))
    } else {
        run_case(1, root)
    }
}
