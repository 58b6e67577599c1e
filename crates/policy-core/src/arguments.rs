//! The arguments of a call: a flat value (the tape) that a reader fills once and conditions look things up in. Caps and
//! duplicate names are checked here, for every reader alike; the text's grammar is the reader's.

use std::ops::Range;

use crate::decimal::Decimal;

/// How much a call's arguments may ask of the engine. Whatever is over a cap is denied, never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// How deep containers may nest; the arguments object itself is at depth 1. Default 64.
    pub depth: usize,
    /// How long the text may be, in bytes. Default 1 MiB, at most 2 GiB.
    pub bytes: usize,
    /// How many values (scalars and containers; names do not count) there may be. Default 10,000.
    pub nodes: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { depth: 64, bytes: 1 << 20, nodes: 10_000 }
    }
}

/// Why arguments are not acceptable: what, and at which byte of the text. Holds no argument's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {offset}")]
pub struct ArgumentError {
    /// What is wrong.
    pub fault: ArgumentFault,
    /// Where, as a byte offset into the text; 0 where there is no text.
    pub offset: usize,
}

/// What can be wrong with arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentFault {
    /// Not JSON text; the word says what was wanted or found.
    #[error("{0}")]
    Syntax(&'static str),
    /// A name that stands twice in one object, after unescaping.
    #[error("a name stands twice in one object")]
    DuplicateName,
    /// Arguments that are no object.
    #[error("arguments must be an object")]
    NotAnObject,
    /// More than [`Caps::bytes`].
    #[error("more bytes than permitted")]
    TooLarge,
    /// Deeper than [`Caps::depth`].
    #[error("nested deeper than permitted")]
    TooDeep,
    /// More values than [`Caps::nodes`].
    #[error("more values than permitted")]
    TooManyNodes,
    /// A number of more digits, or a larger exponent, than is looked at.
    #[error("a number is longer than permitted")]
    NumberTooLong,
}

/// Something that can hand over a call's arguments, when they are needed: JSON text, a `serde_json::Value`, nothing.
///
/// [`read`](Arguments::read) is called at most once per decision, and only when a rule looks at the arguments.
pub trait Arguments {
    /// The text that spans given to the writer point into; empty when the reader only writes owned text.
    fn source(&self) -> &[u8] {
        &[]
    }

    /// Writes the arguments to `tape`.
    ///
    /// # Errors
    /// Whatever makes the arguments unacceptable; the call is then denied with `invalid_arguments`.
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError>;
}

impl<A: Arguments + ?Sized> Arguments for &A {
    fn source(&self) -> &[u8] {
        (**self).source()
    }

    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        (**self).read(tape)
    }
}

/// No arguments: read as `{}`.
#[derive(Clone, Copy, Debug)]
pub struct NoArguments;

impl Arguments for NoArguments {
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        tape.begin_object(0)?;
        tape.end()
    }
}

/// A call may leave its arguments out: that reads as `{}`.
impl<A: Arguments> Arguments for Option<A> {
    fn source(&self) -> &[u8] {
        self.as_ref().map_or(&[], Arguments::source)
    }

    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        match self {
            Some(arguments) => arguments.read(tape),
            None => NoArguments.read(tape),
        }
    }
}

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

/// One place on the tape. Text stands in the source or, where it had to be unescaped, in the tape's own `owned` text.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    owned: bool,
    /// Where the value begins in the source.
    at: u32,
    /// Text: where it begins. Container: how many members or elements it has.
    start: u32,
    /// Text: where it ends. Container: the place after its last descendant.
    end: u32,
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
    nodes: Vec<Node>,
    /// How many of the nodes are values and not names.
    values: usize,
    owned: String,
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

    /// Empties the tape for the next value. `source` is what spans will point into; [`check_source`] makes it of bytes.
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
        whole.then_some(Json { tape: self, source, place: 0 })
    }

    /// Under [`Duplicates::Collect`]: the names that stood there before, in the order they were found.
    pub fn duplicates<'t>(&'t self, source: &'t str) -> impl Iterator<Item = Json<'t>> {
        self.duplicates.iter().map(move |place| Json { tape: self, source, place: *place })
    }

    /// Whether this tape has grown so large that it is better dropped than kept for the next call.
    pub(crate) fn is_oversized(&self) -> bool {
        self.nodes.capacity() > 65_536 || self.owned.capacity() > (1 << 18)
    }
}

/// Offsets are 32 bits wide.
const MAX_BYTES: usize = 1 << 31;

/// The text of a source that is within the caps.
///
/// # Errors
/// When it is longer than permitted, or not UTF-8.
#[inline]
pub fn check_source(source: &[u8], caps: Caps) -> Result<&str, ArgumentError> {
    if source.len() > caps.bytes.min(MAX_BYTES) {
        return Err(ArgumentError { fault: ArgumentFault::TooLarge, offset: caps.bytes });
    }
    std::str::from_utf8(source).map_err(|error| ArgumentError {
        fault: ArgumentFault::Syntax("bytes that are not UTF-8"),
        offset: error.valid_up_to(),
    })
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
        let root = Json { tape: self.tape, source: self.source, place: object };
        names.extend(root.members().map(|(name, _)| name.place));
        let text = |place: &u32| Json { tape: self.tape, source: self.source, place: *place }.text();
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
fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
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
    fn text(&self) -> &'t str {
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
    pub fn elements(&self) -> impl Iterator<Item = Json<'t>> + use<'t> {
        let (mut place, end) = self.inside(Kind::Array);
        let this = *self;
        std::iter::from_fn(move || {
            (place < end).then(|| {
                let element = this.at(place);
                place = element.after();
                element
            })
        })
    }

    /// The names and values of an object; nothing for anything else.
    pub fn members(&self) -> impl Iterator<Item = (Json<'t>, Json<'t>)> + use<'t> {
        let (mut place, end) = self.inside(Kind::Object);
        let this = *self;
        std::iter::from_fn(move || {
            (place < end).then(|| {
                let name = this.at(place);
                let value = this.at(place.saturating_add(1));
                place = value.after();
                (name, value)
            })
        })
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

#[cfg(test)]
mod tests {
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
