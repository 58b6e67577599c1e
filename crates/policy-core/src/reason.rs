//! Rule ids, pointers and messages: made from the places in a verdict, and only when somebody asks. No argument's value
//! gets into any of them.

use std::time::Duration;

use crate::code::Code;
use crate::group::Group;
use crate::limit::{Limit, Window};
use crate::policy::escape;
use crate::program::{Entry, LimitOrigin};
use crate::schema::SchemaViolation;
use crate::snapshot::Snapshot;
use crate::verdict::{Detail, GroupList, Place, Verdict, Whose};

/// What a place is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) verdict: &'a Verdict,
}

impl<'a> Context<'a> {
    fn entry(&self) -> Option<&'a Entry> {
        self.verdict.entry(self.snapshot)
    }

    pub(crate) fn limit(&self, origin: LimitOrigin) -> Option<&'a Limit> {
        self.verdict.limits(self.snapshot).find(|limit| limit.origin == origin).map(|limit| &limit.limit)
    }

    fn tool(&self) -> &'a str {
        let program = self.verdict.program(self.snapshot);
        program.zip(self.entry()).map_or("", |(program, entry)| program.name(entry))
    }

    pub(crate) fn group(&self, whose: Whose, list: GroupList, place: u32) -> Option<&'a Group> {
        let groups = match whose {
            Whose::Tool => {
                let tool = &self.entry()?.rules.as_ref()?.tool;
                [&tool.require, &tool.deny_if, &tool.approve_if]
            }
            Whose::AllTools => {
                let everybodys = &self.verdict.program(self.snapshot)?.everybodys;
                [&everybodys.require, &everybodys.deny_if, &everybodys.approve_if]
            }
        };
        let [require, deny_if, approve_if] = groups;
        match list {
            GroupList::Require => at(require, place),
            GroupList::DenyIf => at(deny_if, place),
            GroupList::ApproveIf => at(approve_if, place),
        }
    }

    /// What `action` says to the agent, where the policy has a text for it.
    fn reason(&self) -> Option<String> {
        self.entry()?.rules.as_ref()?.tool.reason.as_deref().map(ToOwned::to_owned)
    }

    /// The rule's id: for people and logs. Two rules can share one; a pointer is exact.
    pub(crate) fn rule(&self, place: Place) -> String {
        match place {
            Place::Nowhere => String::new(),
            Place::GrantRevoked => "(grant revoked)".to_owned(),
            Place::NoPolicy => "(no policy)".to_owned(),
            Place::Hidden(_) => "(hidden)".to_owned(),
            Place::Default => "(default deny)".to_owned(),
            Place::ToolName => "(invalid tool name)".to_owned(),
            Place::Arguments => "(arguments)".to_owned(),
            Place::InputSchema => "(input schema)".to_owned(),
            Place::Schema => format!("/tools/{}/schema", self.tool()),
            Place::Action => format!("/tools/{}/action", self.tool()),
            Place::Group { whose, list, group, condition } => {
                let named =
                    self.group(whose, list, group).and_then(|group| at(&group.conditions, condition?));
                let rules = match whose {
                    Whose::Tool => format!("/tools/{}/{}", self.tool(), list.name()),
                    Whose::AllTools => format!("/all_tools/{}", list.name()),
                };
                match named {
                    Some(condition) => {
                        format!("{rules}/{}-{}", condition.path().text(), condition.operator().name())
                    }
                    None => format!("{rules}/(always)"),
                }
            }
            Place::Limit(LimitOrigin::RateLimit) => format!("/tools/{}/rate_limit", self.tool()),
            Place::Limit(origin) => {
                let counter = self.limit(origin).map_or("", |limit| &limit.counter);
                match origin {
                    LimitOrigin::AllTools(_) => format!("/all_tools/limits/{counter}"),
                    _ => format!("/tools/{}/limits/{counter}", self.tool()),
                }
            }
        }
    }

    /// Where in the document the tool's rules stand.
    pub(crate) fn tool_pointer(&self) -> String {
        format!("/tools/{}", escape(self.tool()))
    }

    /// Where in the document the rule stands: a JSON Pointer (RFC 6901).
    pub(crate) fn pointer(&self, place: Place) -> String {
        let tool = || self.tool_pointer();
        match place {
            Place::Nowhere
            | Place::GrantRevoked
            | Place::NoPolicy
            | Place::Arguments
            | Place::InputSchema => String::new(),
            Place::Schema => format!("{}/schema", tool()),
            Place::Hidden(place) => format!("/hide/{place}"),
            Place::Default | Place::ToolName => "/default".to_owned(),
            Place::Action => format!("{}/action", tool()),
            Place::Group { whose, list, group, condition } => {
                let rules = match whose {
                    Whose::Tool => tool(),
                    Whose::AllTools => "/all_tools".to_owned(),
                };
                let group = format!("{rules}/{}/{group}", list.name());
                match condition {
                    Some(condition) => format!("{group}/conditions/{condition}"),
                    None => group,
                }
            }
            Place::Limit(LimitOrigin::Tool(place)) => format!("{}/limits/{place}", tool()),
            Place::Limit(LimitOrigin::RateLimit) => format!("{}/rate_limit", tool()),
            Place::Limit(LimitOrigin::AllTools(place)) => format!("/all_tools/limits/{place}"),
        }
    }

    /// What the agent may read.
    pub(crate) fn message(
        &self,
        code: Code,
        place: Place,
        detail: Option<&Detail>,
        asked: &str,
        retry_after: Option<Duration>,
    ) -> String {
        let tool = shown(asked);
        match code {
            Code::Allowed => String::new(),
            Code::NoPolicy => "No policy applies to this caller".to_owned(),
            Code::GrantRevoked => "This grant has been revoked".to_owned(),
            Code::Hidden => format!("Tool \"{tool}\" is hidden by policy"),
            Code::DefaultDeny => format!("Tool \"{tool}\" is not permitted by policy"),
            Code::InvalidToolName => "The tool's name is not valid".to_owned(),
            Code::ToolDenied => {
                self.reason().unwrap_or_else(|| format!("Tool \"{tool}\" is denied by policy"))
            }
            Code::ApprovalRequired => self.asking_message(place, &tool),
            Code::ApprovalInvalid => match detail {
                Some(Detail::Approval(fault)) => format!("The approval is not acceptable: {fault}"),
                _ => "The approval is not acceptable".to_owned(),
            },
            Code::InvalidArguments => match detail {
                Some(Detail::Argument(error)) => format!("The arguments are not acceptable: {error}"),
                _ => "The arguments are not acceptable".to_owned(),
            },
            Code::SchemaViolation => schema_message(detail),
            Code::RequireFailed | Code::DeniedByRule | Code::TypeMismatch => {
                self.group_message(code, place, &tool)
            }
            Code::InvalidCost | Code::LimitExceeded | Code::CountersFull | Code::StoreUnavailable => {
                self.limit_message(code, place, detail, retry_after)
            }
            Code::InternalError => "The policy engine failed".to_owned(),
        }
    }

    fn group_message(&self, code: Code, place: Place, tool: &str) -> String {
        let Place::Group { whose, list, group, condition } = place else { return String::new() };
        let group = self.group(whose, list, group);
        let condition = group.and_then(|group| at(&group.conditions, condition?));
        if let (Code::TypeMismatch, Some(condition)) = (code, condition) {
            return condition.demand();
        }
        match (group.and_then(|group| group.on_deny.as_deref()), condition) {
            (Some(text), _) => text.to_owned(),
            (None, Some(condition)) => {
                format!(
                    "Tool \"{tool}\" is not permitted by policy with these arguments ({})",
                    condition.path().text()
                )
            }
            (None, None) => format!("Tool \"{tool}\" is not permitted by policy"),
        }
    }

    fn asking_message(&self, place: Place, tool: &str) -> String {
        let (text, condition) = match place {
            Place::Group { whose, list, group, condition } => {
                let group = self.group(whose, list, group);
                let condition = group.and_then(|group| at(&group.conditions, condition?));
                (group.and_then(|group| group.on_deny.as_deref()).map(ToOwned::to_owned), condition)
            }
            _ => (self.reason(), None),
        };
        text.unwrap_or_else(|| match condition {
            Some(condition) => {
                format!("Tool \"{tool}\" needs approval with these arguments ({})", condition.path().text())
            }
            None => format!("Tool \"{tool}\" needs approval"),
        })
    }

    fn limit_message(
        &self,
        code: Code,
        place: Place,
        detail: Option<&Detail>,
        retry_after: Option<Duration>,
    ) -> String {
        let limit = match place {
            Place::Limit(origin) => self.limit(origin),
            _ => None,
        };
        match (code, limit, detail) {
            (Code::InvalidCost, Some(limit), Some(Detail::Cost(fault))) => {
                let path = limit.increment_from.as_ref().map_or("args", |path| path.text());
                format!("Argument {path} says what the call costs: it {fault}")
            }
            (Code::LimitExceeded, Some(limit), _) => match limit.on_deny.as_deref() {
                Some(text) => text.to_owned(),
                None => exceeded(limit, retry_after),
            },
            (Code::CountersFull, ..) => "Too many callers are being counted; try again later".to_owned(),
            _ => "The limits could not be checked; try again later".to_owned(),
        }
    }
}

