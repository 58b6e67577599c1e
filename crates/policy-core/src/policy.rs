//! A policy: what one policy.json says, as plain data. Deciding by it is `program`'s and `plan`'s business.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use crate::amount::Amount;
use crate::group::Group;
use crate::limit::{Limit, RateLimit, Window};
use crate::path::Path;
use crate::schema::Schema;

/// What one policy document says. Its parts are valid by construction; [`Policy::check`] looks at them together.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The name the host knows it by; decisions carry it.
    pub id: Box<str>,
    /// The digest of the document it was read from; decisions carry it.
    pub digest: Digest,
    /// For tools that are not named under `tools`.
    pub default: DefaultEffect,
    /// Names that are neither listed nor callable. `*` among them hides all.
    pub hide: Vec<Box<str>>,
    /// Limits on every call.
    pub all_tools: AllTools,
    /// Exact names, each with its rules.
    pub tools: BTreeMap<Box<str>, Tool>,
    /// Text for people.
    pub description: Option<Box<str>>,
    /// The address of a schema, for editors.
    pub schema_uri: Option<Box<str>>,
}

impl Policy {
    /// A policy that names no tool yet.
    #[must_use]
    pub fn new(id: impl Into<Box<str>>, default: DefaultEffect) -> Self {
        Self {
            id: id.into(),
            digest: Digest::default(),
            default,
            hide: Vec::new(),
            all_tools: AllTools::default(),
            tools: BTreeMap::new(),
            description: None,
            schema_uri: None,
        }
    }

