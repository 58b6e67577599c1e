//! The arguments that several demands admit together, place by place, and one of them as an example.

use std::collections::BTreeMap;

use policy_core::{Condition, Path, Value};

use super::outcomes::{Answer, Outcomes, Search};
use super::same::member;
use super::slot::Slot;
use super::text::as_arguments;

/// One demand on the arguments of a call.
#[derive(Clone, Debug)]
pub enum Literal {
    /// The condition comes to one of these outcomes.
    Condition(Condition, Outcomes),
    /// What stands at the path is in the slot.
    Slot(Path, Slot),
    /// A check that is known by its text alone passes, or does not.
    Opaque(Box<str>, bool),
}

/// All arguments that meet some demands. Unlike demands on unlike paths are independent but for one path leading through
/// another, which is taken into account.
#[derive(Clone, Debug)]
pub struct Region {
    root: Node,
    demands: Vec<Literal>,
    /// Two demands contradict each other by themselves.
    refuted: bool,
}

/// A place of the arguments.
#[derive(Clone, Debug)]
struct Node {
    slot: Slot,
    members: BTreeMap<Box<str>, Node>,
}

impl Default for Region {
    fn default() -> Self {
        Self::all()
    }
}

impl Region {
    /// All arguments.
    #[must_use]
    pub fn all() -> Self {
        let slot = Slot { objects: super::containers::ObjectSet::all(), ..Slot::empty() };
        Self { root: Node { slot, members: BTreeMap::new() }, demands: Vec::new(), refuted: false }
    }

    /// The arguments with which each of these conditions holds.
    #[must_use]
    pub fn where_all_hold<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> Self {
        let mut region = Self::all();
        for condition in conditions {
            region.demand(Literal::Condition(condition.clone(), Outcomes::HOLDS));
        }
        region
    }

    /// Takes one demand more into account.
    pub fn demand(&mut self, literal: Literal) {
        match &literal {
            Literal::Condition(condition, outcomes) => {
                self.refuted |= outcomes.is_empty() || self.contradicts(condition, *outcomes);
                if let (Some(names), Some(slot)) = (names(condition.path()), Slot::of(condition, *outcomes)) {
                    self.root.narrow(&names, &slot);
                }
            }
            Literal::Slot(path, slot) => {
                if let Some(names) = names(path) {
                    self.root.narrow(&names, slot);
                }
            }
            Literal::Opaque(text, passes) => {
                self.refuted |= self.demands.iter().any(|known| {
                    matches!(known, Literal::Opaque(other, other_passes) if other == text && other_passes != passes)
                });
            }
        }
        self.demands.push(literal);
    }

    /// Whether the same condition was to come to other outcomes alone: all that can be said of a condition that is not
    /// looked into.
    fn contradicts(&self, condition: &Condition, outcomes: Outcomes) -> bool {
        let mut left = outcomes;
        for known in &self.demands {
            if let Literal::Condition(other, wanted) = known
                && other == condition
            {
                left = left.and(*wanted);
            }
        }
        left.is_empty()
    }

    /// Whether no arguments are in it.
    #[must_use]
    pub fn is_empty(&self) -> Answer {
        self.find().is_empty()
    }

    /// Arguments that are in it: an object, for which every condition has really been judged.
    #[must_use]
    pub fn find(&self) -> Search {
        if self.refuted {
            return Search::Empty;
        }
        match self.root.find() {
            Search::Found(Some(arguments)) if self.admits(&arguments) => Search::Found(arguments),
            Search::Found(_) | Search::Unknown => Search::Unknown,
            Search::Empty => Search::Empty,
        }
    }

    /// Whether these arguments meet every demand that can be judged here. Checks that are known by their text alone are left
    /// to whoever can make them.
    #[must_use]
    pub fn admits(&self, arguments: &Value) -> bool {
        meets_all(&self.demands, arguments)
    }
}

/// Whether the arguments meet the demands, by really judging them.
pub(crate) fn meets_all(demands: &[Literal], arguments: &Value) -> bool {
    let judged = as_arguments(arguments, |root| {
        demands.iter().all(|demand| match demand {
            Literal::Condition(condition, outcomes) => outcomes.has(condition.judge(root)),
            Literal::Slot(path, slot) => {
                names(path).is_some_and(|names| slot.contains(lookup(arguments, &names)))
            }
            Literal::Opaque(..) => true,
        })
    });
    judged.unwrap_or(false)
}

/// The names of a path that has nothing but names; `None` for other paths, which are not looked into.
fn names(path: &Path) -> Option<Vec<&str>> {
    let text = path.text();
    let names: Vec<&str> = text.strip_prefix("args.")?.split('.').collect();
    let is_plain =
        |name: &&str| !name.contains(['[', ']', '"']) && !name.bytes().all(|byte| byte.is_ascii_digit());
    names.iter().all(is_plain).then_some(names)
}

fn lookup<'a>(arguments: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().try_fold(arguments, |value, name| match value {
        Value::Object(members) => member(members, name),
        _ => None,
    })
}

impl Node {
    fn any() -> Self {
        Self { slot: Slot::any(), members: BTreeMap::new() }
    }

    fn narrow(&mut self, names: &[&str], slot: &Slot) {
        match names.split_first() {
            None => self.slot = self.slot.and(slot),
            Some((first, rest)) => {
                self.members.entry((*first).into()).or_insert_with(Self::any).narrow(rest, slot);
            }
        }
    }

    /// Whether this may stand here, and what is in it where it leads.
    fn admits(&self, value: Option<&Value>) -> bool {
        self.slot.contains(value)
            && self.members.iter().all(|(name, node)| match value {
                Some(Value::Object(members)) => node.admits(member(members, name)),
                _ => node.admits(None),
            })
    }

    /// Something that may stand here. `Empty` is exact: the places below are independent of each other, and an object
    /// that is excluded as a whole can always be given one member more.
    fn find(&self) -> Search<Option<Value>> {
        if self.members.is_empty() {
            return self.slot.find();
        }
        self.find_object().or_else(|| {
            // Whatever is no object has no members.
            if self.members.values().all(|node| node.admits(None)) {
                let slot = Slot { objects: super::containers::ObjectSet::empty(), ..self.slot.clone() };
                slot.find()
            } else {
                Search::Empty
            }
        })
    }

    fn find_object(&self) -> Search<Option<Value>> {
        if let Ok(listed) = self.slot.objects.listed() {
            return match listed.iter().find(|object| self.admits(Some(object))) {
                Some(found) => Search::Found(Some(found.clone())),
                None => Search::Empty,
            };
        }
        let mut members = Vec::new();
        let mut unknown = false;
        for (name, node) in &self.members {
            match node.find() {
                Search::Found(Some(value)) => members.push((name.clone(), value)),
                Search::Found(None) => {}
                Search::Empty => return Search::Empty,
                Search::Unknown => unknown = true,
            }
        }
        if unknown {
            return Search::Unknown;
        }
        match self.slot.objects.widened(members, |name| !self.members.contains_key(name)) {
            Some(object) => Search::Found(Some(object)),
            None => Search::Unknown,
        }
    }
}
