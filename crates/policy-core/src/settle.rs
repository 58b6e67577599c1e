//! From a store's answer to the verdict. Pure.

use crate::approval::ApprovalFault;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::group::Mode;
use crate::program::CompiledLimit;
use crate::snapshot::Snapshot;
use crate::store::{Charge, ChargeOutcome, CounterState};
use crate::verdict::{Approval, Counted, Detail, Place, Verdict};

/// Settles a verdict by what the store answered at `now`; `None` where it did not answer. `shadows` says whether any of the
/// limits is in shadow mode.
#[inline(never)]
pub(crate) fn settle(
    snapshot: &Snapshot,
    verdict: &mut Verdict,
    charges: &[Charge<'_>],
    shadows: bool,
    outcome: Option<ChargeOutcome>,
    now: Timestamp,
) {
    verdict.now = now;
    match outcome {
        Some(ChargeOutcome::Charged) if are_made(charges, verdict.states()) => {
            if shadows {
                note_shadowed(snapshot, verdict);
            }
            verdict.settle(Code::Allowed, Place::Nowhere);
        }
        Some(ChargeOutcome::Refused) => refuse(snapshot, verdict),
        Some(ChargeOutcome::Full) => unanswered(snapshot, verdict, Code::CountersFull),
        Some(_) | None => unanswered(snapshot, verdict, Code::StoreUnavailable),
    }
}

/// The same for a call that was approved: the last charge is the approval's. Without it nothing is allowed, whatever the
/// limits say.
#[cold]
#[inline(never)]
pub(crate) fn settle_approved(
    snapshot: &Snapshot,
    verdict: &mut Verdict,
    charges: &[Charge<'_>],
    shadows: bool,
    outcome: Option<ChargeOutcome>,
    now: Timestamp,
) {
    // Taken out whatever happens: an approval is no limit, and no receipt ever gives one back.
    let used = verdict.more().states.pop();
    let asking = match verdict.more().approval {
        Some(Approval::Given { asking, .. }) => asking,
        _ => Place::Nowhere,
    };
    let (Some((approval, limits)), Some(used)) = (charges.split_last(), used) else {
        return verdict.settle(Code::InternalError, Place::Nowhere);
    };
    verdict.now = now;
    let has_room = used.used.checked_add(used.cost).is_some_and(|used| used <= approval.capacity);
    let is_made = used.charged && used.used <= approval.capacity;
    let code = match outcome {
        Some(ChargeOutcome::Charged) if is_made => {
            return settle(snapshot, verdict, limits, shadows, outcome, now);
        }
        Some(ChargeOutcome::Refused) if has_room => {
            settle(snapshot, verdict, limits, shadows, outcome, now);
            if verdict.code != Code::Allowed {
                return;
            }
            // Refused, and nothing that decides had no room: that is no answer.
            Code::StoreUnavailable
        }
        Some(ChargeOutcome::Refused) => {
            verdict.more().detail = Some(Detail::Approval(ApprovalFault::Used));
            Code::ApprovalInvalid
        }
        Some(ChargeOutcome::Full) => Code::CountersFull,
        Some(_) | None => Code::StoreUnavailable,
    };
    // The call did not come to its limits: nothing that they found counts.
    verdict.counted = Counted::Nothing;
    verdict.more().shadowed.retain(|finding| !matches!(finding.place, Place::Limit(_)));
    verdict.settle(code, asking);
}

fn are_made(charges: &[Charge<'_>], states: &[CounterState]) -> bool {
    charges.len() == states.len() && charges.iter().zip(states).all(is_made)
}

/// Every enforced charge must have been made, and fit; a store that says otherwise has not answered.
#[inline]
pub(crate) fn is_made((charge, state): (&Charge<'_>, &CounterState)) -> bool {
    !charge.enforced || (state.charged && state.used <= charge.capacity)
}

/// Denies by the first limit in order that has no room.
#[cold]
fn refuse(snapshot: &Snapshot, verdict: &mut Verdict) {
    // Nothing is charged for a call that is denied, whatever the store has written: there is no receipt for it.
    verdict.states_mut().iter_mut().for_each(|state| state.charged = false);
    match lacking(snapshot, verdict, Mode::Enforce).first() {
        Some(limit) => {
            verdict.settle(Code::LimitExceeded, Place::Limit(limit.origin));
            note_shadowed(snapshot, verdict);
        }
        // Refused, and yet there is room wherever it matters: that is no answer.
        None => unanswered(snapshot, verdict, Code::StoreUnavailable),
    }
}

/// Notes the limits that would have denied, had they been enforced.
#[cold]
fn note_shadowed(snapshot: &Snapshot, verdict: &mut Verdict) {
    for limit in lacking(snapshot, verdict, Mode::Shadow) {
        verdict.shadow(Code::LimitExceeded, Place::Limit(limit.origin));
    }
}

/// The limits of that mode that the call does not fit under, going by how their counters stand.
pub(crate) fn lacking<'a>(snapshot: &'a Snapshot, verdict: &Verdict, mode: Mode) -> Vec<&'a CompiledLimit> {
    let lacks_room = |(place, limit): &(usize, &CompiledLimit)| {
        let Some(state) = verdict.counted(*place) else { return false };
        let used = if state.charged { Some(state.used) } else { state.used.checked_add(state.cost) };
        limit.limit.mode == mode && used.is_none_or(|used| used > limit.limit.max)
    };
    verdict.limits(snapshot).enumerate().filter(lacks_room).map(|(_, limit)| limit).collect()
}

/// No answer: denied by the first limit that decides. Where none does, limits have no say.
#[cold]
fn unanswered(snapshot: &Snapshot, verdict: &mut Verdict, code: Code) {
    // What the store may have written before it failed is not to be relied on.
    verdict.counted = Counted::Nothing;
    if let Some(limit) = verdict.limits(snapshot).find(|limit| limit.limit.mode == Mode::Enforce) {
        return verdict.settle(code, Place::Limit(limit.origin));
    }
    for (place, limit) in verdict.limits(snapshot).enumerate() {
        if verdict.charge_of(place).is_some() {
            verdict.shadow(code, Place::Limit(limit.origin));
        }
    }
    verdict.settle(Code::Allowed, Place::Nowhere);
}
