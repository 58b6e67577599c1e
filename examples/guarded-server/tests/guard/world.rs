//! A cloud, an engine before it, and clients that talk to the two over an in-memory transport.

use std::path::Path;
use std::sync::Arc;

use guarded_server::{Cloud, Guarded, load_policies};
use policy_core::{Engine, Identity, ManualClock, PolicySet};
use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{RunningService, ServiceError};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceExt};
use serde_json::Value;
use tokio::io::DuplexStream;

pub(crate) const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policy.json");

pub(crate) type Client = RunningService<RoleClient, ()>;

/// The policy of the example, for every grant.
pub(crate) fn policies() -> PolicySet {
    load_policies(Path::new(POLICY)).unwrap()
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
}

impl World {
    /// A cloud of 16 GPUs, on which it is always the first moment of 1970.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let engine = Engine::builder(policies()).clock(Arc::clone(&clock)).build();
        Self { clock, ..Self::with_engine(engine) }
    }

    pub(crate) fn with_engine(engine: Engine) -> Self {
        Self { cloud: Cloud::new(16), engine, clock: Arc::default() }
    }

    pub(crate) fn guarded(&self, grant: &str) -> Guarded<Cloud> {
        Guarded::new(self.cloud.clone(), self.engine.clone(), Identity::new(grant))
    }

    /// A client on a connection that whoever accepted it knows to be that grant's.
    pub(crate) async fn connect(&self, grant: &str) -> Client {
        ().serve(self.serve(grant)).await.unwrap()
    }

    /// The same, by the protocol of 2026-07-28, which has no handshake.
    pub(crate) async fn connect_with_discovery(&self, grant: &str) -> Client {
        let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
        let lifecycle = ClientLifecycleMode::Discover { preferred_versions };
        ().serve_with_lifecycle(self.serve(grant), lifecycle).await.unwrap()
    }

    fn serve(&self, grant: &str) -> DuplexStream {
        let (client, server) = tokio::io::duplex(4096);
        let guarded = self.guarded(grant);
        tokio::spawn(async move { guarded.serve(server).await.unwrap().waiting().await });
        client
    }
}

/// What became of a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Done(String),
    /// A result with `isError: true`.
    Failed(String),
    RpcError(String),
}

impl Answer {
    pub(crate) fn denied(message: &str) -> Self {
        Self::Failed(format!("[POLICY DENIED] {message}"))
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Failed(text) if text.starts_with("[POLICY DENIED] "))
    }
}

pub(crate) async fn call(client: &Client, tool: &'static str, arguments: Value) -> Answer {
    ask(client, tool, Some(arguments)).await
}

pub(crate) async fn ask(client: &Client, tool: &'static str, arguments: Option<Value>) -> Answer {
    let mut request = CallToolRequestParams::new(tool);
    request.arguments = arguments.map(|arguments| arguments.as_object().unwrap().clone());
    send(client, request).await
}

pub(crate) async fn send(client: &Client, request: CallToolRequestParams) -> Answer {
    match client.call_tool(request).await {
        Ok(result) => {
            let texts = result.content.iter().map(|block| block.as_text().unwrap().text.as_str());
            let text = texts.collect::<Vec<_>>().join("\n");
            if result.is_error == Some(true) { Answer::Failed(text) } else { Answer::Done(text) }
        }
        Err(ServiceError::McpError(error)) => Answer::RpcError(error.message.into_owned()),
        Err(error) => panic!("the connection failed: {error}"),
    }
}

pub(crate) async fn tool_names(client: &Client) -> Vec<String> {
    let tools = client.list_all_tools().await.unwrap();
    tools.into_iter().map(|tool| tool.name.into_owned()).collect()
}
