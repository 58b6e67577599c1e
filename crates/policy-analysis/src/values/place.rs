//! What may stand at a place of the arguments and below it.

use std::collections::BTreeMap;

use policy_core::Value;

use super::containers::ObjectSet;
use super::outcomes::Search;
use super::same::member;
use super::slot::Slot;

/// How long the lists are that are made up.
const ELEMENTS_MAX: usize = 16;

/// A step from a place to one below.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'p> {
    Member(&'p str),
    /// An element of a list, counted from 0; the first stands for every one.
    Element(usize),
}

/// A place of the arguments.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    slot: Slot,
    members: BTreeMap<Box<str>, Place>,
    /// Where something is asked of a list's elements: the elements that it is to have.
    elements: BTreeMap<usize, Place>,
}

impl Place {
    /// All arguments.
    pub(crate) fn arguments() -> Self {
        Self { slot: Slot { objects: ObjectSet::all(), ..Slot::empty() }, ..Self::any() }
    }

    fn any() -> Self {
        Self { slot: Slot::any(), members: BTreeMap::new(), elements: BTreeMap::new() }
    }

    pub(crate) fn narrow(&mut self, way: &[Way<'_>], slot: &Slot) {
        match way.split_first() {
            None => self.slot = self.slot.and(slot),
            Some((Way::Member(name), rest)) => {
                self.members.entry((*name).into()).or_insert_with(Self::any).narrow(rest, slot);
            }
            Some((Way::Element(index), rest)) => {
                self.elements.entry(*index).or_insert_with(Self::any).narrow(rest, slot);
            }
        }
    }

    /// Whether this may stand here, and what is in it where it leads.
    fn admits(&self, value: Option<&Value>) -> bool {
        self.slot.contains(value)
            && self.elements.is_empty()
            && self.members.iter().all(|(name, place)| match value {
                Some(Value::Object(members)) => place.admits(member(members, name)),
                _ => place.admits(None),
            })
    }

    /// Something that may stand here. Without elements `Empty` is exact: the places below are independent of each other, and
    /// an object that is excluded as a whole can always be given one member more.
    pub(crate) fn find(&self) -> Search<Option<Value>> {
        if !self.elements.is_empty() {
            return self.find_list();
        }
        if self.members.is_empty() {
            return self.slot.find();
        }
        self.find_object().or_else(|| {
            // Whatever is no object has no members.
            if self.members.values().all(|place| place.admits(None)) {
                let slot = Slot { objects: ObjectSet::empty(), ..self.slot.clone() };
                slot.find()
            } else {
                Search::Empty
            }
        })
    }

    /// One list with such elements; where there is nothing to be said of one, it is like the first. Never `Empty`: other lists
    /// may do.
    fn find_list(&self) -> Search<Option<Value>> {
        let last = self.elements.keys().next_back().copied().unwrap_or(0);
        if last > ELEMENTS_MAX {
            return Search::Unknown;
        }
        let mut list: Vec<Value> = Vec::new();
        for index in 0..=last {
            match self.elements.get(&index).map(Self::find) {
                Some(Search::Found(Some(value))) => list.push(value),
                // Absent is what is behind the end.
                Some(Search::Found(None)) if index == last => {}
                Some(Search::Found(None)) | None => {
                    let filler = list.first().cloned().unwrap_or(Value::Null);
                    list.push(filler);
                }
                Some(Search::Empty | Search::Unknown) => return Search::Unknown,
            }
        }
        let list = Value::Array(list);
        if self.slot.contains(Some(&list)) { Search::Found(Some(list)) } else { Search::Unknown }
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
        for (name, place) in &self.members {
            match place.find() {
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
