//! What can be added to a policy, or taken from an engine, without ever letting more through: random policies and calls,
//! over counters that stand still, so that the two decisions that are compared meet the same ones.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod random;
mod still_counters;

use policy_core::{
    Action, AllTools, Amount, Code, Decision, DecisionOptions, DefaultEffect, Effect, Engine, Group,
    Identity, Limit, ManualClock, Mode, Policy, PolicySet, Timestamp, Tool, TypeMismatch, Window,
};
use policy_json::JsonText;
use proptest::prelude::*;
use proptest::sample::Index;
use random::{arguments, can_be_added, cases, group, limit, policy, policy_and_tool};
use still_counters::{Answer, Still};

const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

/// A call by ana of one tool, and how the host wants mismatches judged.
#[derive(Clone, Debug)]
struct Call {
    tool: String,
    arguments: String,
    type_mismatch: TypeMismatch,
}

/// A policy, and a call that mostly is of a tool that it names.
fn policy_and_call() -> impl Strategy<Value = (Policy, Call)> {
    let broken = prop_oneof![Just("{\"a\":1,\"a\":1}"), Just("{"), Just("[]")].prop_map(ToOwned::to_owned);
    let text = prop_oneof![15 => arguments().prop_map(|value| value.to_string()), 1 => broken];
    let type_mismatch = prop_oneof![Just(TypeMismatch::Deny), Just(TypeMismatch::Ignore)];
    (policy_and_tool(), text, type_mismatch).prop_map(|((policy, tool), arguments, type_mismatch)| {
        (policy, Call { tool, arguments, type_mismatch })
    })
}

impl Call {
    fn engine(&self, policies: PolicySet, answer: Answer) -> Engine {
        let options = DecisionOptions { type_mismatch: self.type_mismatch, ..DecisionOptions::default() };
        Engine::builder(policies).clock(ManualClock::new(NOON)).store(Still(answer)).options(options).build()
    }

    fn decide(&self, policies: PolicySet, answer: Answer) -> Decision {
        self.ask(&self.engine(policies, answer))
    }

    fn ask(&self, engine: &Engine) -> Decision {
        let ana = Identity::new("ana").with_server("s");
        engine.evaluate(&ana, &self.tool, JsonText::new(self.arguments.as_bytes()))
    }

    fn by(&self, policy: &Policy) -> Decision {
        self.decide(single(policy), Answer::Truly)
    }

    /// The limits that count this call, should it come to them.
    fn limits(&self, policy: &Policy) -> Vec<Limit> {
        let own = policy.tools.get(self.tool.as_str());
        let mut limits = own.map(|tool| tool.limits.clone()).unwrap_or_default();
        let rate_limit = own.and_then(|tool| tool.rate_limit);
        limits.extend(rate_limit.map(|rate_limit| rate_limit.to_limit(&self.tool)));
        limits.extend(policy.all_tools.limits.iter().cloned());
        limits
    }
}

fn single(policy: &Policy) -> PolicySet {
    PolicySet::single(policy.clone()).unwrap()
}

/// Something more for a policy.
#[derive(Clone, Debug)]
enum Addition {
    Require(Group),
    DenyIf(Group),
    ApproveIf(Group),
    RequireOfAll(Group),
    DenyIfOfAll(Group),
    ApproveIfOfAll(Group),
    ToolLimit(Limit),
    LimitOnAllTools(Limit),
}

/// Half of the limits count in a counter that the call is counted in already: `None` leaves them as they are.
fn twin() -> impl Strategy<Value = Option<Index>> {
    prop::option::of(any::<Index>())
}

fn addition(mode: Mode) -> impl Strategy<Value = Addition> {
    let group = move || group().prop_map(move |group| Group { mode, ..group });
    let limit = move || limit().prop_map(move |limit| Limit { mode, ..limit });
    prop_oneof![
        group().prop_map(Addition::Require),
        group().prop_map(Addition::DenyIf),
        group().prop_map(Addition::ApproveIf),
        group().prop_map(Addition::RequireOfAll),
        group().prop_map(Addition::DenyIfOfAll),
        group().prop_map(Addition::ApproveIfOfAll),
        limit().prop_map(Addition::ToolLimit),
        limit().prop_map(Addition::LimitOnAllTools),
    ]
}

