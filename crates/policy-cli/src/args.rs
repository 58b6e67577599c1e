//! What the command can be asked for, and handing it on to whoever does it.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use policy_core::Timestamp;

use crate::deciding::DecideBy;
use crate::failure::{CANNOT, Failure};
use crate::output::Output;
use crate::{approve, diff, eval, explain, schema, test, time, validate};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  policy validate policy.json
  policy eval --policy policy.json calls.jsonl
  policy explain --policy policy.json call.json
  policy test cases/*.json
  policy diff old.json policy.json";

// Lines of these texts are short enough not to be broken on a terminal of 80 columns.
const EVAL_EXAMPLES: &str = r#"Examples:
  Decide the calls in a file:
    policy eval --policy policy.json calls.jsonl

  Decide one call:
    echo '{"grant": "alice", "tool": "list-pods"}' |
      policy eval --policy policy.json

  Follow a log of calls, and keep what is denied:
    tail -f calls.jsonl |
      policy eval --policy policy.json --format json | grep '"effect":"deny"'

A call is one line:
  {"grant": "alice", "tool": "create-pod", "arguments": {"gpuCount": 2}}
It may also have `server`, `session`, `claims` (an object), `at` (a time) and
`approval` (a token that `policy approve` printed).
Where a line is no call, {"line": N, "error": "..."} stands in its place, and
the run goes on.

Limits count from zero in each run, and no approval has been used in it yet.

Exit status: 0 when every line was a call, whether denied or not; 2 when one
was not, or nothing could be decided."#;

const EXPLAIN_EXAMPLES: &str = r#"Examples:
  Why is this call denied, and what would let it through?
    policy explain --policy policy.json call.json

  The same for a call on standard input, with the values that rules found:
    echo '{"grant": "alice", "tool": "create-pod", "arguments": {"gpuCount": 9}}' |
      policy explain --policy policy.json --show-values

The call is one object, as in a line of `policy eval`. Every step is shown with
what it looked at, those after the first that denies too. Values of arguments
are shown with --show-values only.

Limits count from zero: what was used is not looked at.

Exit status: 0 when the call was decided, whether denied or not; 2 when it could
not be."#;

const APPROVE_EXAMPLES: &str = r#"Examples:
  Make a key that nobody else may read:
    (umask 077; head -c 32 /dev/urandom > approval.key)

  Decide a call, and approve of it if it waits for that:
    echo '{"grant": "alice", "tool": "delete-pod"}' |
      policy eval --policy policy.json --approval-key-file approval.key |
      policy approve --key-file approval.key --approver bob

The token lets that call through once, under that policy, until it expires. It
goes into the call as `"approval": "TOKEN"`.

Exit status: 0 when there is a token, 2 when there is none."#;

const VALIDATE_EXAMPLES: &str = "\
Examples:
  policy validate policy.json
  policy validate --tools tools.json --deny-warnings policies/*.json
  policy validate --explain unanchored_pattern

Exit status: 0 when every file is a policy, 1 when one is not (or, with
--deny-warnings, when there is a warning), 2 when something cannot be read.";

const TEST_EXAMPLES: &str = r#"Examples:
  policy test cases/*.json
  policy test --skip-unsupported cases/*.json

A case file holds one case or a list of them:
  {
    "name": "nobody deletes pods",
    "policy": {"version": "1", "default": "deny", "hide": ["delete-pod"]},
    "steps": [
      {
        "at": "2026-01-01T10:30:00Z",
        "identity": {"grant": "alice"},
        "tool": "delete-pod",
        "arguments": {"podId": "p1"},
        "expect": {"effect": "deny", "code": "hidden"}
      }
    ]
  }

Exit status: 0 when every case passed, 1 when one did not."#;

const DIFF_EXAMPLES: &str = "\
Examples:
  What does this change permit?
    policy diff old.json policy.json

  In the checks of a repository, against the branch it goes to:
    git show origin/main:policy.json > old.json
    policy diff old.json policy.json --deny-widening

Widenings come first, each with calls that show it: denied under the old
policy, let through under the new. Each was really decided under both.
What could not be decided counts as a possible widening.

Exit status: 0 when the policies were compared; 1 with --deny-widening when
something may pass that did not; 2 when they could not be compared.";

const SCHEMA_EXAMPLES: &str = r#"Examples:
  policy schema > policy.v1.schema.json

Editors that know it complete fields and underline mistakes as you type. Most
take the hint in the policy itself:
  {"$schema": "./policy.v1.schema.json", "version": "1", "default": "deny"}

It knows less than `policy validate` does."#;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  policy completions bash > ~/.local/share/bash-completion/completions/policy
  policy completions zsh > ~/.zfunc/_policy
  policy completions fish > ~/.config/fish/completions/policy.fish";

/// Decides tool calls by policy: checks policies, tries them out on calls, runs their tests.
#[derive(Debug, Parser)]
#[command(name = "policy", version, styles = STYLES, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decides calls, one a line, and prints one decision a line
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArgs),
    /// Says why a call is decided as it is, step by step, and what would have to change
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Approves of a call that waits for it, and prints the token
    #[command(after_help = APPROVE_EXAMPLES)]
    Approve {
        /// The file that holds the key: all of its bytes, at least 32
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// Who approves; decisions on the call name them
        #[arg(long, value_name = "NAME")]
        approver: String,
        /// For how many seconds the token holds; never longer than the request
        #[arg(long, value_name = "SECONDS", default_value_t = 300)]
        ttl: u64,
        /// The time of the approval, such as 2026-01-01T10:30:00Z [default: now]
        #[arg(long, value_name = "RFC3339", value_parser = time::parse_argument)]
        at: Option<Timestamp>,
        /// The request, or the decision that it is part of; standard input if left out or `-`
        #[arg(value_name = "REQUEST.json")]
        request: Option<PathBuf>,
    },
    /// Shows everything that is wrong with policy files, and what is probably not meant
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(ValidateArgs),
    /// Runs case files: calls, and the decisions that are expected
    #[command(after_help = TEST_EXAMPLES)]
    Test {
        /// Case files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Count cases that need what is not supported yet as skipped, not as failed
        #[arg(long)]
        skip_unsupported: bool,
    },
    /// Compares two policies: what the new one permits that the old one did not, and the reverse
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Prints the JSON Schema of policies, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Prints a script that completes this command's arguments in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
struct EvalArgs {
    #[command(flatten)]
    by: DecideBy,
    /// How decisions are shown [default: table on a terminal, json elsewhere]
    #[arg(long)]
    format: Option<Format>,
    /// The calls, one JSON object a line; standard input if left out or `-`
    #[arg(value_name = "CALLS.jsonl")]
    calls: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    #[command(flatten)]
    by: DecideBy,
    /// Show the values of the arguments that rules looked at
    #[arg(long)]
    show_values: bool,
    /// How the explanation is shown
    #[arg(long, default_value = "text")]
    format: ExplainFormat,
    /// The call, one JSON object; standard input if left out or `-`
    #[arg(value_name = "CALL.json")]
    call: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExplainFormat {
    /// For reading
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Args)]
struct ValidateArgs {
    /// Policy files
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the server answers to `tools/list`: names, arguments, types and values are held against it
    #[arg(long, value_name = "LIST.json")]
    tools: Option<PathBuf>,
    /// Let a warning fail the run
    #[arg(long)]
    deny_warnings: bool,
    /// Refuse what other readers of the format may not know
    #[arg(long)]
    portable: bool,
    /// How findings are shown
    #[arg(long, default_value = "text")]
    format: ValidateFormat,
    /// Say what a code means, why it matters and what to do
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ValidateFormat {
    /// For reading
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
}

#[derive(Debug, Args)]
struct DiffArgs {
    /// The policy as it was
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it is to be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// What the server answers to `tools/list`. Its tools are compared, and no others
    #[arg(long, value_name = "LIST.json")]
    tools: Option<PathBuf>,
    /// How changes are shown
    #[arg(long, default_value = "text")]
    format: DiffFormat,
    /// Exit with status 1 when something may pass that did not
    #[arg(long)]
    deny_widening: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DiffFormat {
    /// For reading
    Text,
    /// One JSON object
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One JSON object a line
    Json,
    /// For reading
    Table,
}

/// Does what the command line asks for.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads is no failure; help that cannot be written is.
            return match error.print() {
                Err(fault) if fault.kind() != ErrorKind::BrokenPipe => ExitCode::from(CANNOT),
                _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(CANNOT)),
            };
        }
    };
    let done = match cli.command {
        Command::Eval(EvalArgs { by, format, calls }) => {
            let format = format.map(|format| match format {
                Format::Json => eval::Format::Json,
                Format::Table => eval::Format::Table,
            });
            eval::run(&eval::Options { by, format, calls })
        }
        Command::Explain(ExplainArgs { by, show_values, format, call }) => {
            let format = match format {
                ExplainFormat::Text => explain::Format::Text,
                ExplainFormat::Json => explain::Format::Json,
            };
            explain::run(&explain::Options { by, show_values, format, call })
        }
        Command::Approve { key_file, approver, ttl, at, request } => {
            let ttl = std::time::Duration::from_secs(ttl);
            approve::run(&approve::Options { key_file, approver, ttl, at, request })
        }
        Command::Validate(ValidateArgs { explain: Some(code), .. }) => validate::explain(&code),
        Command::Validate(ValidateArgs { files, tools, deny_warnings, portable, format, .. }) => {
            let format = match format {
                ValidateFormat::Text => validate::Format::Text,
                ValidateFormat::Json => validate::Format::Json,
                ValidateFormat::Sarif => validate::Format::Sarif,
            };
            validate::run(&validate::Options { files, tools, deny_warnings, portable, format })
        }
        Command::Test { files, skip_unsupported } => test::run(&test::Options { files, skip_unsupported }),
        Command::Diff(DiffArgs { old, new, tools, format, deny_widening }) => {
            let format = match format {
                DiffFormat::Text => diff::Format::Text,
                DiffFormat::Json => diff::Format::Json,
            };
            diff::run(&diff::Options { old, new, tools, format, deny_widening })
        }
        Command::Schema => schema::run(),
        Command::Completions { shell } => complete(shell),
    };
    done.unwrap_or_else(|failure: Failure| failure.report())
}

fn complete(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "policy", &mut script);
    Output::plain().write(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
