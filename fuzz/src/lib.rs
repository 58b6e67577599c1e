//! What the fuzz targets check. Each is a function of bytes that panics where something does not hold, so that a fuzzer
//! and a plain test can both call it.
//!
//! How to run them is in the README beside this crate.

#![expect(clippy::expect_used, clippy::panic, reason = "a panic is how a finding is reported")]

// What the targets look things up with.
mod amount;
mod pointer;

// What `arguments` has besides.
mod doors;

// What `evaluate` has besides: inputs, what is expected, what is checked.
mod choices;
mod grammar;
mod inputs;

mod counters;
mod rules;

mod more_rules;
mod told;

// The targets.
pub mod arguments;
pub mod evaluate;
pub mod load_policy;
pub mod operators;
