//! From a plan and a store's answer to the verdict. Pure.

use smallvec::SmallVec;

use crate::clock::Timestamp;
use crate::code::Code;
use crate::decimal::Amount;
use crate::group::Mode;
use crate::plan::{Contingent, PlannedLimit};
use crate::store::{Charge, ChargeOutcome, CounterState, ReceiptEntry, StoreError};
use crate::verdict::{Finding, Place, Touched, Verdict};

/// Settles a contingent plan by what the store answered at `now`.
#[inline]
pub(crate) fn settle(
    plan: Contingent<'_>,
    answer: Result<ChargeOutcome, StoreError>,
    now: Timestamp,
) -> Verdict {
    match answer {
        Ok(ChargeOutcome::Charged(states)) if states.len() == plan.charges.charges.len() => {
            charged(plan, states, now)
        }
        Ok(ChargeOutcome::Refused(states)) if states.len() == plan.charges.charges.len() => {
            refused(plan, &states, now)
        }
        // A store that answers for another number of charges than it was asked for has not answered.
        Ok(ChargeOutcome::Charged(_) | ChargeOutcome::Refused(_)) | Err(_) => {
            unanswered(plan, Code::StoreUnavailable, now)
        }
        Ok(ChargeOutcome::Full) => unanswered(plan, Code::CountersFull, now),
    }
}

#[inline]
fn charged(plan: Contingent<'_>, states: SmallVec<[CounterState; 2]>, now: Timestamp) -> Verdict {
    let (limits, shadowed) = report(&plan, &states);
    // Every enforced charge must have been made; a store that says otherwise has not answered.
    let made = plan.charges.charges.iter().zip(&states).all(|(charge, state)| {
        !charge.enforced || (state.charged.is_some() && state.used <= charge.capacity)
    });
    if !made {
        return unanswered(plan, Code::StoreUnavailable, now);
    }
    let charged = plan
        .charges
        .charges
        .iter()
        .zip(states)
        .filter_map(|(charge, state)| {
            let CounterState { resets_at, charged, .. } = state;
            Some(ReceiptEntry { counter: charged?, resets_at, cost: charge.cost })
        })
        .collect();
    let verdict = Verdict::settled(Code::Allowed, Place::Nowhere, Some(plan.policy), plan.entry);
    Verdict { limits, shadowed: with(plan.shadowed, shadowed), charged, now, ..verdict }
}

#[cold]
fn refused(plan: Contingent<'_>, states: &[CounterState], now: Timestamp) -> Verdict {
    let (limits, shadowed) = report(&plan, states);
    let first = plan.limits.iter().find(|limit| {
        limit.limit.limit.mode == Mode::Enforce && lacks_room(limit, &plan.charges.charges, states)
    });
    let (code, place) = match first {
        Some(limit) => (Code::LimitExceeded, Place::Limit(limit.limit.origin)),
        // Refused, and yet there is room everywhere: the store is at fault.
        None => (Code::StoreUnavailable, Place::Nowhere),
    };
    let verdict = Verdict::settled(code, place, Some(plan.policy), plan.entry);
    Verdict { limits, shadowed: with(plan.shadowed, shadowed), now, ..verdict }
}

/// No answer: denied by the first limit that decides. Where none does, limits have no say.
#[cold]
fn unanswered(plan: Contingent<'_>, code: Code, now: Timestamp) -> Verdict {
    let mut shadowed = plan.shadowed;
    for planned in &plan.limits {
        let place = Place::Limit(planned.limit.origin);
        match planned.limit.limit.mode {
            Mode::Shadow => shadowed.push(Finding { code, place }),
            Mode::Enforce => {
                let verdict = Verdict::settled(code, place, Some(plan.policy), plan.entry);
                return Verdict { shadowed, now, ..verdict };
            }
        }
    }
    let verdict = Verdict::settled(Code::Allowed, Place::Nowhere, Some(plan.policy), plan.entry);
    Verdict { shadowed, now, ..verdict }
}

/// How each limit stands, and the ones that would have denied had they been enforced.
#[inline]
fn report(plan: &Contingent<'_>, states: &[CounterState]) -> (SmallVec<[Touched; 2]>, Vec<Finding>) {
    let mut limits = SmallVec::new();
    let mut shadowed = Vec::new();
    for planned in &plan.limits {
        let origin = planned.limit.origin;
        let Some(state) = states.get(planned.charge) else { continue };
        let cost = plan.charges.charges.get(planned.charge).map_or(Amount::ZERO, |charge| charge.cost);
        limits.push(Touched { origin, used: state.used, resets_at: state.resets_at, cost });
        if planned.limit.limit.mode == Mode::Shadow && lacks_room(planned, &plan.charges.charges, states) {
            shadowed.push(Finding { code: Code::LimitExceeded, place: Place::Limit(origin) });
        }
    }
    (limits, shadowed)
}

/// Whether the call does not fit under a limit, going by how its counter stands.
#[inline]
fn lacks_room(limit: &PlannedLimit<'_>, charges: &[Charge<'_>], states: &[CounterState]) -> bool {
    let (Some(charge), Some(state)) = (charges.get(limit.charge), states.get(limit.charge)) else {
        return true;
    };
    let used = match state.charged {
        Some(_) => Some(state.used),
        None => state.used.checked_add(charge.cost),
    };
    used.is_none_or(|used| used > limit.limit.limit.max)
}

/// Appends without allocating where there is nothing to append, which is nearly always.
#[inline]
fn with(mut findings: Vec<Finding>, more: Vec<Finding>) -> Vec<Finding> {
    if findings.is_empty() {
        return more;
    }
    findings.extend(more);
    findings
}
