//! Over HTTP the caller is whom the authentication layer found the request to be from, request by request.

use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt;
use policy_core::Identity;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};

use crate::world::World;

type Service = StreamableHttpService<guarded_server::Guarded<guarded_server::Cloud>, LocalSessionManager>;

/// The guarded server behind HTTP. Were somebody to call without having been authenticated, the grant of the process
/// must not stand in.
fn service(world: &World) -> Service {
    let guarded = world.guarded("the process itself");
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    StreamableHttpService::new(move || Ok(guarded.clone()), Arc::default(), config)
}

/// What an authentication layer hands on for a request that it found to be from `grant`, and what comes back.
async fn post(service: &Service, grant: Option<&str>, method: &str, params: Value) -> Value {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = Request::post("http://localhost/mcp")
        .header("Host", "localhost")
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-06-18")
        .body(message.to_string())
        .unwrap();
    if let Some(grant) = grant {
        request.extensions_mut().insert(Identity::new(grant));
    }
    let body = service.handle(request).await.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn each_request_is_decided_for_whom_it_was_authenticated() {
    let world = World::new();
    let service = service(&world);
    let start = json!({ "name": "start-pod", "arguments": { "gpuCount": 1 } });
    for _ in 0..5 {
        let answer = post(&service, Some("alice"), "tools/call", start.clone()).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }

    let answer = post(&service, Some("alice"), "tools/call", start.clone()).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let answer = post(&service, Some("bob"), "tools/call", start).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

#[tokio::test]
async fn a_request_that_nobody_authenticated_is_nobodys() {
    let world = World::new();
    let service = service(&world);
    // What a client says of itself changes nothing.
    let claim = json!({ "io.modelcontextprotocol/clientInfo": { "name": "alice", "version": "1" } });

    let call = json!({ "name": "list-pods", "arguments": {}, "_meta": claim });
    let answer = post(&service, None, "tools/call", call).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let text = &answer["result"]["content"][0]["text"];
    assert_eq!(text, "[POLICY DENIED] No policy applies to this caller");

    let answer = post(&service, None, "tools/list", json!({ "_meta": claim })).await;
    assert_eq!(answer["result"]["tools"], json!([]), "{answer}");
}
