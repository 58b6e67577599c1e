//! `policy explain`: why one call is decided as it is, and what would have to change. The steps are policy-core's, how they look is
//! `text`'s business.

mod text;

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_core::{
    Arguments as _, Clock as _, Engine, ExplainOptions, Explanation, ManualClock, SystemClock, Timestamp,
};
use policy_json::JsonText;

use crate::approve::read_key;
use crate::eval::{Call, load_policy};
use crate::failure::Failure;
use crate::input;
use crate::output::{Output, inert_json};
use crate::printable;
use crate::tool_list::ToolList;

/// What is to be explained, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) policy: PathBuf,
    pub(crate) tools: Option<PathBuf>,
    /// The time of a call that has none of its own; the system's clock, if there is none.
    pub(crate) at: Option<Timestamp>,
    pub(crate) approval_key_file: Option<PathBuf>,
    pub(crate) show_values: bool,
    pub(crate) format: Format,
    /// `None`: standard input.
    pub(crate) call: Option<PathBuf>,
}

/// How the explanation is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// A call, explained, and what is needed to show it.
struct Explained<'a> {
    explanation: &'a Explanation,
    call: &'a Call<'a>,
    /// The policy's file, fit to be shown, and its text.
    file: &'a str,
    policy: &'a [u8],
    /// False where there is a list of the server's tools, and the called one is not on it.
    listed: bool,
}

/// Explains a call; the status is 0 whatever is decided.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let (loaded, policy) = load_policy(&options.policy)?;
    let tools = options.tools.as_deref().map(ToolList::read).transpose()?;
    let text = read_call(options.call.as_deref())?;
    let call = Call::read(&text).map_err(|error| {
        Failure::new(format!("the call cannot be used: {error}"))
            .with_help("wanted is one object such as `{\"grant\": \"alice\", \"tool\": \"list-pods\", \"arguments\": {}}`")
    })?;
    let at = call.at.or(options.at).unwrap_or_else(|| SystemClock.now());
    let mut engine = Engine::builder(loaded.policies).clock(ManualClock::new(at));
    if let Some(file) = &options.approval_key_file {
        engine = engine.approval_key(read_key(file)?);
    }
    if let Some(tools) = &tools {
        engine = engine.catalogue(tools.schemas()?);
    }
    let engine = engine.build();
    let shown = ExplainOptions { show_values: options.show_values };
    let arguments = call.arguments.map(|text| JsonText::new(text.as_bytes()));
    let explanation = match &call.approval {
        Some(token) => engine.explain(&call.identity, &call.tool, arguments.with_approval(token), shown),
        None => engine.explain(&call.identity, &call.tool, arguments, shown),
    };
    match options.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&explanation)
                .map_err(|error| Failure::new(format!("cannot write the explanation: {error}")))?;
            Output::plain().write(&inert_json(json))?;
        }
        Format::Text => {
            let explained = Explained {
                explanation: &explanation,
                call: &call,
                file: &printable::path(&options.policy),
                policy: &policy,
                listed: tools.as_ref().is_none_or(|tools| tools.has(&call.tool)),
            };
            Output::styled().write(&text::text(&explained))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The call's text: a file's, or what comes on standard input, to its end.
fn read_call(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    if let Some(file) = file.filter(|file| *file != Path::new("-")) {
        return input::read(file);
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::new("there is no call to explain")
            .with_help("name a file that holds it, or send it on standard input"));
    }
    let mut text = Vec::new();
    let limit = u64::try_from(input::BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = stdin.take(limit).read_to_end(&mut text);
    read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    Ok(text)
}
