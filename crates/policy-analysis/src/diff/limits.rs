//! Sequences of calls: whether the limits of the new policy let more through than those of the old.
//!
//! What is compared is which sequences of calls each policy lets through whole, on counters that have counted nothing yet.
//! A limit of the old policy is kept where one of the new policy keeps it for certain: it counts at least the same calls, at
//! least as much, and admits no more in the time. Everything else is a widening where calls show it, and otherwise may be
//! one.

use std::collections::BTreeMap;

use policy_core::{Amount, Limit, Mode, Path, Scope};

use super::change::ToolName;
use super::rule::{Counted, View};

/// What identifies a counter for one caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    counter: &'a str,
    seconds: u32,
    scope: u8,
}

/// What a tool's calls do to one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Charge<'a> {
    /// Which arguments say what a call costs, `None` among them for 1: the highest is charged.
    costs: Vec<Option<&'a str>>,
    /// The least of the maxima.
    max: Amount,
    enforced: bool,
}

/// All tools' charges of one policy, for callers with a session or without.
#[derive(Debug)]
struct Charges<'a> {
    by_tool: Vec<BTreeMap<Key<'a>, Charge<'a>>>,
    /// The tools that charge each counter, by their places.
    by_key: BTreeMap<Key<'a>, Vec<usize>>,
}

/// How far a scope reaches: the larger, the more calls are counted together.
const fn reach(scope: Scope, with_session: bool) -> u8 {
    match scope {
        Scope::Session if with_session => 0,
        Scope::Session | Scope::Grant => 1,
        Scope::Server => 2,
        Scope::Global => 3,
    }
}

impl<'a> Charges<'a> {
    fn new(views: &[&'a View], with_session: bool) -> Self {
        let by_tool: Vec<BTreeMap<Key<'a>, Charge<'a>>> =
            views.iter().map(|view| charges(&view.limits, with_session)).collect();
        let mut by_key: BTreeMap<Key<'a>, Vec<usize>> = BTreeMap::new();
        for (tool, charges) in by_tool.iter().enumerate() {
            charges.keys().for_each(|key| by_key.entry(key.clone()).or_default().push(tool));
        }
        Self { by_tool, by_key }
    }

    fn charge(&self, tool: usize, key: &Key<'a>) -> Option<&Charge<'a>> {
        self.by_tool.get(tool)?.get(key)
    }
}

fn charges(limits: &[Counted], with_session: bool) -> BTreeMap<Key<'_>, Charge<'_>> {
    let mut charges: BTreeMap<Key<'_>, Charge<'_>> = BTreeMap::new();
    for Counted { limit, .. } in limits {
        let Limit { counter, window, max, scope, increment_from, mode, .. } = limit;
        let key = Key { counter, seconds: window.seconds(), scope: reach(*scope, with_session) };
        let enforced = *mode == Mode::Enforce;
        let new = Charge { costs: vec![increment_from.as_ref().map(Path::text)], max: *max, enforced };
        match charges.get_mut(&key) {
            // What does not decide changes nothing for what does.
            Some(known) if known.enforced && !enforced => {}
            Some(known) if known.enforced == enforced => {
                known.costs.extend(new.costs);
                known.costs.sort_unstable();
                known.costs.dedup();
                known.max = known.max.min(new.max);
            }
            _ => {
                charges.insert(key, new);
            }
        }
    }
    charges
}

/// All tools under both policies, in the same order.
#[derive(Debug)]
pub(super) struct Budgets<'a> {
    old: Vec<&'a View>,
    new: Vec<&'a View>,
    /// For callers with a session, then for callers without.
    worlds: [[Charges<'a>; 2]; 2],
}

/// A limit of the old policy that the new one does not keep for certain.
#[derive(Clone, Debug)]
pub(super) struct Loosened<'a> {
    pub(super) limit: &'a Counted,
    pub(super) with_session: bool,
    /// The tools whose calls the old limit counts, by their places.
    pub(super) charging: Vec<usize>,
}

impl<'a> Budgets<'a> {
    pub(super) fn new(old: Vec<&'a View>, new: Vec<&'a View>) -> Self {
        let worlds = [true, false].map(|session| [Charges::new(&old, session), Charges::new(&new, session)]);
        Self { old, new, worlds }
    }

    /// The limits on the tool at that place that the new policy does not keep for certain.
    pub(super) fn loosened(&self, tool: usize) -> Vec<Loosened<'a>> {
        let Some(view) = self.old.get(tool) else { return Vec::new() };
        let mut loosened = Vec::new();
        for limit in view.limits.iter().filter(|counted| counted.limit.mode == Mode::Enforce) {
            for ([old, new], with_session) in self.worlds.iter().zip([true, false]) {
                if !self.is_kept(tool, &limit.limit, [old, new], with_session) {
                    let key = key(&limit.limit, with_session);
                    let charging = old.by_key.get(&key).cloned().unwrap_or_default();
                    loosened.push(Loosened { limit, with_session, charging });
                    break;
                }
            }
        }
        loosened
    }

    fn is_kept(&self, tool: usize, limit: &Limit, [old, new]: [&Charges<'a>; 2], with_session: bool) -> bool {
        let key = key(limit, with_session);
        let Some(charge) = old.by_tool.get(tool).and_then(|charges| charges.get(&key)) else { return false };
        let Some(candidates) = new.by_tool.get(tool) else { return false };
        candidates.iter().any(|(new_key, new_charge)| {
            let windows = windows_in(key.seconds, new_key.seconds);
            let admitted = new_charge.max.micros().checked_mul(windows);
            new_charge.enforced
                && new_key.scope >= key.scope
                && admitted.is_some_and(|admitted| admitted <= charge.max.micros())
                && self.counts_as_much([old, new], &key, new_key)
        })
    }

    /// Whether the new counter is charged by each tool's call at least what the old one is, of all tools that can still be
    /// called.
    fn counts_as_much(&self, [old, new]: [&Charges<'a>; 2], key: &Key<'a>, new_key: &Key<'a>) -> bool {
        let callable = |tool: &&usize| self.new.get(**tool).is_some_and(|view| view.denied.is_none());
        let tools = |charges: &Charges<'a>, key: &Key<'a>| -> Vec<usize> {
            charges.by_key.get(key).into_iter().flatten().filter(callable).copied().collect()
        };
        let (charging, still_charging) = (tools(old, key), tools(new, new_key));
        let mut pairs = charging.iter().map(|tool| (old.charge(*tool, key), new.charge(*tool, new_key)));
        let identical = key == new_key
            && charging == still_charging
            && pairs.clone().all(|(old, new)| charge_alike(old, new));
        identical
            || pairs.all(|(old, new)| match (old, new) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(old), Some(new)) => {
                    new.enforced && old.costs.iter().all(|cost| new.costs.contains(cost))
                }
            })
    }

    /// The limit of the new policy on that tool that has most to do with one of the old.
    pub(super) fn nearest(&self, tool: usize, limit: &Limit) -> Option<&'a Counted> {
        let limits = &self.new.get(tool)?.limits;
        let same_counter = |new: &&Counted| new.limit.counter == limit.counter;
        let same_window = |new: &&Counted| new.limit.window == limit.window;
        let same_scope = |new: &&Counted| new.limit.scope == limit.scope;
        limits
            .iter()
            .filter(same_counter)
            .filter(same_window)
            .find(same_scope)
            .or_else(|| limits.iter().filter(same_counter).find(same_window))
            .or_else(|| limits.iter().find(same_counter))
            .or_else(|| limits.iter().filter(same_window).find(same_scope))
    }
}

