//! The arguments that several demands admit together, and one of them as an example. Where a place can hold what stands in
//! `place`.

use policy_core::{Condition, Path, Sense, Step, Value};

use super::outcomes::{Answer, Outcomes, Search};
use super::place::{Place, Way};
use super::same::member;
use super::slot::Slot;
use super::text::as_arguments;

/// One demand on the arguments of a call.
#[derive(Clone, Debug)]
pub enum Literal {
    /// The condition, in a list of that sense, comes to one of these outcomes.
    Condition(Condition, Sense, Outcomes),
    /// What stands at the path is in the slot. A path that is not names alone only finds examples.
    Slot(Path, Slot),
    /// A check that is known by its text alone passes, or does not.
    Opaque(Box<str>, bool),
}

/// All arguments that meet some demands. Demands on different paths are independent but for one path leading through
/// another, which is taken into account.
#[derive(Clone, Debug)]
pub struct Region {
    /// What follows from demands on paths of names: whatever is in the region is in here.
    root: Place,
    /// The same with demands on elements of lists, what is asked of every element being asked of the first: for finding
    /// examples.
    trial: Option<Place>,
    demands: Vec<Literal>,
    /// Two demands contradict each other by themselves.
    refuted: bool,
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
        Self { root: Place::arguments(), trial: None, demands: Vec::new(), refuted: false }
    }

    /// The arguments with which each of these conditions, in a list of that sense, holds.
    #[must_use]
    pub fn where_all_hold<'a>(conditions: impl IntoIterator<Item = &'a Condition>, sense: Sense) -> Self {
        let mut region = Self::all();
        for condition in conditions {
            region.demand(Literal::Condition(condition.clone(), sense, Outcomes::HOLDS));
        }
        region
    }

    /// Takes one demand more into account.
    pub fn demand(&mut self, literal: Literal) {
        match &literal {
            Literal::Condition(condition, sense, outcomes) => {
                self.refuted |= outcomes.is_empty() || self.contradicts(condition, *sense, *outcomes);
                if let Some(slot) = Slot::of(condition, *sense, *outcomes) {
                    self.narrow(condition.path(), &slot);
                }
            }
            Literal::Slot(path, slot) => self.narrow(path, slot),
            Literal::Opaque(text, passes) => {
                self.refuted |= self.demands.iter().any(|known| {
                    matches!(known, Literal::Opaque(other, otherwise) if other == text && otherwise != passes)
                });
            }
        }
        self.demands.push(literal);
    }

    fn narrow(&mut self, path: &Path, slot: &Slot) {
        let Some(way) = way(path) else { return };
        if way.iter().all(|step| matches!(step, Way::Member(_))) {
            self.root.narrow(&way, slot);
            if let Some(trial) = &mut self.trial {
                trial.narrow(&way, slot);
            }
        } else {
            self.trial.get_or_insert_with(|| self.root.clone()).narrow(&way, slot);
        }
    }

    /// Whether the same condition was to come to other outcomes alone: all that can be said of a condition that is not
    /// looked into.
    fn contradicts(&self, condition: &Condition, sense: Sense, outcomes: Outcomes) -> bool {
        let mut left = outcomes;
        for known in &self.demands {
            if let Literal::Condition(other, other_sense, wanted) = known
                && (other, *other_sense) == (condition, sense)
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
        let found = match (self.root.find(), &self.trial) {
            (Search::Empty, _) => return Search::Empty,
            (found, None) => found,
            (_, Some(_)) if self.elements_contradict() => return Search::Empty,
            (_, Some(trial)) => trial.find(),
        };
        match found {
            Search::Found(Some(arguments)) if self.admits(&arguments) => Search::Found(arguments),
            _ => Search::Unknown,
        }
    }

    /// Whether some conditions on every place that a path leads to leave none of the places that another wants. Under
    /// `require` a condition holds where it holds at every place, under `deny_if` it is false where it is false at every
    /// place, and there is always a place.
    fn elements_contradict(&self) -> bool {
        let at_lists = self.demands.iter().filter_map(|demand| match demand {
            Literal::Condition(condition, sense, outcomes) if condition.path().steps().any(is_no_name) => {
                Some((condition, *sense, *outcomes))
            }
            _ => None,
        });
        self.elements_are_unlike()
            || at_lists.clone().any(|(condition, sense, outcomes)| {
                let decided = everywhere(sense);
                let everywhere = at_lists
                    .clone()
                    .filter(|(other, other_sense, outcomes)| {
                        other.path() == condition.path() && *other_sense == sense && *outcomes == decided
                    })
                    .filter_map(|(other, _, _)| Slot::of(other, sense, decided))
                    .reduce(|one, two| one.and(&two));
                let Some(everywhere) = everywhere else { return false };
                if everywhere.is_empty() == Answer::Yes {
                    return true;
                }
                outcomes.and(decided).is_empty()
                    && Slot::of(condition, sense, decided)
                        .is_some_and(|slot| slot.includes(&everywhere) == Answer::Yes)
            })
    }

    /// Whether what is wanted at one element of a list leaves nothing that could stand there.
    fn elements_are_unlike(&self) -> bool {
        let at_lists = self.demands.iter().filter_map(|demand| match demand {
            Literal::Slot(path, slot) if path.steps().any(is_no_name) && !path.has_every() => {
                Some((path, slot))
            }
            _ => None,
        });
        at_lists.clone().any(|(path, slot)| {
            let same = at_lists.clone().filter(|(other, _)| *other == path);
            same.fold(slot.clone(), |all, (_, slot)| all.and(slot)).is_empty() == Answer::Yes
        })
    }

    /// Whether these arguments meet every demand that can be judged here. Checks that are known by their text alone are left
    /// to whoever can make them.
    #[must_use]
    pub fn admits(&self, arguments: &Value) -> bool {
        meets_all(&self.demands, arguments)
    }
}

/// What a condition comes to only where it does so at every place that its path leads to.
const fn everywhere(sense: Sense) -> Outcomes {
    match sense {
        Sense::Permits => Outcomes::HOLDS,
        Sense::Forbids => Outcomes::FALSE,
    }
}

fn is_no_name(step: Step<'_>) -> bool {
    !matches!(step, Step::Name(_))
}

/// Whether the arguments meet the demands, by really judging them.
pub(crate) fn meets_all(demands: &[Literal], arguments: &Value) -> bool {
    let judged = as_arguments(arguments, |root| {
        demands.iter().all(|demand| match demand {
            Literal::Condition(condition, sense, outcomes) => outcomes.has(condition.judge(root, *sense)),
            Literal::Slot(path, slot) => way(path).is_some_and(|way| slot.contains(lookup(arguments, &way))),
            Literal::Opaque(..) => true,
        })
    });
    judged.unwrap_or(false)
}

/// The steps of a path, an element of a list standing for whichever it is. `None` for steps that are not known here.
fn way(path: &Path) -> Option<Vec<Way<'_>>> {
    path.steps()
        .map(|step| match step {
            Step::Name(name) => Some(Way::Member(name)),
            Step::Element(index) | Step::NameOrElement(_, index) => Some(Way::Element(index)),
            Step::Every => Some(Way::Element(0)),
            _ => None,
        })
        .collect()
}

fn lookup<'a>(arguments: &'a Value, way: &[Way<'_>]) -> Option<&'a Value> {
    way.iter().try_fold(arguments, |value, step| match (value, step) {
        (Value::Object(members), Way::Member(name)) => member(members, name),
        (Value::Array(elements), Way::Element(index)) => elements.get(*index),
        _ => None,
    })
}
