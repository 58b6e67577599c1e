//! The arguments of a call: what may hand them over, how much they may ask, what can be wrong with them. The flat value they
//! are written to is `tape`'s, looking into it `json`'s, the grammar of a text whoever reads it.

mod tape;
mod json;

pub use json::{Elements, Json, Kind, Members};
pub use tape::{Duplicates, Tape, TapeWriter};

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
