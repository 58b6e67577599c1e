//! A finding, and how findings are collected: rules say what and at which pointer, the place in the text comes at the end.

use std::fmt;
use std::ops::Range;

use policy_core::escape;
use policy_json::{Parsed, Part};

use super::code::{LintCode, Severity};

/// Something in a policy that is permitted, and probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about.
    pub code: LintCode,
    /// How much it matters.
    pub severity: Severity,
    /// RFC 6901 pointer to its place in the document.
    pub pointer: String,
    /// Where in the text, in bytes; of a list or an object, its opening bracket.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, code, pointer, line, column, message, .. } = self;
        // One line, whatever is in the names of the document.
        let (severity, pointer) = (severity.name(), pointer.escape_debug());
        write!(formatter, "{severity}[{code}] line {line}, column {column}, at `{pointer}`: {message}")?;
        match &self.help {
            Some(help) => write!(formatter, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Findings whose places in the text are not known yet.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<(Finding, Part)>,
}

impl Findings {
    /// Puts a finding on record, about the value that the pointer leads to.
    pub(super) fn add(
        &mut self,
        code: LintCode,
        pointer: String,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add_as(code, code.severity(), (pointer, Part::Value), message.into(), help.into());
    }

    /// The same, about the member's name.
    pub(super) fn add_name(
        &mut self,
        code: LintCode,
        pointer: String,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add_as(code, code.severity(), (pointer, Part::Name), message.into(), help.into());
    }

    /// The same, with a severity of its own.
    pub(super) fn add_as(
        &mut self,
        code: LintCode,
        severity: Severity,
        (pointer, part): (String, Part),
        message: String,
        help: Option<String>,
    ) {
        let finding = Finding { code, severity, pointer, span: 0..0, line: 1, column: 1, message, help };
        self.list.push((finding, part));
    }

    /// The findings in the order of the text.
    pub(super) fn placed(self, parsed: &Parsed<'_>) -> Vec<Finding> {
        let wanted: Vec<_> =
            self.list.iter().map(|(finding, part)| (finding.pointer.as_str(), *part)).collect();
        let places = parsed.locate(&wanted);
        let mut findings: Vec<Finding> = self.list.into_iter().map(|(finding, _)| finding).collect();
        for (finding, place) in findings.iter_mut().zip(places) {
            if let Some(place) = place {
                (finding.span, finding.line, finding.column) = (place.span, place.line, place.column);
            }
        }
        findings.sort_by(|one, other| {
            (one.span.start, one.code, &one.message).cmp(&(other.span.start, other.code, &other.message))
        });
        findings
    }
}

/// The pointer to a tool's rules.
pub(super) fn tool_pointer(name: &str) -> String {
    format!("/tools/{}", escape(name))
}

/// A text out of the document in a message: one line, and not long.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let cut: String = text.chars().take(MOST).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{more}", cut.escape_debug())
}
