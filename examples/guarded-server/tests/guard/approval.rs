//! A call that waits for a person, and goes ahead with the token that the person made.

use std::time::Duration;

use guarded_server::APPROVAL;
use policy_core::{ApprovalKey, Engine, Identity, PolicySet};
use rmcp::model::{CallToolRequestParams, RequestMetaObject};
use serde_json::{Value, json};

use crate::world::{Answer, Client, World, call, send};

const POLICY: &str = r#"{
    "version": "1",
    "default": "deny",
    "tools": {
        "start-pod": {
            "approve_if": [{
                "conditions": [{ "path": "args.gpuCount", "op": "gt", "value": 2 }],
                "on_deny": "More than 2 GPUs are for a person to approve."
            }]
        }
    }
}"#;

async fn call_with(client: &Client, token: &str, arguments: &Value) -> Answer {
    let mut request = CallToolRequestParams::new("start-pod");
    request.arguments = arguments.as_object().cloned();
    let mut meta = RequestMetaObject::default();
    meta.insert(APPROVAL.to_owned(), token.into());
    request.meta = Some(meta);
    send(client, request).await
}

#[tokio::test]
async fn a_call_that_a_person_approves_runs_once() {
    let policies = PolicySet::single(policy_json::load("pods", POLICY.as_bytes()).unwrap()).unwrap();
    let engine = Engine::builder(policies).approval_key(ApprovalKey::generate().unwrap()).build();
    let world = World::with_engine(engine);
    let alice = world.connect("alice").await;
    let four = json!({ "name": "a", "gpuCount": 4 });

    let waits = Answer::Failed("[APPROVAL REQUIRED] More than 2 GPUs are for a person to approve.".into());
    assert_eq!(call(&alice, "start-pod", four.clone()).await, waits);
    assert_eq!(world.cloud.state().await.free_gpus, 16);

    // The request goes to whoever may approve; here it is made anew, by the same engine.
    let decision = world.engine.evaluate(&Identity::new("alice"), "start-pod", &four);
    let token = world.engine.approve(decision.approval().unwrap(), "bob", Duration::from_secs(60)).unwrap();

    let eight = json!({ "name": "a", "gpuCount": 8 });
    assert!(call_with(&alice, token.as_str(), &eight).await.is_denied(), "that is another call");
    assert!(call_with(&alice, token.as_str(), &four).await.is_done());
    assert_eq!(world.cloud.state().await.free_gpus, 12);
    assert!(call_with(&alice, token.as_str(), &four).await.is_denied(), "once");
}
