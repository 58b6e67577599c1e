//! What every command has: help, a version, completions, and errors that help.

use crate::running::{Ran, command, run};

const COMMANDS: [&str; 8] =
    ["eval", "explain", "approve", "validate", "test", "diff", "schema", "completions"];

#[test]
fn help_has_examples() {
    let ran = run(["--help"]);
    assert_eq!(ran.status, 0);
    assert!(COMMANDS.iter().all(|name| ran.stdout.contains(name)), "{}", ran.stdout);
    for name in COMMANDS {
        let ran = run([name, "--help"]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("Examples:\n"), "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("  policy {name} ")), "{}", ran.stdout);
        assert!(ran.stdout.lines().all(|line| line.len() <= 100), "{}", ran.stdout);
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(run(["--version"]).stdout, format!("policy {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(["completions", shell]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("skip-unsupported"), "{shell}");
    }
}

/// For editors: byte for byte the schema that the library has.
#[test]
fn the_schema_of_policies_is_printed_as_it_is() {
    let ran = run(["schema"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout, policy_json::FORMAT_SCHEMA);
    assert!(ran.stdout.contains("\"$id\": \"urn:policy:policy.v1\""));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let nothing: [&str; 0] = [];
    assert_eq!(run(nothing).status, 2);
    for (arguments, said) in [
        (&["evaluate"][..], "eval"),
        (&["eval"], "--policy <FILE>"),
        (&["validate"], "<FILE>"),
        (&["test"], "<FILE>"),
        (&["completions", "tcsh"], "bash"),
        (&["eval", "--policy", "x", "--at", "noon"], "2026-01-01T10:30:00Z"),
        (&["eval", "--policy", "x", "--format", "xml"], "json"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.status, 2, "{arguments:?}");
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    for arguments in [&["--help"][..], &["completions", "bash"], &["schema"], &["eval", "--help"]] {
        let mut child = command().args(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}
