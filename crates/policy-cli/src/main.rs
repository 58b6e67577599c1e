//! The `policy` command. This file only starts it: `args` says what can be asked for, each command has a module.

use std::process::ExitCode;

// What every command needs, each module using only those above it.
mod failure;
mod input;
mod output;
mod printable;
mod time;

mod diagnostics;
mod object;
mod policy_file;
mod tool_list;
mod call;
mod deciding;

// The commands.
mod approve;
mod eval;
mod explain;
mod diff;
mod schema;
mod test;
mod validate;

mod args;

fn main() -> ExitCode {
    args::run()
}
