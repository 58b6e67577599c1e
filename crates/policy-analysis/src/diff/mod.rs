//! What a new policy permits that an old one did not, and the reverse: tool by tool, decided from the two documents.
//!
//! "Nothing is permitted that was not" is said only where it follows from the documents. Where calls show a change, they are
//! handed along, and each has been decided by an engine under both policies. What is left counts as a change that could not be
//! decided. Types that mismatch are taken to deny, the engine's default.

mod change;
mod words;
mod rule;
mod trial;
mod calls;
mod limits;
mod overfill;
mod wishes;
mod texts;

use std::collections::BTreeSet;

use policy_core::{Amount, Policy};
use policy_json::ToolCatalogue;

pub use change::{Caller, Calls, Change, ChangeKind, Diff, Direction, Example, ToolName};

use calls::Pair;
use limits::{Budgets, described};
use overfill::{Player, WORK_MAX, overfill};
use rule::View;
use trial::Trial;
use words::{What, Words};

use crate::values::Literal;

/// Compares two policies. With a server's list of tools, its tools are compared, one by one; without, the tools that either
/// policy names, and all others as one.
///
/// Whatever passes under `new` and not under `old` is in [`Diff::changes`] as a widening, or as what may be one. A sequence
/// of calls counts as passing where a fresh engine lets every one of them through; so counters that hold something at the
/// moment of the change are not looked at.
#[must_use]
pub fn diff(old: &Policy, new: &Policy, catalogue: Option<&ToolCatalogue>) -> Diff {
    let (tools, mut notes) = universe(old, new, catalogue);
    let mut found = Diff::default();
    let forward = widenings(&[old, new], &tools, &mut notes);
    let backward = widenings(&[new, old], &tools, &mut Vec::new());
    let forward = forward.into_iter().map(|(change, words)| Change { message: words.told(true), ..change });
    let backward = backward.into_iter().map(|(change, words)| Change {
        direction: change.direction.reversed(),
        old: change.new,
        new: change.old,
        message: words.told(false),
        example: change.example.map(|example| Example { old: example.new, new: example.old, ..example }),
        ..change
    });
    found.changes = merged(forward.chain(backward).chain(texts::texts(old, new)));
    found
        .changes
        .sort_by(|one, two| one.direction.cmp(&two.direction).then_with(|| one.tools.cmp(&two.tools)));
    found.notes = notes;
    found
}

/// How many tools that share a counter take part in an example.
const PLAYERS_MAX: usize = 4;

/// A tool to be compared.
#[derive(Debug)]
struct Subject {
    tool: ToolName,
    /// The name it is called by.
    name: String,
    wishes: Vec<Literal>,
}

/// The tools that there are, and what is to be said of those that are left out.
fn universe(old: &Policy, new: &Policy, catalogue: Option<&ToolCatalogue>) -> (Vec<Subject>, Vec<String>) {
    let named: BTreeSet<&str> = [old, new]
        .into_iter()
        .flat_map(|policy| policy.tools.keys().chain(policy.hide.iter().filter(|name| &***name != "*")))
        .map(|name| &**name)
        .collect();
    let mut notes = Vec::new();
    let Some(catalogue) = catalogue else {
        let subject = |name: &&str| Subject {
            tool: ToolName::Named((*name).into()),
            name: (*name).to_owned(),
            wishes: Vec::new(),
        };
        let mut subjects: Vec<Subject> = named.iter().map(subject).collect();
        let mut others = (1_u32..).map(|number| match number {
            1 => "any-other-tool".to_owned(),
            number => format!("any-other-tool-{number}"),
        });
        if let Some(name) = others.find(|name| !named.contains(name.as_str())) {
            subjects.push(Subject { tool: ToolName::Others, name, wishes: Vec::new() });
        }
        return (subjects, notes);
    };
    let left_out: Vec<&str> = named.into_iter().filter(|name| catalogue.tool(name).is_none()).collect();
    if !left_out.is_empty() {
        let names: Vec<String> = left_out.iter().map(|name| format!("`{name}`")).collect();
        notes.push(format!("left out, because the list does not have them: {}", names.join(", ")));
    }
    if catalogue.is_partial() {
        notes.push("the list is partial: the server has more tools, which were not compared".to_owned());
    }
    let subject = |tool: &policy_json::CatalogueTool| Subject {
        tool: ToolName::Named(tool.name.clone()),
        name: tool.name.to_string(),
        wishes: tool.input_schema.as_ref().map_or_else(Vec::new, wishes::wishes),
    };
    (catalogue.tools().map(subject).collect(), notes)
}

