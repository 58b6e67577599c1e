//! `policy eval`: decides calls, one a line, and says what comes of each as soon as it is known.

mod lines;

mod json_lines;
mod table;

use std::io::{self, BufReader, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use policy_core::{Arguments as _, Clock as _, Decision, Engine, ManualClock, SystemClock, Timestamp};
use policy_json::JsonText;

use crate::call::{BYTES_MAX, Call};
use crate::deciding::{DecideBy, Deciding};
use crate::failure::{CANNOT, Failure};
use crate::input;
use crate::output::{self, Output};
use crate::printable;

use json_lines::JsonLines;
use lines::{Line, Lines};
use table::Table;

/// What is to be decided, and how it is to be shown.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) by: DecideBy,
    /// `None`: as suits standard output.
    pub(crate) format: Option<Format>,
    /// `None`: standard input.
    pub(crate) calls: Option<PathBuf>,
}

/// How decisions are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Table,
}

/// Something that shows what comes of each line, in order.
trait Report {
    /// A call, and the decision on it.
    fn decided(&mut self, decided: &Decided<'_>) -> Result<(), Failure>;

    /// A line that is no call.
    fn no_call(&mut self, line: u64, error: &str) -> Result<(), Failure>;

    /// The calls have come to their end.
    fn end(&mut self) -> Result<(), Failure>;

    /// Whether nobody looks any more.
    fn is_closed(&self) -> bool;
}

/// A call that was decided.
struct Decided<'a> {
    call: &'a Call<'a>,
    at: Timestamp,
    decision: &'a Decision,
    /// False where there is a list of the server's tools, and the called one is not on it.
    listed: bool,
}

/// Decides every call; the status is 2 when a line was no call.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let deciding = options.by.load()?;
    if let Some(tools) = &deciding.tools {
        let policy = printable::path(&options.by.policy);
        let warnings = tools.compare(&policy, &deciding.text, &deciding.loaded.policy);
        // Warnings that nobody can read stop nothing.
        let _said = write!(anstream::stderr(), "{warnings}");
    }
    let calls = Calls::open(options.calls.as_deref())?;
    let format = options.format.unwrap_or(if output::is_terminal() { Format::Table } else { Format::Json });
    let report: Box<dyn Report> = match format {
        Format::Json => Box::new(JsonLines::new(Output::plain())),
        Format::Table => Box::new(Table::new(Output::styled(), calls.at_rest)),
    };
    let clock = Arc::new(ManualClock::default());
    let engine = deciding.engine(Arc::clone(&clock))?;
    Evaluation { engine, clock, at: options.by.at, deciding, report }.run(calls)
}

/// Where calls come from.
struct Calls {
    name: String,
    stream: Box<dyn Read>,
    /// Whether they are all there already, so that nobody waits for the answer to one before the next is sent.
    at_rest: bool,
}

impl Calls {
    fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file.filter(|file| !input::is_stdin(file)) else {
            let stdin = io::stdin();
            if stdin.is_terminal() {
                let hint = "reading calls from the terminal, one a line, such as";
                let example = r#"{"grant": "alice", "tool": "list-pods", "arguments": {}}"#;
                let _said = writeln!(anstream::stderr(), "{hint}\n{example}");
            }
            let name = "standard input".to_owned();
            return Ok(Self { name, stream: Box::new(stdin), at_rest: false });
        };
        let stream = input::open(file)?;
        let at_rest = stream.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok(Self { name: printable::path(file), stream: Box::new(stream), at_rest })
    }
}

struct Evaluation {
    engine: Engine,
    clock: Arc<ManualClock>,
    at: Option<Timestamp>,
    deciding: Deciding,
    report: Box<dyn Report>,
}

impl Evaluation {
    fn run(mut self, calls: Calls) -> Result<ExitCode, Failure> {
        let mut lines = Lines::new(BufReader::new(calls.stream));
        let mut all_calls = true;
        while !self.report.is_closed() {
            let read = lines.next_line();
            let read = read.map_err(|error| Failure::new(format!("cannot read {}: {error}", calls.name)));
            let Some((number, line)) = read? else { break };
            let call = match line {
                Line::Text(text) if text.trim_ascii().is_empty() => continue,
                Line::Text(text) => Call::read(text),
                Line::TooLong => {
                    Err(format!("the line is longer than {} MiB, which is the most", BYTES_MAX >> 20))
                }
            };
            match call {
                Ok(call) => self.decide(&call)?,
                Err(error) => {
                    all_calls = false;
                    self.report.no_call(number, &error)?;
                }
            }
        }
        self.report.end()?;
        Ok(if all_calls { ExitCode::SUCCESS } else { ExitCode::from(CANNOT) })
    }

    fn decide(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let at = call.at.or(self.at).unwrap_or_else(|| SystemClock.now());
        self.clock.set(at);
        let arguments = call.arguments.map(|text| JsonText::new(text.as_bytes()));
        let decision = match &call.approval {
            Some(token) => self.engine.evaluate(&call.identity, &call.tool, arguments.with_approval(token)),
            None => self.engine.evaluate(&call.identity, &call.tool, arguments),
        };
        let listed = self.deciding.lists(&call.tool);
        self.report.decided(&Decided { call, at, decision: &decision, listed })
    }
}
