//! Sets of strings: a few, or all but a few, held to what conditions on strings come to.

use std::collections::BTreeSet;
use std::sync::Arc;

use policy_core::Outcome;

use super::atom::Atom;
use super::language::Wanted;
use super::outcomes::{Outcomes, Search};

/// An atom, and what it is to come to.
#[derive(Clone, Debug)]
struct Held {
    atom: Arc<Atom>,
    outcomes: Outcomes,
}

/// A set of strings.
#[derive(Clone, Debug)]
pub struct StringSet {
    base: Base,
    held: Vec<Held>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Base {
    Only(BTreeSet<Box<str>>),
    Except(BTreeSet<Box<str>>),
}

impl StringSet {
    /// No string.
    #[must_use]
    pub const fn empty() -> Self {
        Self { base: Base::Only(BTreeSet::new()), held: Vec::new() }
    }

    /// Every string.
    #[must_use]
    pub const fn all() -> Self {
        Self { base: Base::Except(BTreeSet::new()), held: Vec::new() }
    }

    /// These strings.
    #[must_use]
    pub fn only<'a>(strings: impl IntoIterator<Item = &'a str>) -> Self {
        Self { base: Base::Only(strings.into_iter().map(Into::into).collect()), held: Vec::new() }
    }

    /// Every string but these.
    #[must_use]
    pub fn except<'a>(strings: impl IntoIterator<Item = &'a str>) -> Self {
        Self { base: Base::Except(strings.into_iter().map(Into::into).collect()), held: Vec::new() }
    }

    /// The strings with which the condition comes to one of these outcomes.
    pub(crate) fn held(atom: Arc<Atom>, outcomes: Outcomes) -> Self {
        Self { base: Base::Except(BTreeSet::new()), held: vec![Held { atom, outcomes }] }
    }

    /// Whether it was built without a string in it.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        matches!(&self.base, Base::Only(strings) if strings.is_empty())
            || self.held.iter().any(|held| held.outcomes.is_empty())
    }

    /// Whether every string is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(&self.base, Base::Except(strings) if strings.is_empty()) && self.held.is_empty()
    }

    /// Whether the string is in it.
    #[must_use]
    pub fn contains(&self, string: &str) -> bool {
        let based = match &self.base {
            Base::Only(strings) => strings.contains(string),
            Base::Except(strings) => !strings.contains(string),
        };
        based && self.holds(string)
    }

    fn holds(&self, string: &str) -> bool {
        self.held.iter().all(|held| held.atom.judge(string).is_some_and(|outcome| held.outcomes.has(outcome)))
    }

    /// The strings in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let base = match (&self.base, &other.base) {
            (Base::Only(one), Base::Only(two)) => Base::Only(one.intersection(two).cloned().collect()),
            (Base::Only(only), Base::Except(except)) | (Base::Except(except), Base::Only(only)) => {
                Base::Only(only.difference(except).cloned().collect())
            }
            (Base::Except(one), Base::Except(two)) => Base::Except(one.union(two).cloned().collect()),
        };
        let mut both = Self { base, held: self.held.clone() };
        for held in &other.held {
            let known = both.held.iter_mut().find(|known| known.atom == held.atom);
            match known {
                Some(known) => known.outcomes = known.outcomes.and(held.outcomes),
                None => both.held.push(held.clone()),
            }
        }
        if let Base::Only(strings) = &both.base {
            // A few strings are simply judged.
            let left = strings.iter().filter(|string| both.holds(string)).cloned().collect();
            both = Self { base: Base::Only(left), held: Vec::new() };
        }
        both
    }

    /// The strings that are not in it, as a list of sets of which each such string is in one.
    #[must_use]
    pub fn complement(&self) -> Vec<Self> {
        let base = match &self.base {
            Base::Only(strings) => Base::Except(strings.clone()),
            Base::Except(strings) => Base::Only(strings.clone()),
        };
        let mut parts = vec![Self { base, held: Vec::new() }];
        parts.extend(self.held.iter().map(|held| Self::held(Arc::clone(&held.atom), held.outcomes.others())));
        parts.retain(|part| !part.is_bare());
        parts
    }

    /// A string that is in it.
    #[must_use]
    pub fn find(&self) -> Search<Box<str>> {
        if self.is_bare() {
            return Search::Empty;
        }
        let except = match &self.base {
            Base::Only(strings) => {
                return match strings.iter().find(|string| self.holds(string)) {
                    Some(found) => Search::Found(found.clone()),
                    None => Search::Empty,
                };
            }
            Base::Except(except) => except,
        };
        if self.contradicts_itself() {
            return Search::Empty;
        }
        // The empty string shows little.
        if self.held.is_empty() && self.contains("a") {
            return Search::Found("a".into());
        }
        let candidates = self.held.iter().flat_map(|held| held.atom.candidates());
        if let Some(found) = candidates.into_iter().find(|candidate| self.contains(candidate)) {
            return Search::Found(found.into());
        }
        let languages = self.held.iter().filter_map(|Held { atom, outcomes }| {
            let (holds, fails) = (outcomes.has(Outcome::Holds), outcomes.has(Outcome::False));
            (holds != fails).then_some((atom.language()?, holds))
        });
        Wanted { languages: languages.collect(), except }.find(|string| self.contains(string))
    }

    /// Whether it follows from what the atoms say, without looking at strings, that there is none.
    fn contradicts_itself(&self) -> bool {
        let has = |held: &Held, outcome| held.outcomes.has(outcome);
        let never = |held: &&Held| {
            held.atom.always_judges() && !has(held, Outcome::Holds) && !has(held, Outcome::False)
        };
        if self.held.iter().any(|held| never(&held)) {
            return true;
        }
        // What one condition reads, others that refuse the same strings read too.
        let reads = |held: &Held| {
            let read = |other: &Held| !has(other, Outcome::Mismatch) && other.atom.refuses_like(&held.atom);
            if self.held.iter().any(read) {
                held.outcomes.and(Outcomes::MISMATCH.others())
            } else {
                held.outcomes
            }
        };
        let held: Vec<(&Atom, Outcomes)> = self.held.iter().map(|held| (&*held.atom, reads(held))).collect();
        let failing: Vec<&Atom> = held
            .iter()
            .filter(|(_, outcomes)| !outcomes.has(Outcome::Holds))
            .map(|(atom, _)| *atom)
            .collect();
        held.iter().any(|(atom, outcomes)| {
            outcomes.is_empty() || (*outcomes == Outcomes::HOLDS && atom.implies_one_of(&failing))
        })
    }
}