impl Addition {
    /// The policy with this in it, somewhere. `None` where a policy cannot have it there.
    fn added_to(
        mut self,
        mut policy: Policy,
        call: &Call,
        place: Index,
        twin: Option<Index>,
    ) -> Option<Policy> {
        fn insert<T>(list: &mut Vec<T>, place: Index, item: T) {
            list.insert(place.index(list.len() + 1), item);
        }
        if let (Self::ToolLimit(limit) | Self::LimitOnAllTools(limit), Some(twin)) = (&mut self, twin) {
            let known = call.limits(&policy);
            let known = (!known.is_empty()).then(|| twin.get(&known))?;
            let (counter, window, scope) = (known.counter.clone(), known.window, known.scope);
            *limit = Limit { counter, window, scope, ..limit.clone() };
        }
        let rules = policy.tools.get_mut(call.tool.as_str());
        match self {
            Self::Require(group) => insert(&mut rules?.require, place, group),
            Self::DenyIf(group) => insert(&mut rules?.deny_if, place, group),
            Self::ApproveIf(group) => insert(&mut rules?.approve_if, place, group),
            Self::RequireOfAll(group) => insert(&mut policy.all_tools.require, place, group),
            Self::DenyIfOfAll(group) => insert(&mut policy.all_tools.deny_if, place, group),
            Self::ApproveIfOfAll(group) => insert(&mut policy.all_tools.approve_if, place, group),
            Self::ToolLimit(limit) => {
                let limits = &mut rules?.limits;
                can_be_added(&limit, limits).then(|| insert(limits, place, limit))?;
            }
            Self::LimitOnAllTools(limit) => {
                let limits = &mut policy.all_tools.limits;
                can_be_added(&limit, limits).then(|| insert(limits, place, limit))?;
            }
        }
        Some(policy)
    }
}

