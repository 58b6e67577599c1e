//! What ends a command before its time: said once on standard error, with what to do about it. Mistakes in policies are
//! `diagnostics`' business, lines that are no call `eval`'s.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// The exit status of a command that could not be carried out.
pub(crate) const CANNOT: u8 = 2;

/// Why a command cannot go on.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// The message is free of what a terminal could take for commands: names of files and values have been escaped.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// The same, with what to do about it.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong, without what to do about it.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says it, and hands back the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        // Where standard error is closed nobody is left to be told; the status says it still.
        let _said = writeln!(anstream::stderr(), "{self}");
        ExitCode::from(CANNOT)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let help = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        write!(formatter, "{error}error:{error:#} {}", self.message)?;
        match &self.help {
            Some(text) => write!(formatter, "\n {help}help:{help:#} {text}"),
            None => Ok(()),
        }
    }
}
