//! What arguments conditions admit, as sets: exact where it can be, and saying so where it cannot.
//!
//! A [`Slot`] is what may stand at one path, a [`Region`] what all paths hold together, [`solve`] looks for arguments where
//! some demands are alternatives. Every example has been judged by the real conditions. "There is none" follows from the
//! sets alone, and what cannot be decided comes out as unknown, never as one of the two. Types that mismatch do so as under
//! `TypeMismatch::Deny`, the engine's default.

mod same;
mod text;
mod outcomes;
mod exact;
mod numbers;
mod language;
mod atom;
mod strings;
mod containers;
mod slot;
mod of_condition;
mod place;
mod region;
mod solve;

pub use containers::{ArraySet, ObjectSet};
pub use exact::Exact;
pub use numbers::NumberSet;
pub use outcomes::{Answer, Outcomes, Search};
pub use region::{Literal, Region};
pub use same::same;
pub use slot::Slot;
pub use solve::{Alternatives, REGIONS_MAX, solve};
pub use strings::StringSet;
pub(crate) use text::as_arguments;
pub use text::json_text;
