//! Calls that fill an old limit to the brim and over while the new policy lets them through: made one after the other on both
//! engines, so that what is shown is what happens.

use policy_core::{Amount, Clock as _, Code, Effect, Limit, Number, Path, Scope, Timestamp, Value};
use policy_json::JsonText;

use super::change::{Caller, Calls, Example};
use super::rule::{Counted, View, may_coincide};
use super::trial::{Trial, clock_at};
use crate::values::{Alternatives, Literal, NumberSet, Region, Slot, json_text, solve};

/// How many calls are made for one example, and for a whole comparison.
const CALLS_MAX: u64 = 5_000;
pub(super) const WORK_MAX: u64 = 50_000;
/// How many windows of a new limit, and how many callers, are gone through.
const ROUNDS_MAX: u64 = 2_000;

/// A tool that may take part.
#[derive(Debug)]
pub(super) struct Player<'a> {
    pub(super) name: &'a str,
    pub(super) old: &'a View,
    pub(super) new: &'a View,
    pub(super) wishes: &'a [Literal],
}

/// Looks for calls that a limit of the old policy ends, and the new policy lets through. `with_session` says which callers
/// it is about. The trials are those of the policies with every approval given.
pub(super) fn overfill(
    counted: &Counted,
    with_session: bool,
    players: &[Player<'_>],
    trials: [&Trial; 2],
    work: &mut u64,
) -> Option<Example> {
    let limit = &counted.limit;
    let fills =
        limit.increment_from.is_some() || Amount::whole(CALLS_MAX).is_some_and(|calls| limit.max < calls);
    if !fills {
        return None;
    }
    let calls: Vec<(&str, Value)> = players
        .iter()
        .flat_map(|player| {
            arguments(player, limit, trials).into_iter().map(|arguments| (player.name, arguments))
        })
        .collect();
    let windows = players.first().map_or_else(Vec::new, |player| {
        let mut windows: Vec<u32> =
            player.new.limits.iter().map(|counted| counted.limit.window.seconds()).collect();
        windows.sort_unstable();
        windows.dedup();
        windows
    });
    let olds = players.iter().flat_map(|player| &player.old.limits);
    let same = |other: &&Counted| {
        other.limit.counter == limit.counter
            && other.limit.window == limit.window
            && may_coincide(other.limit.scope, limit.scope)
    };
    let pointers: Vec<&str> = olds.filter(same).map(|counted| counted.pointer.as_str()).collect();
    // All at once by one caller, then by many callers, then over the time that the limit's window lasts.
    let mut plans = vec![(false, None), (true, None)];
    plans.extend(windows.iter().map(|window| (false, Some(*window))));
    plans.extend(windows.iter().map(|window| (true, Some(*window))));
    plans.into_iter().find_map(|(many, window)| {
        let run = Run { limit, pointers: &pointers, with_session, many, window };
        run.make(&calls, trials, work)
    })
}

#[derive(Debug)]
struct Run<'a> {
    limit: &'a Limit,
    /// The limits of the old policy that count in the same counter.
    pointers: &'a [&'a str],
    with_session: bool,
    /// Whether every caller whom the limit counts together takes part.
    many: bool,
    /// The new window from whose beginnings calls are made; once if none.
    window: Option<u32>,
}

impl Run<'_> {
    fn make(&self, calls: &[(&str, Value)], [old, new]: [&Trial; 2], work: &mut u64) -> Option<Example> {
        let length = u64::from(self.limit.window.seconds());
        // The beginning of a window of the limit, not long after the year began.
        let start = 1_767_225_600_u64.checked_div(length)?.checked_add(1)?.checked_mul(length)?;
        let clock = clock_at(start);
        let (old, new) = (old.engine(clock.clone())?, new.engine(clock.clone())?);
        let texts: Vec<(&str, &Value, String)> =
            calls.iter().map(|(name, value)| (*name, value, json_text(value))).collect();
        let mut made: Vec<Calls> = Vec::new();
        let mut count = 0_u64;
        for at in self.times(start, length) {
            clock.set(at);
            for caller in self.callers() {
                let identity = caller.identity();
                let mut any = false;
                for (name, value, text) in &texts {
                    loop {
                        count = count.saturating_add(1);
                        *work = work.checked_sub(1)?;
                        if count > CALLS_MAX {
                            return None;
                        }
                        let after = new.evaluate(&identity, name, JsonText::new(text.as_bytes()));
                        if !after.is_allowed() {
                            break;
                        }
                        any = true;
                        let before = old.evaluate(&identity, name, JsonText::new(text.as_bytes()));
                        add(&mut made, name, value, caller, clock.now());
                        if !before.is_allowed() {
                            let decided = (Effect::Allow, Code::Allowed);
                            // Another limit that is in the way shows nothing of this one.
                            let is_it = before.code() == Code::LimitExceeded
                                && self.pointers.contains(&before.pointer().as_str());
                            return is_it.then(|| Example {
                                calls: made,
                                old: (before.effect(), before.code()),
                                new: decided,
                            });
                        }
                        if costs_nothing(&before) {
                            break;
                        }
                    }
                }
                if !any {
                    break;
                }
            }
        }
        None
    }

    fn times(&self, start: u64, length: u64) -> impl Iterator<Item = Timestamp> {
        let step = self.window.map_or(length, u64::from).max(1);
        // The beginnings of the new windows, of which the first may have begun before.
        let begun = start.checked_div(step).unwrap_or(0).saturating_mul(step);
        let end = start.saturating_add(length);
        (0..ROUNDS_MAX)
            .map(move |round| begun.saturating_add(round.saturating_mul(step)).max(start))
            .take_while(move |at| *at < end)
            .map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000)))
    }

    fn callers(&self) -> impl Iterator<Item = Caller> {
        let rounds = if self.many { u32::try_from(ROUNDS_MAX).unwrap_or(u32::MAX) } else { 1 };
        let (scope, with_session) = (self.limit.scope, self.with_session);
        (0..rounds).map(move |number| {
            let caller = Caller { server: 0, grant: 0, session: with_session.then_some(0) };
            match scope {
                Scope::Session => caller,
                Scope::Grant if with_session => Caller { session: Some(number), ..caller },
                Scope::Grant => caller,
                Scope::Server => Caller { grant: number, ..caller },
                Scope::Global => Caller { server: number, grant: number, ..caller },
            }
        })
    }
}

