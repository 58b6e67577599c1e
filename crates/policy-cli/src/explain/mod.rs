//! `policy explain`: why one call is decided as it is, and what would have to change. The steps are policy-core's, how they look is
//! `text`'s business.

mod text;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_core::{Arguments as _, Clock as _, ExplainOptions, Explanation, ManualClock, SystemClock};
use policy_json::JsonText;

use crate::call::Call;
use crate::deciding::DecideBy;
use crate::failure::Failure;
use crate::input;
use crate::output::{Output, inert_json};
use crate::printable;

/// What is to be explained, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) by: DecideBy,
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
    let deciding = options.by.load()?;
    let text = read_call(options.call.as_deref())?;
    let call = Call::read(&text).map_err(|error| {
        Failure::new(format!("the call cannot be used: {error}"))
            .with_help("wanted is one object such as `{\"grant\": \"alice\", \"tool\": \"list-pods\", \"arguments\": {}}`")
    })?;
    let at = call.at.or(options.by.at).unwrap_or_else(|| SystemClock.now());
    let engine = deciding.engine(ManualClock::new(at))?;
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
                file: &printable::path(&options.by.policy),
                policy: &deciding.text,
                listed: deciding.lists(&call.tool),
            };
            Output::styled().write(&text::text(&explained))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The call's text: a file's, or what comes on standard input, to its end.
fn read_call(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    if file.is_none_or(input::is_stdin) && io::stdin().is_terminal() {
        return Err(Failure::new("there is no call to explain")
            .with_help("name a file that holds it, or send it on standard input"));
    }
    input::read_or_stdin(file)
}
