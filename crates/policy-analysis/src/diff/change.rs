//! What a comparison of two policies finds, as plain data.

use policy_core::{Code, Effect, Timestamp, Value};

/// Everything that one policy changes about another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The changes: widenings, then what may be widenings, then narrowings, then what may be narrowings, then texts.
    pub changes: Vec<Change>,
    /// What there is to know besides: tools that were left out, counters that count anew.
    pub notes: Vec<String>,
}

impl Diff {
    /// The changes of that direction.
    pub fn of(&self, direction: Direction) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.direction == direction)
    }

    /// Whether something may be permitted that was not, or it could not be decided whether it is.
    #[must_use]
    pub fn may_widen(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change.direction, Direction::Widening | Direction::MaybeWidening))
    }

    /// Whether nothing changed, not even texts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.notes.is_empty()
    }
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Calls pass that did not, or without an approval that they needed.
    Widening,
    /// Something changed, and it could not be decided that nothing passes that did not.
    MaybeWidening,
    /// Calls no longer pass that did, or need an approval that they did not need.
    Narrowing,
    /// Something changed, and it could not be decided that everything passes that did.
    MaybeNarrowing,
    /// The decisions are the same; only what is said, or what is reported, changed.
    Text,
}

impl Direction {
    /// The direction's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Widening => "widening",
            Self::MaybeWidening => "maybe_widening",
            Self::Narrowing => "narrowing",
            Self::MaybeNarrowing => "maybe_narrowing",
            Self::Text => "text",
        }
    }

    pub(super) const fn reversed(self) -> Self {
        match self {
            Self::Widening => Self::Narrowing,
            Self::MaybeWidening => Self::MaybeNarrowing,
            Self::Narrowing => Self::Widening,
            Self::MaybeNarrowing => Self::MaybeWidening,
            Self::Text => Self::Text,
        }
    }
}

/// What it is about the calls that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Every call of a tool is denied under one of the policies, and not under the other.
    Tool,
    /// Calls with certain arguments.
    Arguments,
    /// How often, or how much.
    Limit,
    /// Whether a person is asked: denied under one policy, to be approved under the other.
    Approvable,
    /// Whether a person is asked: allowed under one policy, to be approved under the other.
    Approval,
    /// Texts, and what is only reported on.
    Text,
}

impl ChangeKind {
    /// The kind's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Arguments => "arguments",
            Self::Limit => "limit",
            Self::Approvable => "approvable",
            Self::Approval => "approval",
            Self::Text => "text",
        }
    }
}

/// Which tool a change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToolName {
    /// The tool of that name.
    Named(Box<str>),
    /// Every tool that neither policy names.
    Others,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// What it is about.
    pub kind: ChangeKind,
    /// The tools it holds for. None for texts that belong to no tool.
    pub tools: Vec<ToolName>,
    /// Where in the old document the rule stands; `None` where it has none.
    pub old: Option<String>,
    /// Where in the new document the rule stands that is nearest to it; `None` where there is none.
    pub new: Option<String>,
    /// What changed, in words. Holds values of the two policies, and no others.
    pub message: String,
    /// Calls that show it, which were really decided under both policies.
    pub example: Option<Example>,
}

/// Calls that are decided differently. The last of them is the one.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The calls, in order, on counters that have counted nothing yet.
    pub calls: Vec<Calls>,
    /// What the old policy does with the last one, and why.
    pub old: (Effect, Code),
    /// What the new policy does with it.
    pub new: (Effect, Code),
}

impl Example {
    /// How many calls it takes.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.calls.iter().map(|calls| calls.count).fold(0, u64::saturating_add)
    }
}

/// The same call, so many times one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Calls {
    /// The tool's name.
    pub tool: String,
    /// The arguments. Where they are no object, that is what is shown.
    pub arguments: Value,
    /// Who calls.
    pub caller: Caller,
    /// When.
    pub at: Timestamp,
    /// How many times.
    pub count: u64,
}

/// A caller of an example: by numbers, of which each stands for another server, grant or session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Which server.
    pub server: u32,
    /// Which grant.
    pub grant: u32,
    /// Which session; `None` without one.
    pub session: Option<u32>,
}

impl Caller {
    /// The server's name.
    #[must_use]
    pub fn server_name(&self) -> String {
        format!("server-{}", self.server.saturating_add(1))
    }

    /// The grant's name.
    #[must_use]
    pub fn grant_name(&self) -> String {
        format!("grant-{}", self.grant.saturating_add(1))
    }

    /// The session's name.
    #[must_use]
    pub fn session_name(&self) -> Option<String> {
        self.session.map(|session| format!("session-{}", session.saturating_add(1)))
    }
}