/// Whether calling again would change nothing.
fn costs_nothing(decision: &policy_core::Decision) -> bool {
    decision.limits().all(|limit| limit.used() == Amount::ZERO)
}

fn add(made: &mut Vec<Calls>, name: &str, arguments: &Value, caller: Caller, at: Timestamp) {
    if let Some(last) = made.last_mut()
        && (last.tool.as_str(), &last.arguments, last.caller, last.at) == (name, arguments, caller, at)
    {
        last.count = last.count.saturating_add(1);
        return;
    }
    made.push(Calls { tool: name.to_owned(), arguments: arguments.clone(), caller, at, count: 1 });
}

/// Arguments with which calls of the tool pass under both policies, those first that cost as much as there is room for.
fn arguments(player: &Player<'_>, limit: &Limit, trials: [&Trial; 2]) -> Vec<Value> {
    let rules = player.old.hard.iter().chain(&player.new.hard);
    let clauses: Vec<Alternatives> = rules.map(|rule| rule.passes.clone()).collect();
    let paths: Vec<&Path> = [player.old, player.new]
        .into_iter()
        .flat_map(|view| &view.limits)
        .filter_map(|counted| counted.limit.increment_from.as_ref())
        .collect();
    let mut found = Vec::new();
    for numbers in costs_to_try(player, limit) {
        let slot = numbers.map(|numbers| Slot { numbers, ..Slot::empty() });
        let costs = paths.iter().filter_map(|path| Some(Literal::Slot((*path).clone(), slot.clone()?)));
        let costs: Vec<Literal> = costs.collect();
        for wishes in [player.wishes, &[]] {
            let mut region = Region::all();
            costs.iter().chain(wishes).for_each(|literal| region.demand(literal.clone()));
            let mut accept = |arguments: &Value| {
                let text = json_text(arguments);
                let passes = |trial: &Trial| {
                    trial
                        .effects(player.name, &text)
                        .is_some_and(|both| both.iter().any(|(effect, _)| *effect == Effect::Allow))
                };
                trials.into_iter().all(passes)
            };
            if let Some(arguments) = solve(&region, &clauses, &mut accept).found() {
                found.push(arguments);
                break;
            }
        }
        if paths.is_empty() || !found.is_empty() {
            break;
        }
    }
    found
}

/// What calls may cost so that few of them overfill the limit and all fit under the new policy; in the end whatever they cost
/// (`None`). Where a call costs 1 under the limit, as little as can be under others.
fn costs_to_try(player: &Player<'_>, limit: &Limit) -> Vec<Option<NumberSet>> {
    let number = |amount: Amount| Number::parse(&amount.to_string());
    if limit.increment_from.is_none() {
        let cheap =
            [Amount::ZERO, Amount::ONE].map(|amount| number(amount).map(|number| NumberSet::only([&number])));
        return cheap.into_iter().chain([None]).collect();
    }
    let news = player.new.limits.iter().map(|counted| &counted.limit);
    let room = news.filter(|new| new.increment_from.is_some()).map(|new| new.max).min().unwrap_or(limit.max);
    let part = |amount: Amount, parts: u64| amount.micros().checked_div(parts).map(Amount::from_micros);
    let mut costs = Vec::new();
    for parts in [2, 3, 4, 5, 8, 10, 20, 50, 100] {
        // So many calls are too many for the limit, and not for the room that there is now.
        costs.extend(part(limit.max, parts).zip(part(room, parts)).and_then(|(above, up_to)| {
            let above = NumberSet::above(&number(above)?, false);
            Some(Some(above.and(&NumberSet::costs(up_to.min(limit.max)))))
        }));
    }
    for parts in [1, 2, 3, 4, 5, 8, 10, 20, 50, 100] {
        costs.extend(part(limit.max, parts).and_then(|least| {
            Some(Some(NumberSet::above(&number(least)?, true).and(&NumberSet::costs(limit.max))))
        }));
    }
    costs.push(None);
    costs
}
