//! A value on a tape, to be looked into.

use super::tape::{Node, Tape, index};

/// What a place on the tape holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 8259")]
pub enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    /// A member's name; its value follows.
    Name,
    Array,
    Object,
}

/// A value on a tape.
#[derive(Clone, Copy, Debug)]
pub struct Json<'t> {
    tape: &'t Tape,
    source: &'t str,
    place: u32,
}

impl<'t> Json<'t> {
    #[inline]
    pub(super) const fn at_place(tape: &'t Tape, source: &'t str, place: u32) -> Self {
        Self { tape, source, place }
    }

    /// Which place on its tape it has: no other value or name of the tape has the same.
    #[must_use]
    pub const fn place(&self) -> u32 {
        self.place
    }

    #[inline]
    fn node(&self) -> Option<&'t Node> {
        self.tape.nodes.get(index(self.place))
    }

    /// What the value is.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> Kind {
        self.node().map_or(Kind::Null, |node| node.kind)
    }

    /// Where the value (or name) begins in the source, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.node().map_or(0, |node| index(node.at))
    }

    #[inline]
    pub(super) fn text(&self) -> &'t str {
        let Some(node) = self.node() else { return "" };
        let text = if node.owned { self.tape.owned.as_str() } else { self.source };
        text.get(index(node.start)..index(node.end)).unwrap_or_default()
    }

    /// The string (or name), unescaped; `None` if it is none.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> Option<&'t str> {
        matches!(self.kind(), Kind::String | Kind::Name).then(|| self.text())
    }

    /// The number's text as it was written; `None` if it is none.
    #[must_use]
    #[inline]
    pub fn as_number(&self) -> Option<&'t str> {
        (self.kind() == Kind::Number).then(|| self.text())
    }

    /// The boolean; `None` if it is none.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// How many members or elements a container has; 0 for anything else.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.node() {
            Some(node) if matches!(node.kind, Kind::Array | Kind::Object) => index(node.start),
            _ => 0,
        }
    }

    /// Whether there is nothing in the container.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place after this value.
    #[inline]
    fn after(&self) -> u32 {
        match self.node() {
            Some(node) if matches!(node.kind, Kind::Array | Kind::Object) => node.end,
            _ => self.place.saturating_add(1),
        }
    }

    #[inline]
    fn at(&self, place: u32) -> Self {
        Self { place, ..*self }
    }

    /// The elements of an array; nothing for anything else.
    #[inline]
    #[must_use]
    pub fn elements(&self) -> Elements<'t> {
        let (place, end) = self.inside(Kind::Array);
        Elements { next: self.at(place), end }
    }

    /// The names and values of an object; nothing for anything else.
    #[inline]
    #[must_use]
    pub fn members(&self) -> Members<'t> {
        let (place, end) = self.inside(Kind::Object);
        Members { next: self.at(place), end }
    }

    #[inline]
    fn inside(&self, kind: Kind) -> (u32, u32) {
        match self.node() {
            Some(node) if node.kind == kind => (self.place.saturating_add(1), node.end),
            _ => (0, 0),
        }
    }

    /// The member of that name, if this is an object that has one.
    #[must_use]
    #[inline]
    pub fn get(&self, wanted: &str) -> Option<Json<'t>> {
        self.members().find(|(name, _)| name.text() == wanted).map(|(_, value)| value)
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'t> {
    next: Json<'t>,
    end: u32,
}

impl<'t> Iterator for Elements<'t> {
    type Item = Json<'t>;

    #[inline]
    fn next(&mut self) -> Option<Json<'t>> {
        if self.next.place >= self.end {
            return None;
        }
        let element = self.next;
        self.next.place = element.after();
        Some(element)
    }
}

/// The names and values of an object.
#[derive(Clone, Debug)]
pub struct Members<'t> {
    next: Json<'t>,
    end: u32,
}

impl<'t> Iterator for Members<'t> {
    type Item = (Json<'t>, Json<'t>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next.place >= self.end {
            return None;
        }
        let name = self.next;
        let value = name.at(name.place.saturating_add(1));
        self.next.place = value.after();
        Some((name, value))
    }
}