/// What passes under the second policy that did not under the first.
fn widenings(policies: &[&Policy; 2], subjects: &[Subject], notes: &mut Vec<String>) -> Vec<(Change, Words)> {
    let [old, new] = policies;
    let views = |policy: &Policy| subjects.iter().map(|subject| View::new(policy, &subject.name)).collect();
    let (olds, news): (Vec<View>, Vec<View>) = (views(old), views(new));
    let budgets = Budgets::new(olds.iter().collect(), news.iter().collect());
    let mut work = WORK_MAX;
    let mut changes = Vec::new();
    for (place, ((subject, before), after)) in subjects.iter().zip(&olds).zip(&news).enumerate() {
        if before.denied.is_some() && after.denied.is_some() {
            continue;
        }
        let trials = [Trial::new(old, &[&subject.name]), Trial::new(new, &[&subject.name])];
        let [old_trial, new_trial] = &trials;
        let pair = Pair {
            tool: &subject.tool,
            name: &subject.name,
            old: before,
            new: after,
            trials: [old_trial, new_trial],
            wishes: &subject.wishes,
        };
        changes.extend(pair.widenings());
        if before.denied.is_some() || after.denied.is_some() {
            continue;
        }
        notes.extend(renamed(before, after));
        let loosened = budgets.loosened(place);
        if loosened.is_empty() || pair.share_nothing() {
            continue;
        }
        for loosened in loosened {
            let playing = std::iter::once(place)
                .chain(loosened.charging.iter().copied().filter(|other| *other != place));
            let players: Vec<Player<'_>> = playing
                .take(PLAYERS_MAX)
                .filter_map(|place| {
                    let subject = subjects.get(place)?;
                    let (old, new) = (olds.get(place)?, news.get(place)?);
                    (new.denied.is_none()).then_some(Player {
                        name: &subject.name,
                        old,
                        new,
                        wishes: &subject.wishes,
                    })
                })
                .collect();
            let names: Vec<&str> = players.iter().map(|player| player.name).collect();
            let trials = [old, new].map(|policy| Trial::new(policy, &names).approving());
            let [old_trial, new_trial] = &trials;
            let limit = &loosened.limit.limit;
            let example =
                overfill(loosened.limit, loosened.with_session, &players, [old_trial, new_trial], &mut work);
            let is_shown = example.is_some() || admits_more(before, after);
            let nearest = budgets.nearest(place, limit);
            let counted: Vec<&ToolName> =
                loosened.charging.iter().filter_map(|place| Some(&subjects.get(*place)?.tool)).collect();
            let words = Words {
                what: if is_shown { What::More } else { What::MoreUndecided },
                rule: Some(described(limit, &counted)),
                nearest: nearest.map(|new| described(&new.limit, &[])),
            };
            let change = Change {
                direction: if is_shown { Direction::Widening } else { Direction::MaybeWidening },
                kind: ChangeKind::Limit,
                tools: vec![subject.tool.clone()],
                old: Some(loosened.limit.pointer.clone()),
                new: nearest.map(|new| new.pointer.clone()),
                message: String::new(),
                example,
            };
            changes.push((change, words));
        }
    }
    notes.sort();
    notes.dedup();
    changes
}

/// Whether one caller can make more calls at one moment than before: enough to know that a limit was loosened where there are
/// too many calls to make them.
fn admits_more(old: &View, new: &View) -> bool {
    let calls = |view: &View| {
        let enforced = view.limits.iter().filter(|counted| counted.limit.mode == policy_core::Mode::Enforce);
        let at_once = enforced.map(|counted| match counted.limit.increment_from {
            None => Some(counted.limit.max),
            Some(_) => None,
        });
        at_once.collect::<Option<Vec<Amount>>>().map(|all| all.into_iter().min())
    };
    match (calls(old), calls(new)) {
        (Some(Some(old)), Some(new)) => new.is_none_or(|new| new > old),
        _ => false,
    }
}

/// Counters that go by another name now: what they held when the policy was put in place is not carried over.
fn renamed(old: &View, new: &View) -> Vec<String> {
    let gone = old
        .limits
        .iter()
        .filter(|counted| !new.limits.iter().any(|other| other.limit.counter == counted.limit.counter));
    gone.filter_map(|counted| {
        let like = |other: &&rule::Counted| {
            other.limit.window == counted.limit.window
                && !old.limits.iter().any(|old| old.limit.counter == other.limit.counter)
        };
        let other = new.limits.iter().find(like)?;
        Some(format!(
            "counter `{}` is replaced by `{}`, which begins with nothing counted",
            counted.limit.counter, other.limit.counter
        ))
    })
    .collect()
}

/// The changes, those that are the same for several tools as one.
fn merged(changes: impl Iterator<Item = Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        let same = |known: &&mut Change| {
            (known.direction, known.kind) == (change.direction, change.kind)
                && (&known.old, &known.new, &known.message) == (&change.old, &change.new, &change.message)
                && known.kind != ChangeKind::Tool
                && (known.old.is_some() || known.new.is_some())
        };
        match merged.iter_mut().find(same) {
            Some(known) => {
                known.tools.extend(change.tools);
                known.tools.sort();
                known.tools.dedup();
                if known.example.is_none() {
                    known.example = change.example;
                }
            }
            None => merged.push(change),
        }
    }
    merged
}
