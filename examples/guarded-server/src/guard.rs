//! The guard: asks the engine before each tool runs, and lists only what the caller may know of. What the tools do is
//! the server's business behind it.

use std::sync::LazyLock;

use http::request::Parts;
use policy_core::{ApprovalRequest, Arguments as _, Engine, Identity};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

/// Where a call carries its approval token: a name in the `_meta` of `tools/call`.
pub const APPROVAL: &str = "example.org/approval";

/// Asks for approval. Here it is only said on standard error; a host shows the request, beside the call's arguments, to whoever
/// may approve, has `Engine::approve` make a token of it when they do, and sees to it that the agent gets that.
fn ask(request: &ApprovalRequest) {
    eprintln!("guarded-server: {:?} waits for approval to call {:?}", request.grant, request.tool);
}

/// An MCP server with a policy before its tools.
///
/// It passes on tools and nothing else: prompts, resources and whatever later versions of the protocol bring stay closed
/// until they are passed on here as well.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    server: S,
    engine: Engine,
    caller: Identity,
}

impl<S> Guarded<S> {
    /// Puts the engine before the server. `caller` is who calls where the transport does not say: over stdio there is one
    /// caller, and whoever starts the process knows who it is.
    pub const fn new(server: S, engine: Engine, caller: Identity) -> Self {
        Self { server, engine, caller }
    }

    /// Who calls, as far as somebody has made sure of it; never what a client says of itself (`clientInfo`).
    ///
    /// A request that came over HTTP carries its head, and in its extensions the [`Identity`] that the authentication layer
    /// put there. Where that layer put none, it is nobody who calls: no policy applies to an empty grant.
    fn caller<'a>(&'a self, context: &'a RequestContext<RoleServer>) -> &'a Identity {
        static NOBODY: LazyLock<Identity> = LazyLock::new(|| Identity::new(""));
        match context.extensions.get::<Parts>() {
            Some(head) => head.extensions.get().unwrap_or(&NOBODY),
            None => &self.caller,
        }
    }
}

impl<S: ServerHandler> ServerHandler for Guarded<S> {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context);
        let arguments = request.arguments.as_ref();
        let decision = match context.meta.get(APPROVAL).and_then(|token| token.as_str()) {
            Some(token) => self.engine.evaluate(caller, &request.name, arguments.with_approval(token)),
            None => self.engine.evaluate(caller, &request.name, arguments),
        };
        let receipt = match decision.into_result() {
            Ok(receipt) => receipt,
            // A result, not a JSON-RPC error: the agent is to read it.
            Err(denied) => {
                if let Some(request) = denied.approval() {
                    ask(request);
                }
                return Ok(CallToolResult::error(vec![ContentBlock::text(denied.denial_text())]).into());
            }
        };
        let outcome = self.server.call_tool(request, context).await;
        // A result with `isError: true` is an answer, and keeps its charge.
        if outcome.is_err()
            && let Err(error) = self.engine.refund(receipt)
        {
            eprintln!("guarded-server: a failed call stays charged: {error}");
        }
        outcome
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.caller(&context).clone();
        let ListToolsResult { tools, next_cursor, .. } = self.server.list_tools(page, context).await?;
        let visible = tools.into_iter().filter(|tool| self.engine.is_visible(&caller, &tool.name)).collect();
        // Made anew, so that the server's hint that anybody's cache may keep the list does not outlive the filter.
        Ok(ListToolsResult { next_cursor, ..ListToolsResult::with_all_items(visible) })
    }

    fn get_info(&self) -> ServerConfig {
        self.server.get_info()
    }
}
