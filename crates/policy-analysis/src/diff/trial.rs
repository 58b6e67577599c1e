//! Calls that are really made: every example is decided by an engine under each of the two policies before anybody sees it.

use std::sync::Arc;

use policy_core::{
    Action, Code, Effect, Engine, Identity, ManualClock, MemoryStore, Policy, PolicySet, Timestamp,
};
use policy_json::JsonText;

use super::Caller;

/// How many counters an engine here has room for.
const COUNTERS: usize = 1 << 12;

/// What one policy says of single calls, each as the first that is ever made.
#[derive(Debug)]
pub(super) struct Trial {
    policy: Policy,
}

/// Who makes single calls. A call without a session is counted with its grant, so both kinds are tried.
const CALLERS: [Caller; 2] =
    [Caller { server: 0, grant: 0, session: Some(0) }, Caller { server: 0, grant: 0, session: None }];

impl Trial {
    /// `names` are the tools that will be called; the rest of a large policy is left out.
    pub(super) fn new(policy: &Policy, names: &[&str]) -> Self {
        let mut reduced = Policy::new(policy.id.clone(), policy.default);
        reduced.hide =
            policy.hide.iter().filter(|name| &***name == "*" || names.contains(&&***name)).cloned().collect();
        reduced.all_tools = policy.all_tools.clone();
        let tools = names.iter().filter_map(|name| policy.tools.get_key_value(*name));
        reduced.tools = tools.map(|(name, tool)| (name.clone(), tool.clone())).collect();
        Self { policy: reduced }
    }

    /// The same as if every approval that is asked for were given.
    pub(super) fn approving(&self) -> Self {
        let mut policy = self.policy.clone();
        policy.all_tools.approve_if.clear();
        for tool in policy.tools.values_mut() {
            tool.approve_if.clear();
            if tool.action == Action::RequireApproval {
                tool.action = Action::Allow;
            }
        }
        Self { policy }
    }

    /// An engine that has counted nothing yet; `None` where the policy has faults.
    pub(super) fn engine(&self, clock: Arc<ManualClock>) -> Option<Engine> {
        let policies = PolicySet::single(self.policy.clone()).ok()?;
        Some(Engine::builder(policies).store(MemoryStore::with_capacity(COUNTERS)).clock(clock).build())
    }

    /// What becomes of the call where it is the first, with a session and without. A call that would be denied once it was
    /// approved counts as denied: no approval lets it pass.
    pub(super) fn effects(&self, tool: &str, arguments: &str) -> Option<[(Effect, Code); 2]> {
        let mut decided = CALLERS.iter().map(|caller| {
            let asked = self.decide(tool, arguments, *caller)?;
            if asked.0 != Effect::RequireApproval {
                return Some(asked);
            }
            let approved = self.approving().decide(tool, arguments, *caller)?;
            Some(if approved.0 == Effect::Allow { asked } else { approved })
        });
        Some([decided.next()??, decided.next()??])
    }

    fn decide(&self, tool: &str, arguments: &str, caller: Caller) -> Option<(Effect, Code)> {
        let engine = self.engine(clock_at(0))?;
        let decision = engine.evaluate(&caller.identity(), tool, JsonText::new(arguments.as_bytes()));
        Some((decision.effect(), decision.code()))
    }
}

/// Whether the call goes from one of these effects to one of those, for some caller.
pub(super) fn turns(
    [old, new]: [&Trial; 2],
    tool: &str,
    arguments: &str,
    wanted: impl Fn(Effect, Effect) -> bool,
) -> Option<(Caller, [(Effect, Code); 2])> {
    let (before, after) = (old.effects(tool, arguments)?, new.effects(tool, arguments)?);
    let mut both = CALLERS.into_iter().zip(before.into_iter().zip(after));
    let (caller, (old, new)) = both.find(|(_, (old, new))| wanted(old.0, new.0))?;
    Some((caller, [old, new]))
}

pub(super) fn clock_at(seconds: u64) -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(seconds.saturating_mul(1_000))))
}

impl Caller {
    /// The caller as engines know callers.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let identity = Identity::new(self.grant_name()).with_server(self.server_name());
        match self.session_name() {
            Some(session) => identity.with_session(session),
            None => identity,
        }
    }
}