fn at<T>(list: &[T], place: u32) -> Option<&T> {
    list.get(usize::try_from(place).ok()?)
}

impl GroupList {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::DenyIf => "deny_if",
            Self::ApproveIf => "approve_if",
        }
    }
}

/// Names the place and the keyword; the value, and names that the schema does not have, stay out.
fn schema_message(detail: Option<&Detail>) -> String {
    match detail {
        Some(Detail::Schema(violation)) if violation.pointer.is_empty() => {
            format!("The arguments do not satisfy the tool's schema (`{}`)", violation.keyword)
        }
        Some(Detail::Schema(SchemaViolation { pointer, keyword, .. })) => {
            format!("Argument `{pointer}` does not satisfy the tool's schema (`{keyword}`)")
        }
        _ => "The arguments do not satisfy the tool's schema".to_owned(),
    }
}

fn exceeded(limit: &Limit, retry_after: Option<Duration>) -> String {
    let allows = format!("Limit \"{}\" allows {} per {}", limit.counter, limit.max, per(limit.window));
    match retry_after {
        Some(wait) => format!("{allows}; try again in {} s", wait.as_millis().div_ceil(1000)),
        None => allows,
    }
}

/// The window, as one says it after "per".
fn per(window: Window) -> String {
    match (window.name(), window.seconds()) {
        (Some(name), _) => name.to_owned(),
        (None, 1) => "second".to_owned(),
        (None, seconds) => format!("{seconds} seconds"),
    }
}

/// The name that was asked for, cut where it is longer than any tool's: the caller chose it.
pub(crate) fn shown(name: &str) -> String {
    const MOST: usize = 128;
    match name.char_indices().nth(MOST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or_default()),
    }
}
