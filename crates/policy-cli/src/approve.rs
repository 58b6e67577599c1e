//! `policy approve`: makes a token of an approval request. Whether the call should be approved is for whoever runs it to know.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use policy_core::arguments::{Caps, Kind};
use policy_core::{ApprovalRequest, Clock as _, SystemClock, Timestamp};
use policy_json::Parsed;

use crate::deciding::read_key;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::printable;

/// How large a request may be, or the decision that it is part of.
const BYTES_MAX: usize = 8 << 20;

/// What is to be approved, by whom.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) key_file: PathBuf,
    pub(crate) approver: String,
    pub(crate) ttl: Duration,
    /// `None`: the system's clock.
    pub(crate) at: Option<Timestamp>,
    /// `None`: standard input.
    pub(crate) request: Option<PathBuf>,
}

/// Prints the token.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let key = read_key(&options.key_file)?;
    let text = input::read_or_stdin(options.request.as_deref())?;
    let request = read_request(&text).map_err(|why| {
        let failure = Failure::new(format!("this is no approval request: {why}"));
        failure.with_help("give it one decision with the effect `require_approval`, or its field `approval`")
    })?;
    let now = options.at.unwrap_or_else(|| SystemClock.now());
    let token = key.approve(&request, &options.approver, now, options.ttl);
    let token = token.map_err(|error| Failure::new(error.to_string()))?;
    let [approver, grant, tool, message] =
        [&*options.approver, &*request.grant, &*request.tool, &*request.message].map(printable::text);
    // Where standard error is closed nobody is left to be told.
    let _said = writeln!(anstream::stderr(), "{approver} approves that {grant} calls {tool} ({message})");
    Output::plain().write(&format!("{}\n", token.as_str()))?;
    Ok(ExitCode::SUCCESS)
}

/// A request by itself, or as part of a decision.
fn read_request(text: &[u8]) -> Result<ApprovalRequest, String> {
    let caps = Caps { bytes: BYTES_MAX, ..Caps::default() };
    // Read strictly first: no name stands twice, and there is one text.
    let parsed = Parsed::parse(text, caps).map_err(|error| error.to_string())?;
    if let Some(twice) = parsed.duplicates().next() {
        let twice = printable::name(twice.as_str().unwrap_or_default());
        return Err(format!("`{twice}` stands twice in one object"));
    }
    let root = parsed.root().filter(|root| root.kind() == Kind::Object).ok_or("it must be an object")?;
    let request = root.get("approval").unwrap_or(root);
    serde_json::from_str(parsed.raw(request)).map_err(|error| printable::text(&error.to_string()))
}
