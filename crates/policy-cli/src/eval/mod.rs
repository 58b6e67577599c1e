//! `policy eval`: decides calls, one a line, and says what comes of each as soon as it is known.

mod call;
mod lines;

mod json_lines;
mod table;

use std::io::{self, BufReader, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use policy_core::{Arguments as _, Clock as _, Decision, Engine, ManualClock, SystemClock, Timestamp};
use policy_json::JsonText;

use crate::approve::read_key;
use crate::failure::{CANNOT, Failure};
use crate::input;
use crate::output::{self, Output};
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;
use crate::tool_list::ToolList;

pub(crate) use call::Call;
use json_lines::JsonLines;
use lines::{Line, Lines};
use table::Table;

/// What is to be decided, and how it is to be shown.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) policy: PathBuf,
    pub(crate) tools: Option<PathBuf>,
    /// The time of calls that have none of their own; the system's clock, if there is none.
    pub(crate) at: Option<Timestamp>,
    /// `None`: nothing can be approved.
    pub(crate) approval_key_file: Option<PathBuf>,
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
    let (loaded, text) = load_policy(&options.policy)?;
    let tools = options.tools.as_deref().map(ToolList::read).transpose()?;
    if let Some(tools) = &tools {
        let warnings = tools.compare(&printable::path(&options.policy), &text, &loaded.policy);
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
    let mut engine = Engine::builder(loaded.policies).clock(Arc::clone(&clock));
    if let Some(file) = &options.approval_key_file {
        engine = engine.approval_key(read_key(file)?);
    }
    if let Some(tools) = &tools {
        engine = engine.catalogue(tools.schemas()?);
    }
    let engine = engine.build();
    Evaluation { engine, clock, at: options.at, tools, report }.run(calls)
}

/// The policy that calls are decided by, and its text.
pub(crate) fn load_policy(file: &Path) -> Result<(Loaded, Vec<u8>), Failure> {
    let text = input::read(file)?;
    let name = printable::path(file);
    let failure = match policy_file::load(&file.to_string_lossy(), &text) {
        Ok(loaded) => return Ok((loaded, text)),
        Err(NotLoaded::Mistakes(error)) => {
            let _said = write!(anstream::stderr(), "{}", policy_file::render(&name, &text, 0, &error));
            Failure::new(format!("`{name}` is not a policy, so no call was decided"))
        }
        Err(NotLoaded::Unusable(fault)) => {
            Failure::new(format!("`{name}` cannot be used: {}", printable::text(&fault)))
        }
    };
    Err(failure.with_help(format!("correct it until `policy validate {name}` is content")))
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
        let Some(file) = file.filter(|file| *file != Path::new("-")) else {
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
    tools: Option<ToolList>,
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
                    Err(format!("the line is longer than {} MiB, which is the most", lines::BYTES_MAX >> 20))
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
        let listed = self.tools.as_ref().is_none_or(|tools| tools.has(&call.tool));
        self.report.decided(&Decided { call, at, decision: &decision, listed })
    }
}