/// Whether the rule's operator refuses strings that it cannot read for certain.
fn can_refuse(rule: &str) -> bool {
    ["-path_within", "-url_host_in", "-cidr_in"].iter().any(|operator| rule.ends_with(operator))
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_rule_or_limit_more_never_turns_a_deny_into_an_allow(
        (policy, call) in policy_and_call(), more in addition(Mode::Enforce), place in any::<Index>(), twin in twin(),
    ) {
        let before = call.by(&policy);
        let Some(stricter) = more.added_to(policy, &call, place, twin) else { return Ok(()) };
        let after = call.by(&stricter);
        prop_assert!(before.is_allowed() || !after.is_allowed(), "{:?}, then {:?}", before.code(), after.code());
    }

    #[test]
    fn whatever_is_added_in_shadow_mode_decides_nothing(
        (policy, call) in policy_and_call(), more in addition(Mode::Shadow), place in any::<Index>(), twin in twin(),
    ) {
        let before = call.by(&policy);
        let Some(watched) = more.added_to(policy, &call, place, twin) else { return Ok(()) };
        let after = call.by(&watched);
        prop_assert_eq!(after.effect(), before.effect());
        prop_assert_eq!(after.code(), before.code());
        prop_assert_eq!(after.rule(), before.rule());
        prop_assert_eq!(after.message(), before.message());
        prop_assert_eq!(after.retry_after(), before.retry_after());
        prop_assert!(after.shadowed().count() >= before.shadowed().count());
    }

    #[test]
    fn what_only_watches_can_be_taken_away_without_anybody_noticing((policy, call) in policy_and_call()) {
        let mut enforced = policy.clone();
        for tool in enforced.tools.values_mut() {
            tool.require.retain(|group| group.mode == Mode::Enforce);
            tool.deny_if.retain(|group| group.mode == Mode::Enforce);
            tool.approve_if.retain(|group| group.mode == Mode::Enforce);
            tool.limits.retain(|limit| limit.mode == Mode::Enforce);
        }
        let everybodys = &mut enforced.all_tools;
        everybodys.require.retain(|group| group.mode == Mode::Enforce);
        everybodys.deny_if.retain(|group| group.mode == Mode::Enforce);
        everybodys.approve_if.retain(|group| group.mode == Mode::Enforce);
        enforced.all_tools.limits.retain(|limit| limit.mode == Mode::Enforce);
        let (with, without) = (call.by(&policy), call.by(&enforced));
        prop_assert_eq!(with.code(), without.code());
        prop_assert_eq!(with.message(), without.message());
        prop_assert_eq!(without.shadowed().count(), 0);
    }

    #[test]
    fn taking_a_policy_or_its_grant_away_allows_nothing((policy, call) in policy_and_call(), other in policy()) {
        let other = Policy { id: "other".into(), ..other };
        let both = || PolicySet::empty().with_policy(policy.clone()).unwrap().with_policy(other.clone()).unwrap();
        let mapped = both().with_grant("ana", "p").unwrap();
        let nobody = call.decide(both(), Answer::Truly);
        prop_assert_eq!(nobody.code(), Code::NoPolicy, "no policy is anybody's by itself");
        let only_bob = both().with_grant("bob", "p").unwrap();
        prop_assert_eq!(call.decide(only_bob, Answer::Truly).code(), Code::NoPolicy);
        prop_assert_eq!(call.decide(PolicySet::empty(), Answer::Truly).code(), Code::NoPolicy);

        // Where one is taken away while calls go on, the engine forgets what it permitted.
        let engine = call.engine(mapped, Answer::Truly);
        prop_assert_eq!(call.ask(&engine).code(), call.by(&policy).code());
        engine.replace_policies(both());
        prop_assert_eq!(call.ask(&engine).code(), Code::NoPolicy);
    }

    #[test]
    fn an_empty_grant_has_no_policy((policy, call) in policy_and_call()) {
        let engine = call.engine(single(&policy), Answer::Truly);
        let nobody = engine.evaluate(&Identity::new(""), &call.tool, JsonText::new(call.arguments.as_bytes()));
        prop_assert_eq!(nobody.code(), Code::NoPolicy);
        prop_assert!(!engine.is_visible(&Identity::new(""), &call.tool));
    }

    #[test]
    fn a_store_that_does_not_answer_or_lies_never_lets_a_limited_call_through(
        (policy, call) in policy_and_call(), answer in proptest::sample::select(Answer::WRONG.to_vec()),
    ) {
        let mut decision = call.decide(single(&policy), answer);
        let limits = call.limits(&policy);
        let is_limited = limits.iter().any(|limit| limit.mode == Mode::Enforce);
        prop_assert!(!is_limited || !decision.is_allowed(), "{:?}", answer);
        let truly = call.by(&policy);
        let comes_to_limits = matches!(truly.code(), Code::Allowed | Code::LimitExceeded);
        match (comes_to_limits, is_limited) {
            (false, _) => prop_assert_eq!(decision.code(), truly.code(), "no store was asked"),
            (true, true) => {
                let expected = match answer {
                    Answer::Full | Answer::FullAndCharged => [Code::CountersFull; 2],
                    Answer::RefusedWithRoom | Answer::RefusedAndCharged => {
                        [Code::StoreUnavailable, Code::LimitExceeded]
                    },
                    _ => [Code::StoreUnavailable; 2],
                };
                prop_assert!(expected.contains(&decision.code()), "{:?}: {:?}", answer, decision.code());
            }
            (true, false) => prop_assert_eq!(decision.code(), Code::Allowed, "shadow limits have no say: {:?}", answer),
        }
        if !decision.is_allowed() {
            prop_assert!(decision.take_receipt().is_none(), "a denied call has no receipt: {:?}", answer);
        }
    }

    #[test]
    fn a_revoked_grant_is_denied_under_every_policy((policy, call) in policy_and_call(), other in policy()) {
        let engine = call.engine(single(&policy), Answer::Truly);
        engine.revoke("ana");
        prop_assert_eq!(call.ask(&engine).code(), Code::GrantRevoked);
        engine.replace_policies(single(&other));
        prop_assert_eq!(call.ask(&engine).code(), Code::GrantRevoked);
        engine.reinstate("ana");
        prop_assert_eq!(call.ask(&engine).code(), call.by(&other).code());
    }

    /// A list of tools is made by the same steps that a call begins with.
    #[test]
    fn what_may_be_known_of_is_what_the_first_steps_let_pass((policy, call) in policy_and_call(), known in any::<bool>()) {
        let grants = if known { single(&policy) } else { PolicySet::empty().with_policy(policy).unwrap() };
        let engine = call.engine(grants, Answer::Truly);
        let visible = engine.is_visible(&Identity::new("ana"), &call.tool);
        let unknown = [Code::NoPolicy, Code::Hidden, Code::InvalidToolName];
        prop_assert_eq!(visible, !unknown.contains(&call.ask(&engine).code()));
        engine.revoke("ana");
        prop_assert!(!engine.is_visible(&Identity::new("ana"), &call.tool));
    }

    #[test]
    fn the_order_of_a_groups_conditions_changes_no_outcome((policy, call) in policy_and_call()) {
        let mut turned = policy.clone();
        for tool in turned.tools.values_mut() {
            let groups = tool.require.iter_mut().chain(&mut tool.deny_if).chain(&mut tool.approve_if);
            groups.for_each(|group| group.conditions.reverse());
        }
        let AllTools { require, deny_if, approve_if, .. } = &mut turned.all_tools;
        require.iter_mut().chain(deny_if).chain(approve_if).for_each(|group| group.conditions.reverse());
        let (before, after) = (call.by(&policy), call.by(&turned));
        prop_assert_eq!(before.code(), after.code());
        let group = |pointer: String| pointer.split("/conditions/").next().map(ToOwned::to_owned);
        prop_assert_eq!(group(before.pointer()), group(after.pointer()));
        prop_assert_eq!(before.shadowed().count(), after.shadowed().count());
    }

    /// Ignored, a mismatch makes a condition false: `require` denies with another code, and `deny_if` goes on to what comes
    /// after it. Nothing else is another decision.
    #[test]
    fn ignoring_mismatches_changes_what_the_reference_says_and_nothing_else((policy, call) in policy_and_call()) {
        let strict = Call { type_mismatch: TypeMismatch::Deny, ..call.clone() }.by(&policy);
        let lenient = Call { type_mismatch: TypeMismatch::Ignore, ..call }.by(&policy);
        let findings = lenient.shadowed().map(|finding| (finding.code(), finding.rule()));
        for (code, rule) in findings.chain([(lenient.code(), lenient.rule())]) {
            prop_assert!(code != Code::TypeMismatch || can_refuse(&rule), "{}", rule);
        }
        let place = strict.pointer();
        match strict.code() {
            // Strings that are refused are no mismatches that could be ignored.
            Code::TypeMismatch if lenient.code() == Code::TypeMismatch => {}
            Code::TypeMismatch if place.contains("/require/") => {
                prop_assert_eq!(lenient.code(), Code::RequireFailed);
                let group = |pointer: &str| pointer.split("/conditions/").next().map(ToOwned::to_owned);
                prop_assert_eq!(group(&lenient.pointer()), group(&place));
            }
            Code::TypeMismatch => {
                let later = [
                    Code::Allowed,
                    Code::DeniedByRule,
                    Code::ApprovalRequired,
                    Code::InvalidCost,
                    Code::LimitExceeded,
                ];
                prop_assert!(later.contains(&lenient.code()), "{:?}", lenient.code());
            }
            code => {
                prop_assert_eq!(lenient.code(), code);
                prop_assert_eq!(lenient.limits().count(), strict.limits().count());
            }
        }
    }

    #[test]
    fn what_denies_by_name_denies_whatever_else_the_policy_says((policy, call) in policy_and_call(), how in 0..3) {
        let mut policy = policy;
        let tool: Box<str> = if call.tool.is_empty() { "run".into() } else { call.tool.as_str().into() };
        let call = Call { tool: tool.to_string(), ..call };
        policy.hide = match how {
            0 => vec!["*".into()],
            1 => vec!["other".into(), tool.clone()],
            _ => Vec::new(),
        };
        if how == 2 {
            let known = policy.tools.entry(tool).or_default();
            *known = Tool { action: Action::Deny, ..std::mem::take(known) };
        }
        let decision = call.by(&policy);
        prop_assert_eq!(decision.effect(), Effect::Deny);
        prop_assert_eq!(decision.code(), if how == 2 { Code::ToolDenied } else { Code::Hidden });
        prop_assert_eq!(decision.limits().count(), 0);
    }
}

