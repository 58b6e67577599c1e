//! Runs the real command, the way a shell would.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What came of running the command.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit status.
    pub(crate) status: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said beside that.
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines that were printed.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let status = output.status.code().expect("the command was not killed");
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { status, stdout, stderr }
    }
}

/// The command, with nothing on its standard input, and no terminal anywhere.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["CLICOLOR_FORCE", "CLICOLOR", "NO_COLOR", "CI"] {
        command.env_remove(variable);
    }
    command
}

/// Runs the command.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    command().args(arguments).output().expect("the command starts").into()
}

/// Runs the command with this on its standard input.
pub(crate) fn run_with_input<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, input: &[u8]) -> Ran {
    let mut child = command().args(arguments).stdin(Stdio::piped()).spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that stops reading has its reasons.
        let _written = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("writing does not panic");
    output.into()
}

/// A file of this crate's `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A file that holds this text, in a directory of the test run's own.
pub(crate) fn file(name: &str, text: impl AsRef<[u8]>) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = directory.join(name);
    std::fs::write(&path, text).expect("the directory can be written");
    path.to_str().expect("the path is text").to_owned()
}
