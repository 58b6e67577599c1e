//! `policy diff`: what a new policy permits that an old one did not, and the reverse. Comparing is policy-analysis' business,
//! showing the outcome that of `report` and `json`.

mod json;
mod report;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_analysis::diff::diff;
use policy_core::Policy;

use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;
use crate::tool_list::ToolList;

/// What is to be compared, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) old: PathBuf,
    pub(crate) new: PathBuf,
    pub(crate) tools: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) deny_widening: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Compares two policies. The status is 1 only with `--deny-widening`, where something may pass that did not.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let (old, new) = (load(&options.old)?, load(&options.new)?);
    let tools = options.tools.as_deref().map(ToolList::read).transpose()?;
    let found = diff(&old, &new, tools.as_ref().map(ToolList::catalogue));
    let mut output = match options.format {
        Format::Text => Output::styled(),
        Format::Json => Output::plain(),
    };
    output.write(&match options.format {
        Format::Text => report::text(&found),
        Format::Json => json::text(&found, [&old, &new]),
    })?;
    let denied = options.deny_widening && found.may_widen();
    Ok(if denied { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn load(path: &Path) -> Result<Policy, Failure> {
    let text = input::read(path)?;
    let file = printable::path(path);
    match policy_file::load(&path.to_string_lossy(), &text) {
        Ok(Loaded { policy, .. }) => Ok(policy),
        Err(NotLoaded::Mistakes(error)) => {
            let _said = write!(anstream::stderr(), "{}", policy_file::render(&file, &text, 0, &error));
            Err(Failure::new(format!("`{file}` is no policy, so nothing was compared")))
        }
        Err(NotLoaded::Unusable(fault)) => {
            Err(Failure::new(format!("`{file}` is no policy: {}", printable::text(&fault))))
        }
    }
}
