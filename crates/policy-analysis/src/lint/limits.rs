//! Limits that deny everything, that are never reached, and that count apples with pears.

use std::collections::BTreeMap;

use policy_core::{Policy, Window};

use super::code::LintCode;
use super::finding::{Findings, shown};
use super::rules::{LimitAt, Owner, Reach, limits, limits_of_all};

pub(super) fn check(policy: &Policy, reach: &Reach<'_>, findings: &mut Findings) {
    let own = || {
        let tools = policy.tools.iter().filter(|(name, tool)| reach.comes_to_rules(name, tool));
        tools.flat_map(|(name, tool)| limits(name, tool))
    };
    let mut counters: BTreeMap<(Box<str>, &str), Vec<LimitAt<'_>>> = BTreeMap::new();
    for at in own().chain(limits_of_all(policy)) {
        admits_nothing(&at, findings);
        if at.enforces() {
            let counter = (at.limit.counter.clone(), at.limit.scope.name());
            counters.entry(counter).or_default().push(at);
        }
    }
    for ((counter, _), limits) in &counters {
        mixes_units(counter, limits, findings);
        never_reached(limits, findings);
    }
}

fn admits_nothing(at: &LimitAt<'_>, findings: &mut Findings) {
    if at.limit.max.micros() == 0 && at.limit.increment_from.is_none() && at.enforces() {
        let (message, help) = match at.owner {
            Owner::Tool(_) => {
                ("`max` is 0, so every call is denied", "write `\"action\": \"deny\"` on the tool")
            }
            Owner::AllTools => ("`max` is 0, so every call of every tool is denied", "leave the limit out"),
        };
        let help = format!("{help} if that is meant; otherwise give the number of calls");
        findings.add(LintCode::LimitAdmitsNothing, format!("{}/max", at.pointer()), message, help);
    }
}

/// Limits of one counter, scope and window, of which one counts calls and another an amount.
fn mixes_units(counter: &str, limits: &[LimitAt<'_>], findings: &mut Findings) {
    let mut windows: BTreeMap<u32, &LimitAt<'_>> = BTreeMap::new();
    for at in limits {
        let first = *windows.entry(at.limit.window.seconds()).or_insert(at);
        if first.limit.increment_from.is_some() != at.limit.increment_from.is_some() {
            let counter = shown(counter);
            let message = format!(
                "`{counter}` counts calls in one place and amounts in the other: {}",
                first.pointer().escape_debug()
            );
            let help = "give the amounts a counter of their own".to_owned();
            return findings.add(
                LintCode::CounterMixesUnits,
                format!("{}/counter", at.pointer()),
                message,
                help,
            );
        }
    }
}

/// What charges a counter together with what else, in one list of a tool or of `all_tools`.
type List<'l, 'p> = BTreeMap<u32, &'l LimitAt<'p>>;

/// A short window whose `max` a longer one never lets a call come to. It is so only where everything that charges the short
/// window charges the long one with it, at the same cost.
fn never_reached(limits: &[LimitAt<'_>], findings: &mut Findings) {
    let mut lists: BTreeMap<Option<&str>, List<'_, '_>> = BTreeMap::new();
    for at in limits {
        let owner = match at.owner {
            Owner::Tool(name) => Some(name),
            Owner::AllTools => None,
        };
        lists.entry(owner).or_default().insert(at.limit.window.seconds(), at);
    }
    let accompanied = |short: u32, long: u32| {
        lists.values().filter_map(|list| Some((list.get(&short)?, list.get(&long)))).all(|(short, long)| {
            long.is_some_and(|long| long.limit.increment_from == short.limit.increment_from)
        })
    };
    // Pairs of windows, of which there are few, are judged once.
    let mut judged: BTreeMap<(u32, u32), bool> = BTreeMap::new();
    for list in lists.values() {
        for (short, at) in list {
            let reached_first =
                list.range(short.saturating_add(1)..).take(WINDOWS_MAX).find(|(long, other)| {
                    // The longer window is made of whole shorter ones.
                    long.checked_rem(*short) == Some(0)
                        && other.limit.max <= at.limit.max
                        && *judged.entry((*short, **long)).or_insert_with(|| accompanied(*short, **long))
                });
            if let Some((_, other)) = reached_first {
                let message = format!(
                    "{} per {} is never reached: {} per {} is used up first",
                    at.limit.max.as_f64(),
                    window(at.limit.window),
                    other.limit.max.as_f64(),
                    window(other.limit.window),
                );
                let help = "give it a smaller `max` than the longer window has, or take it out".to_owned();
                findings.add(LintCode::LimitNeverReached, format!("{}/max", at.pointer()), message, help);
            }
        }
    }
}

/// How many longer windows of one counter a window is compared with.
const WINDOWS_MAX: usize = 16;

fn window(window: Window) -> String {
    match window.name() {
        Some(name) => name.to_owned(),
        None => format!("{} s", window.seconds()),
    }
}
