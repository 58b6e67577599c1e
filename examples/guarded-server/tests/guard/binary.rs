//! The real program, as an MCP client starts it: over stdio, with the caller in its environment.

use std::process::{Command, Output};

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::json;

use crate::world::{Answer, POLICY, call, tool_names};

const PROGRAM: &str = env!("CARGO_BIN_EXE_guarded-server");

#[tokio::test]
async fn the_program_lists_runs_and_refuses() {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.arg(POLICY).env("POLICY_GRANT", "alice");
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();

    assert_eq!(tool_names(&client).await, ["list-pods", "refund", "start-pod"]);
    let answer = call(&client, "start-pod", json!({ "name": "a", "gpuCount": 2 })).await;
    assert_eq!(answer, Answer::Done("Started; 14 GPUs are left".into()));
    assert_eq!(call(&client, "list-pods", json!({})).await, Answer::Done("a: 2 GPUs".into()));
    let answer = call(&client, "start-pod", json!({ "gpuCount": 8 })).await;
    assert_eq!(answer, Answer::denied("A pod may have 4 GPUs at most."));

    client.cancel().await.unwrap();
}

#[test]
fn the_program_does_not_start_without_a_caller() {
    let refused = run(Command::new(PROGRAM).arg(POLICY).env_remove("POLICY_GRANT"));
    assert!(refused.contains("set POLICY_GRANT"), "{refused}");

    let refused = run(Command::new(PROGRAM).arg(POLICY).env("POLICY_GRANT", ""));
    assert!(refused.contains("set POLICY_GRANT"), "{refused}");
}

#[test]
fn the_program_does_not_start_without_a_policy_that_loads() {
    let refused = run(Command::new(PROGRAM).env("POLICY_GRANT", "alice"));
    assert!(refused.contains("guarded-server POLICY.json"), "{refused}");

    let refused = run(Command::new(PROGRAM).arg("no-such-policy.json").env("POLICY_GRANT", "alice"));
    assert!(refused.contains("cannot read the policy `no-such-policy.json`"), "{refused}");

    let no_policy = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let refused = run(Command::new(PROGRAM).arg(no_policy).env("POLICY_GRANT", "alice"));
    assert!(refused.contains("does not load:\nline 1, column "), "{refused}");
}

/// What the program says when it does not start.
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty(), "stdout is the protocol's");
    String::from_utf8(stderr).unwrap()
}
