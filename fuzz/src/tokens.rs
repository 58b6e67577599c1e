//! Target `tokens`: nothing is accepted as an approval but what was made as one.

use std::cell::OnceCell;
use std::time::Duration;

use policy_core::{
    Action, ApprovalKey, Arguments as _, Code, DefaultEffect, Digest, Engine, Identity, ManualClock,
    MemoryStore, NoArguments, Policy, PolicySet, Timestamp, Tool,
};

/// An engine under which every call needs approval, and a token for one.
struct World {
    engine: Engine,
    token: String,
}

impl World {
    fn new() -> Self {
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        policy.digest = Digest([1; 32]);
        policy.tools.insert("run".into(), Tool { action: Action::RequireApproval, ..Tool::default() });
        let policies = PolicySet::single(policy).expect("the policy has no faults");
        let engine = Engine::builder(policies)
            .clock(ManualClock::new(Timestamp::from_millis(1_772_442_015_123)))
            .store(MemoryStore::with_capacity(64))
            .approval_key(ApprovalKey::new(&[1; 32]).expect("the key is long enough"))
            .older_approval_key(ApprovalKey::new(&[2; 40]).expect("the key is long enough"))
            .build();
        let waiting = engine.evaluate(&Identity::new("ana"), "run", NoArguments);
        let request = waiting.approval().expect("the call waits");
        let token = engine.approve(request, "bob", Duration::from_secs(60)).expect("there is a key");
        Self { token: token.as_str().to_owned(), engine }
    }
}

thread_local! {
    static WORLD: OnceCell<World> = const { OnceCell::new() };
}

/// Presents `bytes` as a token; what they make of a genuine one, too: the first says where, the others what is put there.
///
/// - No text but the genuine one is ever accepted, and none makes the engine panic.
///
/// # Panics
/// Where that does not hold.
pub fn check(bytes: &[u8]) {
    WORLD.with(|world| {
        let world = world.get_or_init(World::new);
        let ana = Identity::new("ana");
        let refuse = |text: &str| {
            if text != world.token {
                let decision = world.engine.evaluate(&ana, "run", NoArguments.with_approval(text));
                assert_eq!(decision.code(), Code::ApprovalInvalid, "{text}");
                assert!(decision.approved_by().is_none() && decision.approval().is_none());
            }
        };
        let text = String::from_utf8_lossy(bytes);
        refuse(&text);
        refuse(&format!("policy-approval-1.{text}"));
        let Some((place, new)) = bytes.split_first() else { return };
        let mut altered = world.token.clone().into_bytes();
        let place = usize::from(*place) % altered.len();
        let end = place.saturating_add(new.len()).min(altered.len());
        altered.splice(place..end, new.iter().copied());
        refuse(&String::from_utf8_lossy(&altered));
    });
}
