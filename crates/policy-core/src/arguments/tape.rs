//! The tape: one flat list of nodes that a reader fills, and that keeps its memory from call to call. Caps and names that
//! stand twice are checked here, for every reader alike.

use std::ops::Range;

use super::json::{Json, Kind};
use super::{ArgumentError, ArgumentFault, Caps, MAX_BYTES};
use crate::decimal::Decimal;

/// One place on the tape. Text stands in the source or, where it had to be unescaped, in the tape's own `owned` text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) owned: bool,
    /// Where the value begins in the source.
    pub(super) at: u32,
    /// Text: where it begins. Container: how many members or elements it has.
    pub(super) start: u32,
    /// Text: where it ends. Container: the place after its last descendant.
    pub(super) end: u32,
}

/// A container that is still open.
#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    /// Members or elements so far.
    count: u32,
    /// One bit for each name so far; two names on one bit may be the same name.
    names: u64,
    suspect: bool,
}

/// A flat JSON value: one node after the other, reusable from call to call without allocating.
#[derive(Debug, Default)]
pub struct Tape {
    pub(super) nodes: Vec<Node>,
    /// How many of the nodes are values and not names.
    values: usize,
    pub(super) owned: String,
    open: Vec<Frame>,
    names: Vec<u32>,
    duplicates: Vec<u32>,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            values: 0,
            owned: String::new(),
            open: Vec::new(),
            names: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    /// Empties the tape for the next value. `source` is what spans will point into; [`check_source`](super::check_source) makes it of bytes.
    pub fn writer<'t>(&'t mut self, source: &'t str, caps: Caps, duplicates: Duplicates) -> TapeWriter<'t> {
        self.nodes.clear();
        self.values = 0;
        self.owned.clear();
        self.open.clear();
        self.duplicates.clear();
        TapeWriter { tape: self, source, caps, duplicates }
    }

    /// The value that was written, with the source it was written from. `None` while nothing whole is there.
    #[must_use]
    pub fn root<'t>(&'t self, source: &'t str) -> Option<Json<'t>> {
        let whole = self.open.is_empty() && !self.nodes.is_empty();
        whole.then_some(Json::at_place(self, source, 0))
    }

    /// Under [`Duplicates::Collect`]: the names that stood there before, in the order they were found.
    pub fn duplicates<'t>(&'t self, source: &'t str) -> impl Iterator<Item = Json<'t>> {
        self.duplicates.iter().map(move |place| Json::at_place(self, source, *place))
    }

    /// Whether this tape has grown so large that it is better dropped than kept for the next call.
    pub(crate) fn is_oversized(&self) -> bool {
        self.nodes.capacity() > 65_536 || self.owned.capacity() > (1 << 18)
    }
}

/// What to do about a name that stands twice in one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Refuse the value: what arguments get.
    Refuse,
    /// Note the place and go on, so that a document's reader can report them all.
    Collect,
}

/// Writes one value to a [`Tape`], checking caps and duplicate names as it goes. Spans are byte ranges of the source.
#[derive(Debug)]
pub struct TapeWriter<'t> {
    tape: &'t mut Tape,
    source: &'t str,
    caps: Caps,
    duplicates: Duplicates,
}

