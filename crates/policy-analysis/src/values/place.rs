//! What may stand at a place of the arguments and below it.

use std::collections::BTreeMap;

use policy_core::Value;

use super::containers::ObjectSet;
use super::outcomes::Search;
use super::same::member;
use super::slot::Slot;

/// A step from a place to one below.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'p> {
    Member(&'p str),
    /// The one element of a list.
    Element,
}

/// A place of the arguments.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    slot: Slot,
    members: BTreeMap<Box<str>, Place>,
    /// Where something is asked of a list's elements: the one element that it is to have.
    element: Option<Box<Place>>,
}

impl Place {
    /// All arguments.
    pub(crate) fn arguments() -> Self {
        Self { slot: Slot { objects: ObjectSet::all(), ..Slot::empty() }, ..Self::any() }
    }

    fn any() -> Self {
        Self { slot: Slot::any(), members: BTreeMap::new(), element: None }
    }

    pub(crate) fn narrow(&mut self, way: &[Way<'_>], slot: &Slot) {
        match way.split_first() {
            None => self.slot = self.slot.and(slot),
            Some((Way::Member(name), rest)) => {
                self.members.entry((*name).into()).or_insert_with(Self::any).narrow(rest, slot);
            }
            Some((Way::Element, rest)) => {
                self.element.get_or_insert_with(|| Box::new(Self::any())).narrow(rest, slot);
            }
        }
    }

    /// Whether this may stand here, and what is in it where it leads.
    fn admits(&self, value: Option<&Value>) -> bool {
        self.slot.contains(value)
            && self.element.is_none()
            && self.members.iter().all(|(name, place)| match value {
                Some(Value::Object(members)) => place.admits(member(members, name)),
                _ => place.admits(None),
            })
    }

    /// Something that may stand here. Without elements `Empty` is exact: the places below are independent of each other, and
    /// an object that is excluded as a whole can always be given one member more.
    pub(crate) fn find(&self) -> Search<Option<Value>> {
        if let Some(element) = &self.element {
            return self.find_list(element);
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

    fn find_list(&self, element: &Self) -> Search<Option<Value>> {
        match element.find() {
            Search::Found(element) => {
                let list = Value::Array(element.into_iter().collect());
                match self.slot.contains(Some(&list)) {
                    true => Search::Found(Some(list)),
                    false => Search::Unknown,
                }
            }
            Search::Empty | Search::Unknown => Search::Unknown,
        }
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
