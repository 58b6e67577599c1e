//! A limit as a policy writes it: counter, window, max, scope. Counting is a store's business.

use crate::amount::Amount;
use crate::group::Mode;
use crate::path::Path;

/// A fixed window, aligned to UTC: minutes, hours and days as the clock has them, any number of seconds counted from
/// the Unix epoch. `minute` and 60 seconds are the same window, and equal.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Window {
    Minute,
    Hour,
    Day,
    /// So many seconds, 1 to [`Window::SECONDS_MAX`].
    Seconds(u32),
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.seconds() == other.seconds()
    }
}

impl Eq for Window {}

impl Window {
    /// The longest window, a year.
    pub const SECONDS_MAX: u32 = 31_536_000;

    /// The window that a policy names so.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "minute" => Some(Self::Minute),
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            _ => None,
        }
    }

    /// A window of so many seconds; `None` outside 1 to [`Window::SECONDS_MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds >= 1 && seconds <= Self::SECONDS_MAX { Some(Self::Seconds(seconds)) } else { None }
    }

    /// The window's name, where the policy has one for it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Minute => Some("minute"),
            Self::Hour => Some("hour"),
            Self::Day => Some("day"),
            Self::Seconds(_) => None,
        }
    }

    /// How long it is, in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Seconds(seconds) => seconds,
        }
    }
}

/// Whose calls a limit counts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// One grant on one server.
    #[default]
    Grant,
    /// One session of a grant; a call without a session is counted with its grant.
    Session,
    /// Everybody on one server.
    Server,
    /// Everybody.
    Global,
}

impl Scope {
    /// Every scope, in the order of the reference.
    pub const ALL: [Self; 4] = [Self::Grant, Self::Session, Self::Server, Self::Global];

    /// The scope's name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Server => "server",
            Self::Global => "global",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// `{ "counter", "window", "max", "scope" }`: at most `max` in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The counter's name. Limits of the same counter, window and scope share it, whatever tool they stand under.
    pub counter: Box<str>,
    /// How long it counts before it starts again.
    pub window: Window,
    /// A call is admitted while what is used, and what it costs, stay within this.
    pub max: Amount,
    /// Whose calls it counts together.
    pub scope: Scope,
    /// The argument that says what a call costs; without it a call costs one.
    pub increment_from: Option<Path>,
    /// What the agent reads when this limit denies.
    pub on_deny: Option<Box<str>>,
    /// Whether it decides.
    pub mode: Mode,
    /// Text for people.
    pub description: Option<Box<str>>,
}

impl Limit {
    /// At most `max` calls in each window, counted by grant.
    #[must_use]
    pub fn new(counter: impl Into<Box<str>>, window: Window, max: Amount) -> Self {
        Self {
            counter: counter.into(),
            window,
            max,
            scope: Scope::Grant,
            increment_from: None,
            on_deny: None,
            mode: Mode::Enforce,
            description: None,
        }
    }
}

/// `{ "max", "window" }`, the short dialect's limit: so many calls in so many seconds, counted by session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls.
    pub max: Amount,
    /// In how many seconds.
    pub window: Window,
}

impl RateLimit {
    /// The same in the long form, with a counter named after the tool.
    #[must_use]
    pub fn to_limit(self, tool: &str) -> Limit {
        let limit = Limit::new(format!("rate_limit:{tool}"), self.window, self.max);
        Limit { scope: Scope::Session, ..limit }
    }
}
