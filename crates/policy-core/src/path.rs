//! `args.name.name`, `args.items[*]["odd.name"]`: where in the arguments a condition or a cost looks. How the text is
//! read stands in `parse`.

mod parse;

use std::ops::ControlFlow;

use crate::arguments::{Json, Kind};

pub use self::parse::PathError;

/// How many times `[*]` may stand in one path. Looking along a path recurses as often.
pub const EVERY_MAX: usize = 64;

/// A path into the arguments: an object's own names, a list's elements.
#[derive(Clone, Debug)]
pub struct Path {
    text: Box<str>,
    way: Way,
}

/// Nearly all paths are names and nothing else, and what looks along those knows of nothing else.
#[derive(Clone, Debug)]
enum Way {
    Names(Box<[Box<str>]>),
    Steps(Box<[OwnStep]>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum OwnStep {
    Name(Box<str>),
    NameOrElement(Box<str>, usize),
    Element(usize),
    Every,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step<'p> {
    /// `.name` or `["name"]`: an object's member.
    Name(&'p str),
    /// `.0`: a list's element, counted from 0, or the member of an object whose name is written so.
    NameOrElement(&'p str, usize),
    /// `[0]`: a list's element, counted from 0.
    Element(usize),
    /// `[*]`: every element of a list.
    Every,
}

/// What is found at a place that a path leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'t> {
    Value(Json<'t>),
    /// Nothing is there, or the way leads through something that has no such name.
    Absent,
    /// `[0]` or `[*]` meets something that is no list.
    NoList,
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Path {}

impl Path {
    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps, from the arguments on. There is at least one.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let (names, steps) = match &self.way {
            Way::Names(names) => (&**names, &[][..]),
            Way::Steps(steps) => (&[][..], &**steps),
        };
        let names = names.iter().map(|name| Step::Name(name));
        names.chain(steps.iter().map(OwnStep::borrow))
    }

    /// Whether `[*]` stands in it, so that it can lead to several places.
    #[must_use]
    pub fn has_every(&self) -> bool {
        self.steps().any(|step| step == Step::Every)
    }

    /// The value there; `None` where there is none, or where the way leads through something that has no such name or
    /// element. A path with `[*]` leads to no single value: always `None`.
    #[must_use]
    #[inline]
    pub fn find<'t>(&self, arguments: Json<'t>) -> Option<Json<'t>> {
        match &self.way {
            Way::Names(names) => find_by_names(names, arguments),
            Way::Steps(steps) => find(steps, arguments),
        }
    }

    /// The names that the path is, if it is names alone: what [`find_by_names`] looks for is then all that it leads to.
    #[inline]
    pub(crate) const fn names(&self) -> Option<&[Box<str>]> {
        match &self.way {
            Way::Names(names) => Some(names),
            Way::Steps(_) => None,
        }
    }

    /// Shows every place that the path leads to, in order, until `visit` breaks. There is always at least one: where `[*]`
    /// meets an empty list, that is a place where nothing is.
    ///
    /// The work is bounded by the arguments: no element is passed twice.
    pub(crate) fn visit<'t, B>(
        &self,
        arguments: Json<'t>,
        visit: &mut impl FnMut(Found<'t>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match &self.way {
            Way::Names(_) => visit(self.find(arguments).map_or(Found::Absent, Found::Value)),
            Way::Steps(steps) => walk(steps, arguments, visit),
        }
    }

    /// What must be lists for the path to lead anywhere, as paths: `args.items` of `args.items[*].price`.
    pub(crate) fn lists(&self) -> Vec<String> {
        let mut lists = Vec::new();
        let mut text = "args".to_owned();
        for step in self.steps() {
            if matches!(step, Step::Element(_) | Step::Every) {
                lists.push(text.clone());
            }
            parse::write_step(&mut text, step);
        }
        lists
    }
}

impl OwnStep {
    fn borrow(&self) -> Step<'_> {
        match self {
            Self::Name(name) => Step::Name(name),
            Self::NameOrElement(name, index) => Step::NameOrElement(name, *index),
            Self::Element(index) => Step::Element(*index),
            Self::Every => Step::Every,
        }
    }
}

/// The value that names lead to, one after the other.
#[inline]
pub(crate) fn find_by_names<'t>(names: &[Box<str>], arguments: Json<'t>) -> Option<Json<'t>> {
    names.iter().try_fold(arguments, |value, name| value.get(name))
}

fn find<'t>(steps: &[OwnStep], arguments: Json<'t>) -> Option<Json<'t>> {
    if steps.contains(&OwnStep::Every) {
        return None;
    }
    match walk(steps, arguments, &mut ControlFlow::Break) {
        ControlFlow::Break(Found::Value(value)) => Some(value),
        _ => None,
    }
}

/// Recurses once for each `[*]`.
fn walk<'t, B>(
    steps: &[OwnStep],
    from: Json<'t>,
    visit: &mut impl FnMut(Found<'t>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut value = from;
    let mut steps = steps.iter();
    while let Some(step) = steps.next() {
        let next = match step {
            OwnStep::Name(name) => value.get(name),
            OwnStep::NameOrElement(_, index) if value.kind() == Kind::Array => value.elements().nth(*index),
            OwnStep::NameOrElement(name, _) => value.get(name),
            OwnStep::Element(_) | OwnStep::Every if value.kind() == Kind::Null => None,
            OwnStep::Element(_) | OwnStep::Every if value.kind() != Kind::Array => {
                return visit(Found::NoList);
            }
            OwnStep::Element(index) => value.elements().nth(*index),
            OwnStep::Every if value.is_empty() => None,
            OwnStep::Every => {
                return value.elements().try_for_each(|element| walk(steps.as_slice(), element, visit));
            }
        };
        match next {
            Some(next) => value = next,
            None => return visit(Found::Absent),
        }
    }
    visit(Found::Value(value))
}
