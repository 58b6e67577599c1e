//! What calls are decided by, for every command that decides some: a policy, perhaps a server's tools and a key of approvals.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use policy_core::{ApprovalKey, Clock, Engine, Timestamp};

use crate::failure::Failure;
use crate::input;
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;
use crate::time;
use crate::tool_list::ToolList;

/// The files that say it.
#[derive(Debug, Args)]
pub(crate) struct DecideBy {
    /// The policy to decide by; it applies to every grant
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// What the server answers to `tools/list`. Arguments are held against each tool's `inputSchema`, before any rule.
    /// Calls of tools that the server does not list are marked, and `eval` warns of such names in the policy
    #[arg(long, value_name = "LIST.json")]
    tools: Option<PathBuf>,
    /// The time of a call that has no `at`, such as 2026-01-01T10:30:00Z [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = time::parse_argument)]
    pub(crate) at: Option<Timestamp>,
    /// The file that holds the key of approvals: all of its bytes, at least 32. Without it calls can wait for approval and
    /// get none
    #[arg(long, value_name = "FILE")]
    approval_key_file: Option<PathBuf>,
}

/// What stood in them.
pub(crate) struct Deciding {
    pub(crate) loaded: Loaded,
    /// The policy's text.
    pub(crate) text: Vec<u8>,
    pub(crate) tools: Option<ToolList>,
    key: Option<ApprovalKey>,
}

impl DecideBy {
    pub(crate) fn load(&self) -> Result<Deciding, Failure> {
        let (loaded, text) = load_policy(&self.policy)?;
        let tools = self.tools.as_deref().map(ToolList::read).transpose()?;
        let key = self.approval_key_file.as_deref().map(read_key).transpose()?;
        Ok(Deciding { loaded, text, tools, key })
    }
}

impl Deciding {
    /// An engine that decides by it.
    pub(crate) fn engine(&self, clock: impl Clock + 'static) -> Result<Engine, Failure> {
        let mut engine = Engine::builder(self.loaded.policies.clone()).clock(clock);
        if let Some(key) = &self.key {
            engine = engine.approval_key(key.clone());
        }
        if let Some(tools) = &self.tools {
            engine = engine.catalogue(tools.schemas()?);
        }
        Ok(engine.build())
    }

    /// Whether the server lists the tool, as far as it is known what it lists.
    pub(crate) fn lists(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.has(tool))
    }
}

fn load_policy(file: &Path) -> Result<(Loaded, Vec<u8>), Failure> {
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

/// The key that a file holds: all of its bytes, as they are.
pub(crate) fn read_key(file: &Path) -> Result<ApprovalKey, Failure> {
    let bytes = input::read(file)?;
    ApprovalKey::new(&bytes).map_err(|error| {
        let failure = Failure::new(format!("`{}` holds no approval key: {error}", printable::path(file)));
        failure.with_help("make one with `head -c 32 /dev/urandom > FILE`, which nobody else may read")
    })
}