/// The smallest case of a lie that a watching limit must not be deceived by.
#[test]
fn a_store_that_refuses_where_nothing_decides_denies_nobody() {
    let watching = Limit { mode: Mode::Shadow, ..Limit::new("x", Window::Minute, Amount::ONE) };
    let mut policy = Policy::new("p", DefaultEffect::Deny);
    policy.tools.insert("run".into(), Tool { limits: vec![watching], ..Tool::default() });
    let call = Call { tool: "run".to_owned(), arguments: "{}".to_owned(), type_mismatch: TypeMismatch::Deny };

    assert_eq!(call.decide(single(&policy), Answer::RefusedWithRoom).code(), Code::Allowed);
}

/// The smallest case of a receipt for what was never admitted.
#[test]
fn a_call_that_is_denied_has_no_receipt_whatever_the_store_wrote() {
    let mut policy = Policy::new("p", DefaultEffect::Deny);
    let limits = vec![Limit::new("x", Window::Minute, Amount::ONE)];
    policy.tools.insert("run".into(), Tool { limits, ..Tool::default() });
    let call = Call { tool: "run".to_owned(), arguments: "{}".to_owned(), type_mismatch: TypeMismatch::Deny };

    let mut decision = call.decide(single(&policy), Answer::RefusedAndCharged);

    assert!(!decision.is_allowed());
    assert!(decision.take_receipt().is_none());
}