/// Whether calls that pass under both change the counter alike: what decides does so only by its cost, what does not also by
/// whether it still fits.
fn charge_alike(old: Option<&Charge<'_>>, new: Option<&Charge<'_>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            old.enforced == new.enforced && old.costs == new.costs && (old.enforced || old.max == new.max)
        }
        (old, new) => old.is_none() && new.is_none(),
    }
}

fn key(limit: &Limit, with_session: bool) -> Key<'_> {
    Key { counter: &limit.counter, seconds: limit.window.seconds(), scope: reach(limit.scope, with_session) }
}

/// How many windows of the new length a window of the old length can touch.
fn windows_in(old: u32, new: u32) -> u64 {
    let (Some(whole), Some(old_in_new)) = (old.checked_rem(new), new.checked_rem(old)) else {
        return u64::MAX;
    };
    if old_in_new == 0 {
        return 1;
    }
    let times = u64::from(old.checked_div(new).unwrap_or(u32::MAX));
    if whole == 0 { times } else { times.saturating_add(2) }
}

/// How many of the tools that share a counter are named.
const NAMED_MAX: usize = 3;

/// A limit in words, and the tools that share its counter.
pub(super) fn described(limit: &Limit, tools: &[&ToolName]) -> String {
    let whose = match limit.scope {
        Scope::Grant => "a grant",
        Scope::Session => "a session",
        Scope::Server => "a server",
        Scope::Global => "everybody",
    };
    let window = match limit.window.name() {
        Some(name) => name.to_owned(),
        None => format!("{} seconds", limit.window.seconds()),
    };
    let cost = match &limit.increment_from {
        Some(path) => format!(" of {}", path.text()),
        None => String::new(),
    };
    let mode = if limit.mode == Mode::Shadow { ", in shadow mode" } else { "" };
    let name = |tool: &&ToolName| match tool {
        ToolName::Named(name) => format!("`{name}`"),
        ToolName::Others => "every other tool".to_owned(),
    };
    let shared = match (tools.len(), tools.len().saturating_sub(NAMED_MAX)) {
        (..=1, _) => String::new(),
        (_, more) => {
            let named: Vec<String> = tools.iter().take(NAMED_MAX).map(name).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(", shared by {}{more}", named.join(", "))
        }
    };
    format!("limit `{}`, {}{cost} per {window} for {whose}{mode}{shared}", limit.counter, limit.max)
}
