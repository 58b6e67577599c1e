//! Target `evaluate`: an engine's life, made of choices. Policies, calls, clocks that go forward and back, refunds,
//! revocations, replacements; and after each call, whether the decision is the one that the reference says.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use policy_core::arguments::{Caps, Kind};
use policy_core::{
    ApprovalKey, ApprovalRequest, ApprovalToken, Code, Decision, DecisionOptions, Engine, Identity,
    ManualClock, MemoryStore, Policy, PolicySet, Receipt, StoreError, Timestamp, TypeMismatch,
};
use policy_json::{JsonText, Parsed};

use crate::choices::Choices;
use crate::counters::{Circumstances, Counters, Expected, Made};
use crate::inputs::{Call, GRANTS, Rulebook};
use crate::{more_rules, rules, told};

/// How far the clock can be moved at once, in milliseconds.
const MOVES: [i64; 13] = [
    1_000,
    1,
    999,
    59_000,
    60_000,
    3_600_000,
    86_400_000,
    31_536_000_000,
    -1,
    -1_000,
    -60_000,
    -3_600_000,
    -86_400_000,
];
const START: u64 = 1_772_442_015_123;
/// Steps of one life.
const STEPS: usize = 40;

/// Lives an engine's life, and checks each decision of it.
///
/// - Nothing panics.
/// - Every decision has the code, the pointer and the findings in shadow mode that docs/policy-format.md says: its steps
///   are gone through one by one, with a map of sums in place of the store. So no window of a counter ever holds more
///   than its limits admit, a call that is denied changes no counter, and a refund takes back what was charged, once.
/// - An allow has the code `allowed`, and every other code is a deny.
/// - A decision serialises to JSON that says the same. Its pointers lead to something in the policy. Its message shows
///   nothing of the arguments, and no name of the caller.
/// - One more rule or limit never turns the deny of the first call into an allow; one more in shadow mode changes
///   neither.
/// - A call that waits for approval goes ahead with a token that answers its request: once, in time, and no other call.
/// - After the time that a decision says to wait, the limit that denied has room.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut life = Life::begin(&mut choices);
    life.compare_first_call(&mut choices);
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        life.step(&mut choices);
    }
    // At the end of time the arithmetic is at its limits.
    life.clock.set(Timestamp::MAX);
    let last = life.engine.evaluate(&Identity::new("ana"), "t", JsonText::new(b"{\"a\": 1}"));
    told::check(
        &last,
        "t",
        "{\"a\": 1}",
        life.rulebook.applying("ana").as_ref().map(|document| &document.text),
    );
}

/// An engine, and what is known of it.
struct Life {
    engine: Engine,
    clock: Arc<ManualClock>,
    options: DecisionOptions,
    rulebook: Rulebook,
    revoked: HashSet<&'static str>,
    counters: Counters,
    receipts: Vec<(Receipt, Vec<Made>)>,
    /// Tokens, each with the request that it answers, the call that it was made for, and whether it was used.
    approved: Vec<(ApprovalToken, ApprovalRequest, Call, bool)>,
    /// What the last call was asked to have approved.
    asked: Option<ApprovalRequest>,
    circumstances: Circumstances,
}

