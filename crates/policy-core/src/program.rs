//! A policy made ready for deciding: names interned once, each tool's rules at an index, counters hashed ahead.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::counter::{CounterHash, Fingerprint};
use crate::group::{Group, Mode};
use crate::identity::Identity;
use crate::limit::{Limit, Scope};
use crate::policy::{Action, AllTools, DefaultEffect, Digest, Policy, PolicyFault, Tool};
use crate::scope::{ScopeKey, ScopeValue};

/// One compiled policy.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) id: Box<str>,
    pub(crate) digest: Digest,
    pub(crate) default: DefaultEffect,
    /// The place of `*` in `hide`, if it is there.
    pub(crate) hides_all: Option<u32>,
    /// Every name of the document. The names are the author's, so a fast hash is no way in: who calls cannot add any.
    names: HashMap<Box<str>, u32, RandomState>,
    tools: Vec<Entry>,
    /// The limits on every call.
    pub(crate) all_tools: Vec<CompiledLimit>,
    /// Whether anything that holds for every call looks at the arguments.
    pub(crate) all_tools_read: Reads,
    /// Whether any group holds for every call, be it without conditions.
    pub(crate) all_tools_have_groups: bool,
    /// The groups that hold for every call.
    pub(crate) everybodys: Groups,
}

/// What a policy says of one name. Fills one cache line: among ten thousand names every line is one that is not there.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    /// Its place in `hide`.
    pub(crate) hidden: Option<u32>,
    /// Its rules; `None` where it is only hidden.
    pub(crate) rules: Option<Rules>,
}

/// The rules of one tool.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What the policy wrote, its limits taken out: looked at only where there are groups, or something is denied.
    pub(crate) tool: Box<Tool>,
    pub(crate) limits: Box<[CompiledLimit]>,
    /// Whether `action` denies.
    pub(crate) denies: bool,
    /// Whether any rule, or any limit, looks at the arguments; if none does, they are not parsed.
    pub(crate) reads: Reads,
    /// Whether any group holds for it, be it without conditions or everybody's, or `action` asks for approval.
    pub(crate) has_groups: bool,
}

/// Groups that hold for every call.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) require: Vec<Group>,
    pub(crate) deny_if: Vec<Group>,
    pub(crate) approve_if: Vec<Group>,
}

impl Groups {
    fn are_any(&self) -> bool {
        !(self.require.is_empty() && self.deny_if.is_empty() && self.approve_if.is_empty())
    }

    fn reads(&self) -> Reads {
        let judged = Reads::of_groups(self.require.iter().chain(&self.deny_if));
        judged.max(Reads::of_asking(&self.approve_if))
    }
}

/// Who looks at a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reads {
    Nothing,
    /// Only what does not decide.
    Shadowed,
    /// Something that decides.
    Enforced,
}

impl Reads {
    fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Shadow => Self::Shadowed,
            Mode::Enforce => Self::Enforced,
        }
    }

    fn of_groups<'a>(groups: impl IntoIterator<Item = &'a Group>) -> Self {
        let reading = groups.into_iter().filter(|group| !group.conditions.is_empty());
        reading.map(|group| Self::of_mode(group.mode)).max().unwrap_or(Self::Nothing)
    }

    /// An approval is bound to the arguments, whatever it is that asks for it.
    fn of_asking(groups: &[Group]) -> Self {
        let asks = groups.iter().any(|group| group.mode == Mode::Enforce);
        if asks { Self::Enforced } else { Self::of_groups(groups) }
    }

    fn of_limits<'a>(limits: impl IntoIterator<Item = &'a Limit>) -> Self {
        let reading = limits.into_iter().filter(|limit| limit.increment_from.is_some());
        reading.map(|limit| Self::of_mode(limit.mode)).max().unwrap_or(Self::Nothing)
    }
}

/// A limit, and what can be worked out about its counter before there is a caller.
#[derive(Debug)]
pub(crate) struct CompiledLimit {
    pub(crate) limit: Limit,
    /// Where it stands in the document.
    pub(crate) origin: LimitOrigin,
    counter: CounterHash,
    /// The scope's key where it is the same for everybody.
    global: ScopeKey,
}

/// Where a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitOrigin {
    Tool(u32),
    RateLimit,
    AllTools(u32),
}

