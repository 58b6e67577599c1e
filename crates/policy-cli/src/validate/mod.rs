//! `policy validate`: shows everything that is wrong with policy files, and what is probably not meant.

mod explain;
mod json;
mod sarif;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_analysis::{Finding, LintInput, Severity, lint};
use policy_core::Policy;
use policy_json::{Diagnostic, LoadError, ToolCatalogue};

use crate::failure::{CANNOT, Failure};
use crate::input;
use crate::output::Output;
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;
use crate::tool_list::ToolList;

pub(crate) use explain::explain;

/// What is to be looked at, and how it is to be shown.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) files: Vec<PathBuf>,
    /// What the server lists.
    pub(crate) tools: Option<PathBuf>,
    /// Whether a warning fails the run.
    pub(crate) deny_warnings: bool,
    /// Whether extensions are errors.
    pub(crate) portable: bool,
    pub(crate) format: Format,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Sarif,
}

/// A file that was looked at.
struct Checked {
    /// As it was named.
    path: PathBuf,
    /// The same, fit to be shown.
    name: String,
    outcome: Outcome,
}

/// What came of it.
enum Outcome {
    /// It is a policy.
    Policy { text: Vec<u8>, policy: Box<Policy>, findings: Vec<Finding> },
    /// It is none.
    Mistakes { text: Vec<u8>, error: LoadError },
    /// It reads as one, and cannot be put to use.
    Unusable(String),
    /// It could not be read.
    Unreadable(Failure),
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// Something to say about a place: a mistake that keeps a policy from loading, or a finding in one that loads.
struct Said<'c> {
    code: &'static str,
    severity: Severity,
    pointer: &'c str,
    span: std::ops::Range<usize>,
    line: usize,
    column: usize,
    message: &'c str,
    help: Option<&'c str>,
}

/// Looks at each file. The status is 2 when one could not be read, otherwise 1 when one is no policy, or has what was asked
/// to fail.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let tools = options.tools.as_deref().map(ToolList::read).transpose()?;
    let catalogue = tools.as_ref().map(ToolList::catalogue);
    let mut output = if options.format == Format::Text { Output::styled() } else { Output::plain() };
    let mut counts = Counts::default();
    let mut unreadable = false;
    let mut all = Vec::new();
    for file in &options.files {
        let checked = check(file, catalogue, options.portable);
        counts.add(checked.counts());
        unreadable |= matches!(checked.outcome, Outcome::Unreadable(_));
        match options.format {
            // As soon as it is known: there may be many files.
            Format::Text => output.write(&text::show(&checked, options.deny_warnings))?,
            Format::Json | Format::Sarif => all.push(checked),
        }
    }
    match options.format {
        Format::Text => {}
        Format::Json => output.write(&json::document(&all, counts))?,
        Format::Sarif => output.write(&sarif::document(&all))?,
    }
    Ok(if unreadable {
        ExitCode::from(CANNOT)
    } else if counts.fail(options.deny_warnings) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn check(file: &Path, catalogue: Option<&ToolCatalogue>, portable: bool) -> Checked {
    let outcome = match input::read(file) {
        Err(failure) => Outcome::Unreadable(failure),
        Ok(text) => match policy_file::load(&file.to_string_lossy(), &text) {
            Ok(Loaded { policy, .. }) => {
                let findings = lint(&LintInput { text: &text, policy: &policy, catalogue, portable });
                Outcome::Policy { text, policy: Box::new(policy), findings }
            }
            Err(NotLoaded::Mistakes(error)) => Outcome::Mistakes { text, error },
            Err(NotLoaded::Unusable(fault)) => Outcome::Unusable(fault),
        },
    };
    Checked { path: file.to_owned(), name: printable::path(file), outcome }
}

impl Checked {
    /// Everything there is to say about places in it, in the order of the text.
    fn said(&self) -> Vec<Said<'_>> {
        match &self.outcome {
            Outcome::Policy { findings, .. } => findings.iter().map(Said::from).collect(),
            Outcome::Mistakes { error, .. } => error.diagnostics().iter().map(Said::from).collect(),
            Outcome::Unusable(_) | Outcome::Unreadable(_) => Vec::new(),
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for said in self.said() {
            let count = match said.severity {
                Severity::Error => &mut counts.errors,
                Severity::Warning => &mut counts.warnings,
                Severity::Note => &mut counts.notes,
            };
            *count = count.saturating_add(1);
        }
        if matches!(self.outcome, Outcome::Unusable(_) | Outcome::Unreadable(_)) {
            counts.errors = counts.errors.saturating_add(1);
        }
        counts
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.errors = self.errors.saturating_add(other.errors);
        self.warnings = self.warnings.saturating_add(other.warnings);
        self.notes = self.notes.saturating_add(other.notes);
    }

    /// Whether the run fails for it.
    const fn fail(self, deny_warnings: bool) -> bool {
        self.errors > 0 || (deny_warnings && self.warnings > 0)
    }
}

impl<'c> From<&'c Finding> for Said<'c> {
    fn from(finding: &'c Finding) -> Self {
        let Finding { code, severity, pointer, span, line, column, message, help, .. } = finding;
        Self {
            code: code.name(),
            severity: *severity,
            pointer,
            span: span.clone(),
            line: *line,
            column: *column,
            message,
            help: help.as_deref(),
        }
    }
}

impl<'c> From<&'c Diagnostic> for Said<'c> {
    fn from(diagnostic: &'c Diagnostic) -> Self {
        let Diagnostic { code, pointer, span, line, column, message, help, .. } = diagnostic;
        Self {
            code: code.name(),
            severity: Severity::Error,
            pointer,
            span: span.clone(),
            line: *line,
            column: *column,
            message,
            help: help.as_deref(),
        }
    }
}