impl<'t> TapeWriter<'t> {
    /// The text that spans point into.
    #[must_use]
    pub fn source(&self) -> &'t str {
        self.source
    }

    /// Writes `null`, `true` or `false`.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn literal(&mut self, literal: Option<bool>, at: usize) -> Result<(), ArgumentError> {
        let kind = match literal {
            None => Kind::Null,
            Some(false) => Kind::False,
            Some(true) => Kind::True,
        };
        self.value(Node { kind, owned: false, at: offset(at), start: 0, end: 0 })
    }

    /// Writes the number whose text is `span`. The reader has checked its grammar.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn number(&mut self, span: Range<usize>) -> Result<(), ArgumentError> {
        self.spanned(Kind::Number, span.start, span)
    }

    /// Writes a number by its text.
    ///
    /// # Errors
    /// Over a cap, or no number.
    pub fn number_owned(&mut self, text: &str) -> Result<(), ArgumentError> {
        if Decimal::parse(text).is_none() {
            return Err(ArgumentError { fault: ArgumentFault::NumberTooLong, offset: 0 });
        }
        self.copied(Kind::Number, 0, text)
    }

    /// Writes the string whose content, free of escapes, is `span`; the value itself begins at `at`.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn string(&mut self, at: usize, span: Range<usize>) -> Result<(), ArgumentError> {
        self.spanned(Kind::String, at, span)
    }

    /// Writes a string that is not in the source as it is.
    ///
    /// # Errors
    /// Over a cap.
    pub fn string_owned(&mut self, at: usize, text: &str) -> Result<(), ArgumentError> {
        self.copied(Kind::String, at, text)
    }

    /// Writes a member's name, to be followed by its value.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn name(&mut self, at: usize, span: Range<usize>) -> Result<(), ArgumentError> {
        let text = self.source.get(span.clone()).unwrap_or_default();
        self.note_name(text);
        self.spanned(Kind::Name, at, span)
    }

    /// Writes a member's name that is not in the source as it is.
    ///
    /// # Errors
    /// Over a cap.
    pub fn name_owned(&mut self, at: usize, text: &str) -> Result<(), ArgumentError> {
        self.note_name(text);
        self.copied(Kind::Name, at, text)
    }

    /// The tape's own text, for a reader to append to what it has to unescape; its length before and after is the span
    /// for [`string_appended`](Self::string_appended) and [`name_appended`](Self::name_appended).
    pub fn appended(&mut self) -> &mut String {
        &mut self.tape.owned
    }

    /// Writes the string that was appended from `start` on.
    ///
    /// # Errors
    /// Over a cap.
    pub fn string_appended(&mut self, at: usize, start: usize) -> Result<(), ArgumentError> {
        self.own(Kind::String, at, start)
    }

    /// Writes the member's name that was appended from `start` on.
    ///
    /// # Errors
    /// Over a cap.
    pub fn name_appended(&mut self, at: usize, start: usize) -> Result<(), ArgumentError> {
        let owned = std::mem::take(&mut self.tape.owned);
        self.note_name(owned.get(start..).unwrap_or_default());
        self.tape.owned = owned;
        self.own(Kind::Name, at, start)
    }

    /// The kind of the innermost container that is open.
    #[must_use]
    #[inline]
    pub fn innermost(&self) -> Option<Kind> {
        let frame = self.tape.open.last()?;
        self.tape.nodes.get(index(frame.node)).map(|node| node.kind)
    }

    /// Opens an object.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn begin_object(&mut self, at: usize) -> Result<(), ArgumentError> {
        self.begin(Kind::Object, at)
    }

    /// Opens an array.
    ///
    /// # Errors
    /// Over a cap.
    #[inline]
    pub fn begin_array(&mut self, at: usize) -> Result<(), ArgumentError> {
        self.begin(Kind::Array, at)
    }

    /// Closes the innermost container.
    ///
    /// # Errors
    /// When a name stands twice in it.
    #[inline]
    pub fn end(&mut self) -> Result<(), ArgumentError> {
        let Some(frame) = self.tape.open.pop() else {
            return Err(ArgumentError { fault: ArgumentFault::Syntax("no container to close"), offset: 0 });
        };
        let end = offset(self.tape.nodes.len());
        if let Some(node) = self.tape.nodes.get_mut(index(frame.node)) {
            node.start = frame.count;
            node.end = end;
        }
        if frame.suspect { self.check_names(frame.node) } else { Ok(()) }
    }

    #[inline]
    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), ArgumentError> {
        if self.tape.open.len() >= self.caps.depth {
            return Err(ArgumentError { fault: ArgumentFault::TooDeep, offset: at });
        }
        let node = offset(self.tape.nodes.len());
        self.value(Node { kind, owned: false, at: offset(at), start: 0, end: 0 })?;
        self.tape.open.push(Frame { node, count: 0, names: 0, suspect: false });
        Ok(())
    }

    #[inline]
    fn spanned(&mut self, kind: Kind, at: usize, span: Range<usize>) -> Result<(), ArgumentError> {
        if self.source.get(span.clone()).is_none() {
            return Err(ArgumentError {
                fault: ArgumentFault::Syntax("a span outside the text"),
                offset: at,
            });
        }
        let node =
            Node { kind, owned: false, at: offset(at), start: offset(span.start), end: offset(span.end) };
        if kind == Kind::Name { self.push_name(node) } else { self.value(node) }
    }

    fn copied(&mut self, kind: Kind, at: usize, text: &str) -> Result<(), ArgumentError> {
        let start = self.tape.owned.len();
        if start.saturating_add(text.len()) > self.caps.bytes.min(MAX_BYTES) {
            return Err(ArgumentError { fault: ArgumentFault::TooLarge, offset: at });
        }
        self.tape.owned.push_str(text);
        self.own(kind, at, start)
    }

    fn own(&mut self, kind: Kind, at: usize, start: usize) -> Result<(), ArgumentError> {
        let end = self.tape.owned.len();
        if end > self.caps.bytes.min(MAX_BYTES) {
            return Err(ArgumentError { fault: ArgumentFault::TooLarge, offset: at });
        }
        let node = Node { kind, owned: true, at: offset(at), start: offset(start), end: offset(end) };
        if kind == Kind::Name { self.push_name(node) } else { self.value(node) }
    }

    #[inline]
    fn push_name(&mut self, node: Node) -> Result<(), ArgumentError> {
        // A name always precedes a value, so the nodes stay within twice the cap.
        self.tape.nodes.push(node);
        Ok(())
    }

    #[inline]
    fn value(&mut self, node: Node) -> Result<(), ArgumentError> {
        if self.tape.values >= self.caps.nodes {
            return Err(ArgumentError { fault: ArgumentFault::TooManyNodes, offset: index(node.at) });
        }
        self.tape.values = self.tape.values.wrapping_add(1);
        if let Some(frame) = self.tape.open.last_mut() {
            frame.count = frame.count.saturating_add(1);
        }
        self.tape.nodes.push(node);
        Ok(())
    }

    #[inline]
    fn note_name(&mut self, text: &str) {
        if let Some(frame) = self.tape.open.last_mut() {
            let bytes = text.as_bytes();
            let first = bytes.first().copied().unwrap_or_default();
            let last = bytes.last().copied().unwrap_or_default();
            let mix = u32::from(first)
                .wrapping_mul(7)
                .wrapping_add(u32::from(last).wrapping_mul(29))
                .wrapping_add(offset(bytes.len()).wrapping_mul(3));
            let bit = 1_u64.wrapping_shl(mix);
            frame.suspect |= frame.names & bit != 0;
            frame.names |= bit;
        }
    }

    /// Looks for a name that stands twice in the object at `object`, which has just been closed.
    #[cold]
    fn check_names(&mut self, object: u32) -> Result<(), ArgumentError> {
        let mut names = std::mem::take(&mut self.tape.names);
        names.clear();
        let root = Json::at_place(self.tape, self.source, object);
        names.extend(root.members().map(|(name, _)| name.place()));
        let text = |place: &u32| Json::at_place(self.tape, self.source, *place).text();
        // Stable: of two equal names the one written first comes first. Bounded whatever names are chosen.
        names.sort_by(|left, right| text(left).cmp(text(right)));
        let mut found: Vec<u32> = Vec::new();
        for pair in names.windows(2) {
            if let [left, right] = pair
                && text(left) == text(right)
            {
                found.push(*right);
            }
        }
        self.tape.names = names;
        found.sort_unstable();
        let Some(first) = found.first() else { return Ok(()) };
        match self.duplicates {
            Duplicates::Collect => {
                self.tape.duplicates.extend_from_slice(&found);
                Ok(())
            }
            Duplicates::Refuse => {
                let at = self.tape.nodes.get(index(*first)).map_or(0, |node| node.at);
                Err(ArgumentError { fault: ArgumentFault::DuplicateName, offset: index(at) })
            }
        }
    }
}