impl CompiledLimit {
    fn new(limit: Limit, origin: LimitOrigin) -> Self {
        let counter = CounterHash::new(&limit.counter, limit.window.seconds());
        Self { limit, origin, counter, global: ScopeKey::new(ScopeValue::Global) }
    }

    /// The hash of the counter that this caller is counted in.
    #[inline]
    pub(crate) fn fingerprint(&self, identity: &Identity) -> Fingerprint {
        let scope: Scope = self.limit.scope;
        Fingerprint::of(identity.scope_key(scope).unwrap_or(self.global), self.counter)
    }
}

impl Program {
    /// Compiles a policy.
    pub(crate) fn new(policy: Policy) -> Result<Self, Vec<PolicyFault>> {
        policy.check()?;
        let Policy { id, digest, default, hide, all_tools, tools, .. } = policy;
        let mut names =
            HashMap::with_capacity_and_hasher(tools.len().saturating_add(hide.len()), RandomState::default());
        let mut entries: Vec<Entry> = Vec::with_capacity(names.capacity());
        let AllTools { require, deny_if, approve_if, limits: all_limits, .. } = all_tools;
        let everybodys = Groups { require, deny_if, approve_if };
        let all_tools_read = Reads::of_limits(&all_limits).max(everybodys.reads());
        let all_tools_have_groups = everybodys.are_any();
        // All names first: copied one after the other they lie side by side, and are near when they are looked up.
        names.extend(tools.keys().cloned().zip(0..));
        for (name, tool) in tools {
            let rules = Some(Rules::new(&name, tool, all_tools_read, all_tools_have_groups));
            entries.push(Entry { name, hidden: None, rules });
        }
        let mut hides_all = None;
        for (place, name) in (0..).zip(hide) {
            if &*name == "*" {
                hides_all = Some(place);
                continue;
            }
            let known = names.get(&name).and_then(|index| entries.get_mut(usize::try_from(*index).ok()?));
            match known {
                Some(entry) => entry.hidden = Some(place),
                None => {
                    names.insert(name.clone(), index(entries.len()));
                    entries.push(Entry { name, hidden: Some(place), rules: None });
                }
            }
        }
        let all_tools = compile_limits(all_limits, LimitOrigin::AllTools);
        Ok(Self {
            id,
            digest,
            default,
            hides_all,
            names,
            tools: entries,
            all_tools,
            all_tools_read,
            all_tools_have_groups,
            everybodys,
        })
    }

    /// The index of a name that the document has.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// What the document says of a name.
    #[inline]
    pub(crate) fn entry(&self, index: u32) -> Option<&Entry> {
        self.tools.get(usize::try_from(index).ok()?)
    }
}

impl Rules {
    fn new(name: &str, mut tool: Tool, all_tools_read: Reads, all_tools_have_groups: bool) -> Self {
        let asks = tool.action == Action::RequireApproval;
        let groups = Reads::of_groups(tool.require.iter().chain(&tool.deny_if));
        let schema = if tool.schema.is_some() { Reads::Enforced } else { Reads::Nothing };
        let asking = if asks { Reads::Enforced } else { Reads::of_asking(&tool.approve_if) };
        let reads = groups.max(schema).max(asking).max(Reads::of_limits(&tool.limits)).max(all_tools_read);
        let has_groups = !(tool.require.is_empty() && tool.deny_if.is_empty() && tool.approve_if.is_empty())
            || asks
            || all_tools_have_groups;
        let mut limits = compile_limits(std::mem::take(&mut tool.limits), LimitOrigin::Tool);
        if let Some(rate_limit) = tool.rate_limit {
            limits.push(CompiledLimit::new(rate_limit.to_limit(name), LimitOrigin::RateLimit));
        }
        let denies = tool.action == Action::Deny;
        Self { tool: Box::new(tool), limits: limits.into(), denies, reads, has_groups }
    }
}

fn compile_limits(limits: Vec<Limit>, origin: impl Fn(u32) -> LimitOrigin) -> Vec<CompiledLimit> {
    limits
        .into_iter()
        .enumerate()
        .map(|(place, limit)| CompiledLimit::new(limit, origin(index(place))))
        .collect()
}

fn index(place: usize) -> u32 {
    // A document is at most some mebibytes long: it has fewer names than that.
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_for_every_call_fills_one_cache_line() {
        assert_eq!(size_of::<Entry>(), 64);
    }
}
