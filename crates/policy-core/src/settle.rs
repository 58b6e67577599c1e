//! From a plan and a store's answer to the verdict. Pure.

use crate::clock::Timestamp;
use crate::code::Code;
use crate::group::Mode;
use crate::plan::Contingent;
use crate::program::CompiledLimit;
use crate::store::{ChargeOutcome, StoreError};
use crate::verdict::{Place, Verdict};

/// Settles a contingent plan by what the store answered at `now`.
#[inline]
pub(crate) fn settle(
    contingent: &Contingent<'_>,
    answer: Result<ChargeOutcome, StoreError>,
    now: Timestamp,
    verdict: &mut Verdict,
) {
    verdict.now = now;
    match answer {
        // Every enforced charge must have been made, and fit; a store that says otherwise has not answered.
        Ok(ChargeOutcome::Charged) if is_made(contingent, verdict) => {
            if contingent.shadows {
                note_shadowed(contingent, verdict);
            }
            verdict.settle(Code::Allowed, Place::Nowhere);
        }
        Ok(ChargeOutcome::Refused) => refuse(contingent, verdict),
        Ok(ChargeOutcome::Full) => unanswered(contingent, Code::CountersFull, verdict),
        Ok(_) | Err(_) => unanswered(contingent, Code::StoreUnavailable, verdict),
    }
}

#[inline]
fn is_made(contingent: &Contingent<'_>, verdict: &Verdict) -> bool {
    contingent
        .charges
        .iter()
        .zip(&verdict.counted)
        .all(|(charge, state)| !charge.enforced || (state.charged.is_some() && state.used <= charge.capacity))
}

/// Denies by the first limit in order that has no room.
#[cold]
fn refuse(contingent: &Contingent<'_>, verdict: &mut Verdict) {
    note_shadowed(contingent, verdict);
    let first = lacking(contingent, verdict, Mode::Enforce).first().copied();
    match first {
        Some(limit) => verdict.settle(Code::LimitExceeded, Place::Limit(limit.origin)),
        // Refused, and yet there is room everywhere: the store is at fault.
        None => verdict.settle(Code::StoreUnavailable, Place::Nowhere),
    }
}

/// Notes the limits that would have denied, had they been enforced.
#[cold]
fn note_shadowed(contingent: &Contingent<'_>, verdict: &mut Verdict) {
    for limit in lacking(contingent, verdict, Mode::Shadow) {
        verdict.shadow(Code::LimitExceeded, Place::Limit(limit.origin));
    }
}

/// The limits of that mode that the call does not fit under, going by how their counters stand.
fn lacking<'a>(contingent: &Contingent<'a>, verdict: &Verdict, mode: Mode) -> Vec<&'a CompiledLimit> {
    let lacks_room = |(place, limit): &(usize, &CompiledLimit)| {
        let Some(state) = verdict.counted(*place) else { return false };
        let used = match state.charged {
            Some(_) => Some(state.used),
            None => state.used.checked_add(state.cost),
        };
        limit.limit.mode == mode && used.is_none_or(|used| used > limit.limit.max)
    };
    contingent.limits().enumerate().filter(lacks_room).map(|(_, limit)| limit).collect()
}

/// No answer: denied by the first limit that decides. Where none does, limits have no say.
#[cold]
fn unanswered(contingent: &Contingent<'_>, code: Code, verdict: &mut Verdict) {
    // What the store may have written before it failed is not to be relied on.
    verdict.counted.clear();
    verdict.settle(Code::Allowed, Place::Nowhere);
    for (place, limit) in contingent.limits().enumerate() {
        match limit.limit.mode {
            Mode::Shadow if verdict.charge_of(place).is_some() => {
                verdict.shadow(code, Place::Limit(limit.origin))
            }
            Mode::Shadow => {}
            Mode::Enforce => return verdict.settle(code, Place::Limit(limit.origin)),
        }
    }
}
