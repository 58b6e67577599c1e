//! One rule more never permits more: the same first call, by a policy and by the same policy with something added.

use policy_core::{
    Code, DecisionOptions, Engine, ManualClock, MemoryStore, Mode, Policy, PolicySet, Timestamp,
};

use crate::choices::Choices;
use crate::inputs::{Call, Document};

/// Adds a `deny_if`, a `require`, an `approve_if` or a limit to the tool that is called, or to all tools, taken from another
/// policy.
///
/// # Panics
/// Where the call is allowed with it and not without; or, where it is in shadow mode, when it makes any difference.
pub(crate) fn check(policy: &Policy, call: &Call, options: DecisionOptions, choices: &mut Choices<'_>) {
    let place = choices.below(8);
    let donor = Document::choose(choices, "donor").policy;
    let mut more = policy.clone();
    let Some(mode) = add(&mut more, &donor, call.tool, place) else { return };
    // A list that has this counter and window already takes no second.
    let Ok(set) = PolicySet::single(more) else { return };
    let (without, _) = first(PolicySet::single(policy.clone()).expect("it loaded"), call, options);
    let (with, finding) = first(set, call, options);
    match mode {
        Mode::Enforce => assert!(
            with != Code::Allowed || without == Code::Allowed,
            "one rule more turned {without:?} into an allow"
        ),
        Mode::Shadow => assert_eq!(with, without, "a rule in shadow mode made a difference: {finding:?}"),
    }
}

/// Adds the rule at the end of its list, and says how it is meant.
fn add(policy: &mut Policy, donor: &Policy, tool: &str, place: usize) -> Option<Mode> {
    let from = donor.tools.get("t")?;
    let all = &mut policy.all_tools;
    let everybodys = match place {
        3 => {
            let limit = donor.all_tools.limits.first()?;
            all.limits.push(limit.clone());
            return Some(limit.mode);
        }
        4 => Some((&mut all.require, &from.require)),
        5 => Some((&mut all.deny_if, &from.deny_if)),
        6 => Some((&mut all.approve_if, &from.approve_if)),
        _ => None,
    };
    if let Some((to, from)) = everybodys {
        let group = from.first()?;
        to.push(group.clone());
        return Some(group.mode);
    }
    // A tool that is not named would be permitted by naming it.
    let to = policy.tools.get_mut(tool)?;
    match place {
        0 => {
            let group = from.deny_if.first()?;
            to.deny_if.push(group.clone());
            Some(group.mode)
        }
        1 => {
            let group = from.require.first()?;
            to.require.push(group.clone());
            Some(group.mode)
        }
        7 => {
            let group = from.approve_if.first()?;
            to.approve_if.push(group.clone());
            Some(group.mode)
        }
        _ => {
            let limit = from.limits.first()?;
            to.limits.push(limit.clone());
            Some(limit.mode)
        }
    }
}

fn first(policies: PolicySet, call: &Call, options: DecisionOptions) -> (Code, Vec<Code>) {
    let engine = Engine::builder(policies)
        .clock(ManualClock::new(Timestamp::from_millis(1_772_442_015_123)))
        .store(MemoryStore::with_capacity(1 << 10))
        .options(options)
        .build();
    let decision = call.evaluate(&engine);
    (decision.code(), decision.shadowed().map(|finding| finding.code()).collect())
}
