//! The server that is guarded: a cloud in memory, and the tools to use it. Knows nothing of policies.

use std::sync::Arc;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::{ErrorData, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};

/// A cloud that rents out GPUs. Clones are one cloud.
#[derive(Clone, Debug)]
pub struct Cloud {
    state: Arc<Mutex<State>>,
}

/// What the cloud holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct State {
    /// The pods that run.
    pub pods: Vec<Pod>,
    /// How many GPUs are left.
    pub free_gpus: u32,
    /// The refunds that were made, in order.
    pub refunds: Vec<f64>,
    /// Whether the cloud answers at all.
    pub online: bool,
}

/// A pod that runs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pod {
    /// What it is called.
    pub name: String,
    /// How many GPUs it has.
    pub gpus: u32,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StartPod {
    /// What to call the pod.
    #[serde(default)]
    name: String,
    /// How many GPUs it needs.
    gpu_count: u32,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Refund {
    /// How much to give back.
    amount: f64,
    /// Why.
    reason: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct DeletePod {
    /// What the pod is called.
    name: String,
}

impl Cloud {
    /// A cloud of so many GPUs.
    #[must_use]
    pub fn new(gpus: u32) -> Self {
        let state = State { pods: Vec::new(), free_gpus: gpus, refunds: Vec::new(), online: true };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// What the cloud holds. Its tools wait for as long as somebody looks.
    pub async fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().await
    }

    /// The state, or the JSON-RPC error that a request gets which cannot be served.
    async fn online(&self) -> Result<MutexGuard<'_, State>, ErrorData> {
        let state = self.state().await;
        if state.online {
            Ok(state)
        } else {
            Err(ErrorData::internal_error("the cloud does not answer", None))
        }
    }
}

#[tool_handler(name = "cloud")]
impl ServerHandler for Cloud {}

#[tool_router]
impl Cloud {
    #[tool(name = "list-pods", description = "Lists the pods that run.")]
    async fn list_pods(&self) -> Result<CallToolResult, ErrorData> {
        let state = self.online().await?;
        let pods =
            state.pods.iter().map(|pod| ContentBlock::text(format!("{}: {} GPUs", pod.name, pod.gpus)));
        Ok(CallToolResult::success(pods.collect()))
    }

    #[tool(name = "start-pod", description = "Starts a pod.")]
    async fn start_pod(&self, Parameters(pod): Parameters<StartPod>) -> Result<CallToolResult, ErrorData> {
        let mut state = self.online().await?;
        let Some(left) = state.free_gpus.checked_sub(pod.gpu_count) else {
            return Ok(failed(format!("Only {} GPUs are left", state.free_gpus)));
        };
        state.free_gpus = left;
        state.pods.push(Pod { name: pod.name, gpus: pod.gpu_count });
        Ok(done(format!("Started; {left} GPUs are left")))
    }

    #[tool(name = "refund", description = "Gives a customer money back.")]
    async fn refund(&self, Parameters(refund): Parameters<Refund>) -> Result<CallToolResult, ErrorData> {
        self.online().await?.refunds.push(refund.amount);
        Ok(done(format!("Refunded {}: {}", refund.amount, refund.reason)))
    }

    #[tool(name = "delete-pod", description = "Deletes a pod and all its data.")]
    async fn delete_pod(&self, Parameters(pod): Parameters<DeletePod>) -> Result<CallToolResult, ErrorData> {
        let mut state = self.online().await?;
        let Some(place) = state.pods.iter().position(|known| known.name == pod.name) else {
            return Ok(failed("No such pod".into()));
        };
        let deleted = state.pods.remove(place);
        state.free_gpus = state.free_gpus.saturating_add(deleted.gpus);
        Ok(done("Deleted".into()))
    }
}

fn done(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

/// The tool ran, and did not work: the agent is to read why.
fn failed(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}
