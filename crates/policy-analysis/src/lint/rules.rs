//! The rules of a policy with their places: walking groups, conditions and limits in one way for all who look at them.

use std::borrow::Cow;
use std::collections::HashSet;

use policy_core::{
    Action, AllTools, Condition, DefaultEffect, Group, Limit, Mode, Operator, Path, Policy, Sense, Step,
    Tool, Value,
};

use super::finding::tool_pointer;

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner<'p> {
    Tool(&'p str),
    AllTools,
}

impl Owner<'_> {
    pub(super) fn pointer(self) -> String {
        match self {
            Self::Tool(name) => tool_pointer(name),
            Self::AllTools => "/all_tools".to_owned(),
        }
    }
}

/// Which list of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Require,
    DenyIf,
    ApproveIf,
}

impl List {
    /// How conditions that can be read narrowly or widely are read in it.
    pub(super) const fn sense(self) -> Sense {
        match self {
            Self::Require => Sense::Permits,
            Self::DenyIf | Self::ApproveIf => Sense::Forbids,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::DenyIf => "deny_if",
            Self::ApproveIf => "approve_if",
        }
    }
}

/// A group and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupAt<'p> {
    pub(super) owner: Owner<'p>,
    pub(super) list: List,
    pub(super) place: usize,
    pub(super) group: &'p Group,
}

impl<'p> GroupAt<'p> {
    pub(super) fn pointer(&self) -> String {
        format!("{}/{}/{}", self.owner.pointer(), self.list.name(), self.place)
    }

    pub(super) fn enforces(&self) -> bool {
        self.group.mode == Mode::Enforce
    }

    pub(super) fn conditions(self) -> impl Iterator<Item = ConditionAt<'p>> + Clone {
        let conditions = self.group.conditions.iter().enumerate();
        conditions.map(move |(place, condition)| ConditionAt { at: self, place, condition })
    }
}

/// A condition and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConditionAt<'p> {
    pub(super) at: GroupAt<'p>,
    pub(super) place: usize,
    pub(super) condition: &'p Condition,
}

impl<'p> ConditionAt<'p> {
    pub(super) fn pointer(&self) -> String {
        format!("{}/conditions/{}", self.at.pointer(), self.place)
    }

    /// The pointer to one of its fields.
    pub(super) fn field(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer())
    }

    pub(super) fn path(&self) -> &'p str {
        self.condition.path().text()
    }

    /// The operator by its name, so that operators which are not looked at need no mention.
    pub(super) fn op(&self) -> &'static str {
        self.condition.operator().name()
    }

    /// Whether it is `exists` with this value.
    pub(super) fn is_exists(&self, wanted: bool) -> bool {
        self.condition.operator() == Operator::Exists && *self.condition.value() == Value::Bool(wanted)
    }
}

/// The groups of a tool or of `all_tools`, in the order in which they are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups<'p> {
    pub(super) owner: Owner<'p>,
    require: &'p [Group],
    deny_if: &'p [Group],
    approve_if: &'p [Group],
}

impl<'p> Groups<'p> {
    pub(super) fn of_tool(name: &'p str, tool: &'p Tool) -> Self {
        let Tool { require, deny_if, approve_if, .. } = tool;
        Self { owner: Owner::Tool(name), require, deny_if, approve_if }
    }

    pub(super) fn of_all(policy: &'p Policy) -> Self {
        let AllTools { require, deny_if, approve_if, .. } = &policy.all_tools;
        Self { owner: Owner::AllTools, require, deny_if, approve_if }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = GroupAt<'p>> + Clone {
        let lists =
            [(List::Require, self.require), (List::DenyIf, self.deny_if), (List::ApproveIf, self.approve_if)];
        let owner = self.owner;
        lists.into_iter().flat_map(move |(list, groups)| {
            groups.iter().enumerate().map(move |(place, group)| GroupAt { owner, list, place, group })
        })
    }

    /// Whether an enforced `deny_if` group without conditions denies every call: the first such.
    pub(super) fn denies_outright(self) -> Option<usize> {
        let denies = |group: &Group| group.mode == Mode::Enforce && group.conditions.is_empty();
        self.deny_if.iter().position(denies)
    }
}

/// A limit and its place.
#[derive(Clone, Debug)]
pub(super) struct LimitAt<'p> {
    pub(super) owner: Owner<'p>,
    /// `None` for the tool's `rate_limit`.
    pub(super) place: Option<usize>,
    pub(super) limit: Cow<'p, Limit>,
}

impl LimitAt<'_> {
    pub(super) fn pointer(&self) -> String {
        let owner = self.owner.pointer();
        match self.place {
            Some(place) => format!("{owner}/limits/{place}"),
            None => format!("{owner}/rate_limit"),
        }
    }

    pub(super) fn enforces(&self) -> bool {
        self.limit.mode == Mode::Enforce
    }
}

/// A tool's own limits, its `rate_limit` last, as they are taken.
pub(super) fn limits<'p>(name: &'p str, tool: &'p Tool) -> impl Iterator<Item = LimitAt<'p>> {
    let own = listed(Owner::Tool(name), &tool.limits);
    let short = tool.rate_limit.map(|rate_limit| LimitAt {
        owner: Owner::Tool(name),
        place: None,
        limit: Cow::Owned(rate_limit.to_limit(name)),
    });
    own.chain(short)
}

/// The limits of `all_tools`.
pub(super) fn limits_of_all(policy: &Policy) -> impl Iterator<Item = LimitAt<'_>> {
    listed(Owner::AllTools, &policy.all_tools.limits)
}

fn listed<'p>(owner: Owner<'p>, limits: &'p [Limit]) -> impl Iterator<Item = LimitAt<'p>> {
    let at = move |(place, limit)| LimitAt { owner, place: Some(place), limit: Cow::Borrowed(limit) };
    limits.iter().enumerate().map(at)
}

/// What is true of a policy's names as a whole, looked up often.
#[derive(Debug)]
pub(super) struct Reach<'p> {
    hidden: HashSet<&'p str>,
    pub(super) hides_all: bool,
    pub(super) default: DefaultEffect,
}

impl<'p> Reach<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let hidden: HashSet<&str> = policy.hide.iter().map(|name| &**name).collect();
        let hides_all = hidden.contains("*");
        Self { hidden, hides_all, default: policy.default }
    }

    /// Whether the tool is hidden by its own name.
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        self.hidden.contains(name)
    }

    /// Whether any call of the tool comes as far as its rules.
    pub(super) fn comes_to_rules(&self, name: &str, tool: &Tool) -> bool {
        !self.hides_all && !self.is_hidden(name) && tool.action != Action::Deny
    }
}

/// The names that a path is made of; `None` for forms that lead through lists.
pub(super) fn names(path: &Path) -> Option<Vec<&str>> {
    path.steps().map(|step| if let Step::Name(name) = step { Some(name) } else { None }).collect()
}

/// Arguments that have this value at these names, and nothing else.
pub(super) fn arguments(names: &[&str], value: Value) -> Value {
    names.iter().rev().fold(value, |value, name| Value::Object(vec![((*name).into(), value)]))
}
