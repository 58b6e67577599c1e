//! Stories of the `policy` command, told by running it. One program holds them all, so that it is linked once.

#[cfg(test)]
mod running;

#[cfg(test)]
mod approve;
#[cfg(test)]
mod case_files;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod eval;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod rust_version;
#[cfg(test)]
mod validate;