    /// Looks at what no part can see by itself (the same counter and window twice in one list, a name hidden twice), and at
    /// what no document could say: a limit without a counter's name, a `max` that is not whole, a window of no length.
    ///
    /// # Errors
    /// Every fault there is, each with the JSON Pointer of its place.
    pub fn check(&self) -> Result<(), Vec<PolicyFault>> {
        let mut faults = Vec::new();
        let mut hidden = HashSet::new();
        for (place, name) in self.hide.iter().enumerate() {
            let kind = match (name.is_empty(), hidden.insert(name)) {
                (true, _) => PolicyFaultKind::EmptyName,
                (false, false) => PolicyFaultKind::HiddenTwice,
                (false, true) => continue,
            };
            faults.push(PolicyFault { pointer: format!("/hide/{place}"), kind });
        }
        check_limits(&|| "/all_tools/limits".to_owned(), &self.all_tools.limits, &mut faults);
        for (name, tool) in &self.tools {
            check_limits(&|| format!("/tools/{}/limits", escape(name)), &tool.limits, &mut faults);
            if let Some(RateLimit { max, window }) = tool.rate_limit {
                let pointer = |field: &str| format!("/tools/{}/rate_limit/{field}", escape(name));
                check_numbers(&pointer, max, window, &mut faults);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

fn check_limits(list: &dyn Fn() -> String, limits: &[Limit], faults: &mut Vec<PolicyFault>) {
    let mut counters = HashSet::new();
    for (place, limit) in limits.iter().enumerate() {
        if !counters.insert((&limit.counter, limit.window.seconds())) {
            let pointer = format!("{}/{place}", list());
            faults.push(PolicyFault { pointer, kind: PolicyFaultKind::SameLimitTwice });
        }
        let pointer = |field: &str| format!("{}/{place}/{field}", list());
        if limit.counter.is_empty() {
            faults.push(PolicyFault { pointer: pointer("counter"), kind: PolicyFaultKind::EmptyCounter });
        }
        if limit.increment_from.as_ref().is_some_and(Path::has_every) {
            faults
                .push(PolicyFault { pointer: pointer("increment_from"), kind: PolicyFaultKind::CostOfEvery });
        }
        check_numbers(&pointer, limit.max, limit.window, faults);
    }
}

fn check_numbers(
    pointer: &dyn Fn(&str) -> String,
    max: Amount,
    window: Window,
    faults: &mut Vec<PolicyFault>,
) {
    if max.as_whole().is_none() {
        faults.push(PolicyFault { pointer: pointer("max"), kind: PolicyFaultKind::FractionalMax });
    }
    if Window::from_seconds(window.seconds()).is_none() {
        faults.push(PolicyFault { pointer: pointer("window"), kind: PolicyFaultKind::WindowLength });
    }
}

/// A name as one step of a JSON Pointer (RFC 6901, section 3).
#[must_use]
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Something that is wrong with a policy as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at `{pointer}`")]
pub struct PolicyFault {
    /// RFC 6901 pointer to its place in the document.
    pub pointer: String,
    /// What it is.
    pub kind: PolicyFaultKind,
}

/// What can be wrong with a policy as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFaultKind {
    /// A name that is the empty string.
    #[error("an empty name hides nothing")]
    EmptyName,
    /// A name that `hide` has already.
    #[error("this name is hidden already")]
    HiddenTwice,
    /// Two limits in one list that would count in the same counter.
    #[error("a limit with this counter and window stands in the list already")]
    SameLimitTwice,
    /// A counter whose name is the empty string.
    #[error("a counter's name is not empty")]
    EmptyCounter,
    /// A `max` that is not a whole number.
    #[error("`max` is a whole number")]
    FractionalMax,
    /// A cost that `[*]` would take from several places.
    #[error("`increment_from` leads to one argument, and `[*]` to several")]
    CostOfEvery,
    /// A window of no length, or of more than a year.
    #[error("a window is 1 to 31536000 seconds long")]
    WindowLength,
}

/// `default`: what happens to tools that a policy does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DefaultEffect {
    Allow,
    Deny,
}

/// `all_tools`: what holds for every call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllTools {
    /// Every group must hold, after the tool's own.
    pub require: Vec<Group>,
    /// Any group that holds denies, after the tool's own.
    pub deny_if: Vec<Group>,
    /// Any group that holds asks for approval, after the tool's own.
    pub approve_if: Vec<Group>,
    /// Limits on every call.
    pub limits: Vec<Limit>,
    /// Text for people.
    pub description: Option<Box<str>>,
}

/// The rules of one tool. `Tool::default()` allows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tool {
    /// What happens to a call that no rule denies.
    pub action: Action,
    /// What the agent reads where `action` denies or asks for approval.
    pub reason: Option<Box<str>>,
    /// What the arguments must satisfy before any group looks at them.
    pub schema: Option<Schema>,
    /// Every group must hold.
    pub require: Vec<Group>,
    /// Any group that holds denies.
    pub deny_if: Vec<Group>,
    /// Any group that holds asks for approval.
    pub approve_if: Vec<Group>,
    /// Limits on this tool.
    pub limits: Vec<Limit>,
    /// The short dialect's limit on this tool.
    pub rate_limit: Option<RateLimit>,
    /// Text for people.
    pub description: Option<Box<str>>,
}

/// `action` of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum Action {
    #[default]
    Allow,
    Deny,
    RequireApproval,
}

impl Action {
    /// The action's name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::RequireApproval => "require_approval",
        }
    }
}

/// The SHA-256 of a policy document's bytes; all zeros for a policy that was made in code.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::limit::Window;

    #[test]
    fn one_counter_and_window_stands_once_in_a_list() {
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        let limit = |window| Limit::new("c", window, Amount::ONE);
        let limits = vec![limit(Window::Minute), limit(Window::Hour), limit(Window::Seconds(60))];
        policy.tools.insert("a/b".into(), Tool { limits, ..Tool::default() });
        policy.hide = vec!["x".into(), "".into(), "x".into()];
        let faults = policy.check().unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.kind)).collect();
        assert_eq!(
            found,
            [
                ("/hide/1", PolicyFaultKind::EmptyName),
                ("/hide/2", PolicyFaultKind::HiddenTwice),
                ("/tools/a~1b/limits/2", PolicyFaultKind::SameLimitTwice),
            ]
        );
    }
}
