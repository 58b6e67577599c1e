//! Comparisons against engines: for random pairs of policies and random calls, nothing passes that did not without a widening,
//! or what may be one, being reported of that tool. Comparing the other way round tells the same from the other side.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../policy-json/tests/random/mod.rs"]
mod random;

use std::collections::BTreeSet;
use std::sync::Arc;

use policy_analysis::diff::{Change, Diff, Direction, ToolName, diff};
use policy_core::{
    Action, Amount, DefaultEffect, Effect, Engine, Identity, ManualClock, MemoryStore, Mode, Policy,
    PolicySet, Scope, Timestamp,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value as Json;

/// A small change to a policy, such as people make.
#[derive(Clone, Debug)]
enum Edit {
    Default,
    Hide(String),
    HideNothing,
    DropTool(Index),
    AddTool(String, Box<policy_core::Tool>),
    Action(Index, Action),
    DropRequire(Index),
    AddRequire(Index, policy_core::Group),
    DropDenyIf(Index),
    AddDenyIf(Index, policy_core::Group),
    AddApproveIf(Index, policy_core::Group),
    DropApproveIf(Index),
    Max(Index, u64),
    Scope(Index, Scope),
    Cost(Index, Option<policy_core::Path>),
    Window(Index, u32),
    DropLimits(Index),
    Shadow(Index),
    DropAllTools,
    AllToolsLimit(policy_core::Limit),
    AllToolsDenyIf(policy_core::Group),
    Counter(Index),
    Conditions(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        Just(Edit::Default),
        random::tool_name().prop_filter("a name", |name| !name.is_empty()).prop_map(Edit::Hide),
        Just(Edit::HideNothing),
        at().prop_map(Edit::DropTool),
        (random::tool_name(), random::tool()).prop_map(|(name, tool)| Edit::AddTool(name, Box::new(tool))),
        (at(), select(vec![Action::Allow, Action::Deny, Action::RequireApproval]))
            .prop_map(|(at, action)| Edit::Action(at, action)),
        at().prop_map(Edit::DropRequire),
        (at(), random::group()).prop_map(|(at, group)| Edit::AddRequire(at, group)),
        at().prop_map(Edit::DropDenyIf),
        (at(), random::group()).prop_map(|(at, group)| Edit::AddDenyIf(at, group)),
        (at(), random::group()).prop_map(|(at, group)| Edit::AddApproveIf(at, group)),
        at().prop_map(Edit::DropApproveIf),
        (at(), 0..8_u64).prop_map(|(at, max)| Edit::Max(at, max)),
        (at(), select(Scope::ALL.to_vec())).prop_map(|(at, scope)| Edit::Scope(at, scope)),
        (at(), prop::option::of(random::path()))
            .prop_map(|(at, path)| Edit::Cost(at, path.filter(|path| !path.has_every()))),
        (at(), select(vec![1_u32, 60, 90, 120, 3_600, 86_400]))
            .prop_map(|(at, window)| Edit::Window(at, window)),
        at().prop_map(Edit::DropLimits),
        at().prop_map(Edit::Shadow),
        Just(Edit::DropAllTools),
        random::limit().prop_map(Edit::AllToolsLimit),
        random::group().prop_map(Edit::AllToolsDenyIf),
        at().prop_map(Edit::Counter),
        at().prop_map(Edit::Conditions),
    ]
}

fn apply(policy: &mut Policy, edit: Edit) {
    let names: Vec<Box<str>> = policy.tools.keys().cloned().collect();
    let mut tool = |at: Index, change: &mut dyn FnMut(&mut policy_core::Tool)| {
        if !names.is_empty() {
            change(policy.tools.get_mut(&names[at.index(names.len())]).unwrap());
        }
    };
    match edit {
        Edit::Action(at, action) => tool(at, &mut |tool| tool.action = action),
        Edit::DropRequire(at) => tool(at, &mut |tool| drop(tool.require.pop())),
        Edit::AddRequire(at, group) => tool(at, &mut |tool| tool.require.push(group.clone())),
        Edit::DropDenyIf(at) => tool(at, &mut |tool| drop(tool.deny_if.pop())),
        Edit::AddDenyIf(at, group) => tool(at, &mut |tool| tool.deny_if.push(group.clone())),
        Edit::DropApproveIf(at) => tool(at, &mut |tool| drop(tool.approve_if.pop())),
        Edit::AddApproveIf(at, group) => tool(at, &mut |tool| tool.approve_if.push(group.clone())),
        Edit::Max(at, max) => tool(at, &mut |tool| {
            tool.limits.iter_mut().for_each(|limit| limit.max = Amount::whole(max).unwrap())
        }),
        Edit::Scope(at, scope) => {
            tool(at, &mut |tool| tool.limits.iter_mut().for_each(|limit| limit.scope = scope))
        }
        Edit::Cost(at, path) => {
            tool(at, &mut |tool| tool.limits.iter_mut().for_each(|limit| limit.increment_from = path.clone()))
        }
        Edit::Window(at, seconds) => tool(at, &mut |tool| {
            tool.limits.truncate(1);
            tool.limits.iter_mut().for_each(|limit| limit.window = policy_core::Window::Seconds(seconds));
        }),
        Edit::DropLimits(at) => tool(at, &mut |tool| tool.limits.clear()),
        Edit::Shadow(at) => tool(at, &mut |tool| {
            tool.limits.iter_mut().for_each(|limit| limit.mode = Mode::Shadow);
            tool.deny_if.iter_mut().for_each(|group| group.mode = Mode::Shadow);
        }),
        Edit::Counter(at) => tool(at, &mut |tool| {
            tool.limits.truncate(1);
            tool.limits.iter_mut().for_each(|limit| limit.counter = "own".into());
        }),
        Edit::Conditions(at) => tool(at, &mut |tool| {
            tool.deny_if.iter_mut().chain(&mut tool.require).for_each(|group| drop(group.conditions.pop()));
        }),
        Edit::Default => {
            policy.default = match policy.default {
                DefaultEffect::Allow => DefaultEffect::Deny,
                DefaultEffect::Deny => DefaultEffect::Allow,
            };
        }
        Edit::Hide(name) => {
            if !policy.hide.iter().any(|hidden| **hidden == *name) {
                policy.hide.push(name.into());
            }
        }
        Edit::HideNothing => policy.hide.clear(),
        Edit::DropTool(at) => {
            if !names.is_empty() {
                policy.tools.remove(&names[at.index(names.len())]);
            }
        }
        Edit::AddTool(name, tool) => drop(policy.tools.insert(name.into(), *tool)),
        Edit::DropAllTools => policy.all_tools = policy_core::AllTools::default(),
        Edit::AllToolsLimit(limit) => {
            if random::can_be_added(&limit, &policy.all_tools.limits) {
                policy.all_tools.limits.push(limit);
            }
        }
        Edit::AllToolsDenyIf(group) => policy.all_tools.deny_if.push(group),
    }
}

/// Two policies: mostly one that was edited, otherwise two that have nothing to do with each other.
fn pair() -> impl Strategy<Value = (Policy, Policy)> {
    let edited = (random::policy(), prop::collection::vec(edit(), 1..4)).prop_map(|(old, edits)| {
        let mut new = old.clone();
        edits.into_iter().for_each(|edit| apply(&mut new, edit));
        (old, new)
    });
    let unrelated = (random::policy(), random::policy());
    let pair = prop_oneof![4 => edited, 1 => unrelated];
    let both_ways =
        (pair, any::<bool>()).prop_map(|((old, new), turned)| if turned { (new, old) } else { (old, new) });
    both_ways.prop_filter("two policies", |(old, new)| old.check().is_ok() && new.check().is_ok())
}

fn call() -> impl Strategy<Value = (String, String)> {
    let arguments = prop_oneof![3 => random::arguments(), 1 => Just(serde_json::json!({}))];
    (random::tool_name(), arguments).prop_map(|(tool, arguments)| (tool, Json::to_string(&arguments)))
}

fn engine(policy: &Policy, clock: &Arc<ManualClock>) -> Engine {
    let store = MemoryStore::with_capacity(1 << 12);
    Engine::builder(PolicySet::single(policy.clone()).unwrap()).store(store).clock(Arc::clone(clock)).build()
}

/// How far a call gets as the first that is made: 2 where it is allowed, 1 where it passes once it is approved.
fn rank(policy: &Policy, identity: &Identity, tool: &str, arguments: &str) -> u8 {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000)));
    let decide = |policy: &Policy| {
        engine(policy, &clock)
            .evaluate(identity, tool, policy_json::JsonText::new(arguments.as_bytes()))
            .effect()
    };
    match decide(policy) {
        Effect::Allow => 2,
        Effect::RequireApproval => {
            let mut approving = policy.clone();
            approving.all_tools.approve_if.clear();
            for tool in approving.tools.values_mut() {
                tool.approve_if.clear();
                if tool.action == Action::RequireApproval {
                    tool.action = Action::Allow;
                }
            }
            u8::from(decide(&approving) == Effect::Allow)
        }
        _ => 0,
    }
}