#[inline]
fn offset(position: usize) -> u32 {
    // Positions are below `MAX_BYTES`: the writer refuses longer sources.
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[inline]
pub(super) fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::check_source;
    use super::*;

    /// Writes `{"a": 1, "a..": [..]}`-like values by hand, as a reader would.
    fn object(names: &[&str], duplicates: Duplicates) -> (Tape, Result<(), ArgumentError>) {
        let mut tape = Tape::new();
        let mut writer = tape.writer("", Caps::default(), duplicates);
        writer.begin_object(0).unwrap();
        for name in names {
            writer.name_owned(0, name).unwrap();
            writer.literal(None, 0).unwrap();
        }
        let ended = writer.end();
        (tape, ended)
    }

    #[test]
    fn a_name_that_stands_twice_is_found_among_few_and_many() {
        assert!(object(&["a", "b", "ab", "ba"], Duplicates::Refuse).1.is_ok());
        let refused = object(&["a", "b", "a"], Duplicates::Refuse).1.unwrap_err();
        assert_eq!(refused.fault, ArgumentFault::DuplicateName);
        let many: Vec<String> = (0..500).map(|number| format!("name{number}")).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(object(&many, Duplicates::Refuse).1.is_ok());
        many.push("name250");
        assert!(object(&many, Duplicates::Refuse).1.is_err());
    }

    #[test]
    fn collecting_finds_every_duplicate_and_goes_on() {
        let (tape, ended) = object(&["a", "b", "a", "b", "a"], Duplicates::Collect);
        assert!(ended.is_ok());
        let names: Vec<&str> = tape.duplicates("").map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names, ["a", "b", "a"]);
    }

    #[test]
    fn caps_hold() {
        let caps = Caps { depth: 2, bytes: 4, nodes: 3 };
        let mut tape = Tape::new();
        assert_eq!(check_source(b"12345", caps).unwrap_err().fault, ArgumentFault::TooLarge);
        let mut writer = tape.writer("", caps, Duplicates::Refuse);
        writer.begin_array(0).unwrap();
        writer.begin_array(0).unwrap();
        assert_eq!(writer.begin_array(0).unwrap_err().fault, ArgumentFault::TooDeep);
        writer.literal(None, 0).unwrap();
        assert_eq!(writer.literal(None, 0).unwrap_err().fault, ArgumentFault::TooManyNodes);
        assert_eq!(writer.string_owned(0, "12345").unwrap_err().fault, ArgumentFault::TooLarge);
    }

    #[test]
    fn names_do_not_count_as_values() {
        let mut tape = Tape::new();
        let mut writer = tape.writer("", Caps { nodes: 3, ..Caps::default() }, Duplicates::Refuse);
        writer.begin_object(0).unwrap();
        for name in ["a", "b"] {
            writer.name_owned(0, name).unwrap();
            writer.literal(Some(true), 0).unwrap();
        }
        writer.name_owned(0, "c").unwrap();
        assert_eq!(writer.literal(None, 0).unwrap_err().fault, ArgumentFault::TooManyNodes);
    }

    #[test]
    fn an_unfinished_tape_has_no_root() {
        let mut tape = Tape::new();
        let mut writer = tape.writer("", Caps::default(), Duplicates::Refuse);
        writer.begin_object(0).unwrap();
        assert!(tape.root("").is_none());
    }
}