impl Life {
    fn begin(choices: &mut Choices<'_>) -> Self {
        let caps = Caps { depth: 3, bytes: 64, nodes: 6 };
        let options = DecisionOptions {
            caps: if choices.once_in(16) { caps } else { Caps::default() },
            type_mismatch: choices.one_of(&[TypeMismatch::Deny, TypeMismatch::Deny, TypeMismatch::Ignore]),
        };
        let is_small = choices.once_in(8);
        let rulebook = Rulebook::choose(choices);
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(START)));
        let engine = Engine::builder(rulebook.to_set())
            .clock(Arc::clone(&clock))
            .store(MemoryStore::with_capacity(if is_small { 64 } else { 1 << 14 }))
            .options(options)
            .approval_key(ApprovalKey::new(&[1; 32]).expect("the key is long enough"))
            .build();
        Self {
            engine,
            clock,
            options,
            rulebook,
            revoked: HashSet::new(),
            counters: Counters::default(),
            receipts: Vec::new(),
            approved: Vec::new(),
            asked: None,
            circumstances: Circumstances { now: START, stepped_back: false, is_small },
        }
    }

    /// Has the first call decided by the policy that applies, and by the same with one rule more.
    fn compare_first_call(&mut self, choices: &mut Choices<'_>) {
        let call = Call::choose(choices);
        if let Some(document) = self.rulebook.applying(call.identity.grant()) {
            more_rules::check(&document.policy, &call, self.options, choices);
        }
        self.call(&call);
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(16) {
            15 => self.move_clock(choices.one_of(&MOVES)),
            14 => self.refund(choices),
            13 if choices.once_in(2) => self.revoke(choices),
            13 => {
                self.rulebook = Rulebook::choose(choices);
                self.engine.replace_policies(self.rulebook.to_set());
            }
            12 if !self.approved.is_empty() => self.use_token(choices),
            _ => {
                let call = Call::choose(choices);
                let (pointer, retry_after) = self.call(&call);
                if let Some(request) = self.asked.take().filter(|_| choices.once_in(2)) {
                    let ttl = Duration::from_secs(choices.one_of(&[60, 1, 86_400]));
                    let token =
                        self.engine.approve(&request, "bob", ttl).expect("a request that was just made");
                    self.approved.push((token, request, call, false));
                    self.use_token(choices);
                    return;
                }
                if let Some(wait) = retry_after.filter(|_| choices.once_in(4)) {
                    self.move_clock(i64::try_from(wait).expect("a window is at most a year"));
                    let (again, _) = self.call(&call);
                    assert_ne!(again, pointer, "after the wait, that limit has room");
                }
            }
        }
    }

    /// Evaluates a call with a token: mostly the one that it was made for.
    fn use_token(&mut self, choices: &mut Choices<'_>) {
        let place = choices.below(self.approved.len());
        let other = choices.once_in(4).then(|| Call::choose(choices));
        let (token, request, call, used) = &self.approved[place];
        let (token, request, used) = (token.clone(), request.clone(), *used);
        let call = other.unwrap_or_else(|| call.clone());
        let mut decision = call.evaluate_with(&self.engine, token.as_str());
        let expected = self.check(&call, &decision, Some((&request, used)));
        if decision.approved_by().is_some() {
            assert!(!used, "a token is used once");
            assert!(request.expires_at.as_millis() > self.circumstances.now, "and in time");
            assert_eq!((&*request.grant, &*request.tool), (call.identity.grant(), call.tool), "for its call");
            self.approved[place].3 = true;
        }
        self.keep_receipt(&mut decision, expected.made);
    }

    fn move_clock(&mut self, millis: i64) {
        self.circumstances.now = self.circumstances.now.saturating_add_signed(millis);
        self.circumstances.stepped_back |= millis < 0;
        self.clock.set(Timestamp::from_millis(self.circumstances.now));
    }

    fn refund(&mut self, choices: &mut Choices<'_>) {
        if self.receipts.is_empty() {
            return;
        }
        let (receipt, made) = self.receipts.swap_remove(choices.below(self.receipts.len()));
        if choices.once_in(8) {
            let stranger = Engine::builder(PolicySet::empty()).store(MemoryStore::with_capacity(64)).build();
            let refused = stranger.refund(receipt);
            assert!(matches!(refused, Err(StoreError::ForeignReceipt)), "a receipt is one engine's");
        } else {
            self.engine.refund(receipt).expect("a receipt of this engine's");
            self.counters.refund(&made);
        }
    }

    fn revoke(&mut self, choices: &mut Choices<'_>) {
        let grant = choices.one_of(&GRANTS);
        if self.revoked.insert(grant) {
            self.engine.revoke(grant);
        } else {
            self.revoked.remove(grant);
            self.engine.reinstate(grant);
        }
    }

    /// Has a call decided and checks the decision. Returns its pointer, and how many milliseconds to wait if it says so.
    fn call(&mut self, call: &Call) -> (String, Option<u64>) {
        let mut decision = call.evaluate(&self.engine);
        let expected = self.check(call, &decision, None);
        self.asked = decision.approval().cloned();
        let wait = expected.retry_after;
        self.keep_receipt(&mut decision, expected.made);
        (decision.pointer(), wait)
    }

    /// Checks a decision on a call, with the request that a token answers which came with it, and whether that was used.
    fn check(
        &mut self,
        call: &Call,
        decision: &Decision,
        token: Option<(&ApprovalRequest, bool)>,
    ) -> Expected {
        let document = self.rulebook.applying(call.identity.grant());
        let shown = String::from_utf8_lossy(call.text());
        told::check(decision, call.tool, &shown, document.as_ref().map(|document| &document.text));

        let revoked = self.revoked.contains(call.identity.grant());
        let policy = document.as_ref().map(|document| &document.policy);
        let visible = rules::is_visible(policy, &call.identity, revoked, call.tool);
        assert_eq!(self.engine.is_visible(&call.identity, call.tool), visible);

        let applied = if revoked { None } else { policy };
        let told = decision.policy().map(|policy| (policy.id.to_owned(), policy.digest));
        assert_eq!(told, applied.map(|policy| (policy.id.to_string(), policy.digest)));
        let none = |code| Expected::uncharged(code, String::new(), Vec::new());
        let expected = match applied {
            None if revoked => none(Code::GrantRevoked),
            None => none(Code::NoPolicy),
            Some(policy) => self.expect(policy, call, decision, token),
        };
        assert_eq!(
            (decision.code(), decision.pointer()),
            (expected.code, expected.pointer.clone()),
            "{decision:?}"
        );
        let found: Vec<_> = decision.shadowed().map(|finding| (finding.code(), finding.pointer())).collect();
        assert_eq!(found, expected.shadowed, "{decision:?}");
        let wait = decision.retry_after().map(|wait| u64::try_from(wait.as_millis()).expect("not so long"));
        assert_eq!(wait, expected.retry_after);
        if !matches!(decision.code(), Code::Allowed | Code::LimitExceeded) {
            assert_eq!(decision.limits().count(), 0, "no counter was looked at");
        }
        expected
    }

    fn keep_receipt(&mut self, decision: &mut Decision, made: Vec<Made>) {
        let receipt = decision.take_receipt();
        let entries = receipt.as_ref().map(Receipt::entries).unwrap_or_default();
        let charged = entries.iter().map(|entry| (entry.resets_at.as_millis(), entry.cost.micros()));
        let expected = made.iter().map(Made::entry);
        assert_eq!(
            charged.collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "the receipt is for the charge"
        );
        assert!(decision.take_receipt().is_none(), "a receipt is taken once");
        if let Some(receipt) = receipt {
            self.receipts.push((receipt, made));
        }
    }

    /// What the policy makes of the call.
    fn expect(
        &mut self,
        policy: &Policy,
        call: &Call,
        decision: &Decision,
        token: Option<(&ApprovalRequest, bool)>,
    ) -> Expected {
        let DecisionOptions { caps, type_mismatch } = self.options;
        if let Some((code, pointer)) = rules::of_tool(policy, call.tool) {
            return Expected::uncharged(code, pointer, Vec::new());
        }
        let mut shadowed = Vec::new();
        let parsed = Parsed::parse(call.text(), caps).ok();
        let parsed = parsed.filter(|parsed| parsed.duplicates().next().is_none());
        let root = parsed.as_ref().and_then(|parsed| parsed.root());
        let root = root.filter(|root| root.kind() == Kind::Object);
        let (is_read, is_decided_by) = rules::readers(policy, call.tool);
        if root.is_none() && is_decided_by {
            return Expected::uncharged(Code::InvalidArguments, String::new(), shadowed);
        }
        if root.is_none() && is_read {
            shadowed.push((Code::InvalidArguments, String::new()));
        }
        let reason = rules::of_groups(policy, call.tool, root, type_mismatch, &mut shadowed);
        match (reason, token) {
            (None, _) => {}
            (Some((Code::ApprovalRequired, _)), _) if !root.is_some_and(rules::is_exact) => {
                return Expected::uncharged(Code::InvalidArguments, String::new(), shadowed);
            }
            (Some((Code::ApprovalRequired, pointer)), Some((_, used))) => {
                // Which calls a token is for is the digest's business; what must not be is looked for where it was used.
                match decision.code() {
                    code @ (Code::ApprovalInvalid | Code::CountersFull) => {
                        assert!(
                            code == Code::ApprovalInvalid || self.circumstances.is_small,
                            "there is room"
                        );
                        return Expected::uncharged(code, pointer, shadowed);
                    }
                    _ => assert!(!used || decision.code() != Code::Allowed, "a token is used once"),
                }
            }
            (Some((code, pointer)), _) => return Expected::uncharged(code, pointer, shadowed),
        }
        let limits = rules::limits(policy, call.tool);
        let expected = self.counters.decide(&limits, &call.identity, root, decision, self.circumstances);
        shadowed.extend(expected.shadowed);
        Expected { shadowed, ..expected }
    }
}
