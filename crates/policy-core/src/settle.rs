//! From a store's answer to the verdict. Pure.

use crate::clock::Timestamp;
use crate::code::Code;
use crate::group::Mode;
use crate::program::CompiledLimit;
use crate::snapshot::Snapshot;
use crate::store::{Charge, ChargeOutcome, CounterState};
use crate::verdict::{Counted, Place, Verdict};

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
        Some(ChargeOutcome::Charged) if charges.iter().zip(verdict.states()).all(is_made) => {
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
fn lacking<'a>(snapshot: &'a Snapshot, verdict: &Verdict, mode: Mode) -> Vec<&'a CompiledLimit> {
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
