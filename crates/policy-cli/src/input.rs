//! Reads whole files: policies, case files, tool lists. Calls come line by line and are `eval`'s.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::failure::Failure;
use crate::printable;

/// How large a file may be. More is refused rather than read: a device can be endless.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() > BYTES_MAX {
        let megabytes = BYTES_MAX >> 20;
        return Err(Failure::new(format!("`{}` is larger than {megabytes} MiB", printable::path(path))));
    }
    Ok(bytes)
}

/// The bytes of a file or, where none is named or it is `-`, of standard input to its end.
pub(crate) fn read_or_stdin(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    if let Some(file) = file.filter(|file| !is_stdin(file)) {
        return read(file);
    }
    let mut bytes = Vec::new();
    // One more than is permitted: what reads the bytes has a cap of its own, and then says so.
    let limit = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = io::stdin().take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

/// Whether a name stands for standard input.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Opens a file, which may be a pipe.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    if path.is_dir() {
        let failure = Failure::new(format!("`{}` is a directory", printable::path(path)));
        return Err(failure.with_help("name a file in it; the shell takes `*.json` for all of them"));
    }
    File::open(path).map_err(|error| unreadable(path, &error))
}

/// A file could not be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(format!("cannot read `{}`: {error}", printable::path(path)));
    match error.kind() {
        io::ErrorKind::NotFound => failure.with_help("check the spelling, and the directory you are in"),
        io::ErrorKind::PermissionDenied => failure.with_help("check who may read it"),
        _ => failure,
    }
}