/// Whether a widening, or what may be one, is reported of the tool.
fn is_reported(diff: &Diff, [old, new]: [&Policy; 2], tool: &str) -> bool {
    let names = |policy: &Policy| {
        policy
            .tools
            .keys()
            .chain(&policy.hide)
            .any(|name| &**name == tool && (&**name != "*" || policy.tools.contains_key("*")))
    };
    let named = names(old) || names(new);
    let is_it = |name: &ToolName| match name {
        ToolName::Named(name) => &**name == tool,
        ToolName::Others => !named,
    };
    let widens =
        |change: &&Change| matches!(change.direction, Direction::Widening | Direction::MaybeWidening);
    diff.changes.iter().filter(widens).any(|change| change.tools.iter().any(is_it))
}

type Told = BTreeSet<(Vec<ToolName>, Option<String>, Option<String>)>;

fn told(diff: &Diff, direction: Direction, turned: bool) -> Told {
    let place = |change: &Change| match turned {
        false => (change.tools.clone(), change.old.clone(), change.new.clone()),
        true => (change.tools.clone(), change.new.clone(), change.old.clone()),
    };
    diff.of(direction).map(place).collect()
}

proptest! {
    #![proptest_config(random::cases(200))]

    #[test]
    fn no_call_passes_that_did_not_without_being_reported(
        (old, new) in pair(),
        calls in prop::collection::vec(call(), 1..24),
    ) {
        let found = diff(&old, &new, None);
        for (tool, arguments) in calls {
            for identity in [Identity::new("a"), Identity::new("a").with_session("s")] {
                let [before, after] = [&old, &new].map(|policy| rank(policy, &identity, &tool, &arguments));
                if after > before {
                    prop_assert!(is_reported(&found, [&old, &new], &tool), "{tool} {arguments}: {found:#?}");
                }
            }
        }
    }

    #[test]
    fn no_sequence_of_calls_passes_that_did_not_without_being_reported(
        (old, new) in pair(),
        calls in prop::collection::vec((call(), 0..4_u64, 0..2_usize, 0..3_usize), 1..40),
        step in select(vec![0_u64, 1, 30, 60, 1_800]),
        favourite in call(),
    ) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000)));
        let [before, after] = [&old, &new].map(|policy| engine(policy, &clock));
        let mut found = None;
        let mut now = 1_000;
        for (call, steps, grant, session) in calls {
            let (tool, arguments) = if steps < 2 { &favourite } else { &call };
            now += steps * step * 1_000;
            clock.set(Timestamp::from_millis(now));
            let identity = Identity::new(["a", "b"][grant]);
            let identity = match session {
                0 => identity,
                session => identity.with_session(["s", "t"][session - 1]),
            };
            let text = || policy_json::JsonText::new(arguments.as_bytes());
            // What the new policy denies is charged nothing there, and is no part of what it lets through.
            if after.evaluate(&identity, tool, text()).is_allowed() && !before.evaluate(&identity, tool, text()).is_allowed() {
                found = Some(tool.clone());
                break;
            }
        }
        if let Some(tool) = found {
            let diff = diff(&old, &new, None);
            prop_assert!(is_reported(&diff, [&old, &new], &tool), "{tool}: {diff:#?}");
        }
    }

    #[test]
    fn a_policy_does_not_differ_from_itself(policy in random::policy()) {
        let found = diff(&policy, &policy, None);
        prop_assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn turned_round_widenings_are_narrowings((old, new) in pair()) {
        let (forward, backward) = (diff(&old, &new, None), diff(&new, &old, None));
        for (direction, other) in [
            (Direction::Widening, Direction::Narrowing),
            (Direction::Narrowing, Direction::Widening),
            (Direction::MaybeWidening, Direction::MaybeNarrowing),
        ] {
            prop_assert_eq!(told(&forward, direction, false), told(&backward, other, true));
        }
    }
}

#[test]
fn most_changes_come_with_calls_that_show_them() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let pairs = pair();
    let (mut shown, mut bare, mut open) = (0, 0, 0);
    for _ in 0..150 {
        let (mut old, mut new) = pairs.new_tree(&mut runner).unwrap().current();
        // Schemas are compared as they are written: what a changed one permits is often left open.
        for policy in [&mut old, &mut new] {
            policy.tools.values_mut().for_each(|tool| tool.schema = None);
        }
        for change in diff(&old, &new, None).changes {
            match (change.direction, change.example) {
                (Direction::Widening | Direction::Narrowing, Some(_)) => shown += 1,
                (Direction::Widening | Direction::Narrowing, None) => bare += 1,
                (Direction::MaybeWidening | Direction::MaybeNarrowing, _) => open += 1,
                (Direction::Text, _) => {}
            }
        }
    }
    // Random policies are odder than those that people write, whose edits `tests/diff` holds.
    assert!(shown > 2 * (bare + open), "{shown} shown, {bare} not, {open} undecided");
}
