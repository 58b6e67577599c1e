//! From a plan and a store's answer to the verdict. Pure.

use crate::clock::Timestamp;
use crate::code::Code;
use crate::group::Mode;
use crate::plan::Contingent;
use crate::program::CompiledLimit;
use crate::store::{ChargeOutcome, StoreError};
use crate::verdict::{Counted, Place, Verdict};

/// Settles a contingent plan by what the store answered at `now`.
#[inline]
pub(crate) fn settle(
    contingent: Contingent<'_>,
    answer: Result<ChargeOutcome, StoreError>,
    now: Timestamp,
    verdict: &mut Verdict,
) {
    verdict.now = now;
    match answer {
        // Every enforced charge must have been made, and fit; a store that says otherwise has not answered.
        Ok(ChargeOutcome::Charged) if is_made(&contingent) => {
            let limits = contingent.limits;
            note(contingent, verdict);
            let [own, everybodys] = limits;
            if own.iter().chain(everybodys).any(|limit| limit.limit.mode == Mode::Shadow) {
                note_shadowed(limits, verdict);
            }
            verdict.settle(Code::Allowed, Place::Nowhere);
        }
        Ok(ChargeOutcome::Refused) => {
            let limits = contingent.limits;
            note(contingent, verdict);
            refuse(limits, verdict);
        }
        Ok(ChargeOutcome::Full) => unanswered(&contingent, Code::CountersFull, verdict),
        Ok(_) | Err(_) => unanswered(&contingent, Code::StoreUnavailable, verdict),
    }
}

#[inline]
fn is_made(contingent: &Contingent<'_>) -> bool {
    contingent.charges.charges.iter().all(|charge| {
        !charge.enforced || (charge.state.charged.is_some() && charge.state.used <= charge.capacity)
    })
}

/// Keeps how the counters stand.
#[inline]
fn note(contingent: Contingent<'_>, verdict: &mut Verdict) {
    for charge in contingent.charges.charges {
        verdict.counted.push(Counted { cost: charge.cost, state: charge.state });
    }
}

type Limits<'a> = [&'a [CompiledLimit]; 2];

/// Denies by the first limit in order that has no room.
#[cold]
fn refuse(limits: Limits<'_>, verdict: &mut Verdict) {
    note_shadowed(limits, verdict);
    let first = lacking(limits, verdict, Mode::Enforce).first().copied();
    match first {
        Some(limit) => verdict.settle(Code::LimitExceeded, Place::Limit(limit.origin)),
        // Refused, and yet there is room everywhere: the store is at fault.
        None => verdict.settle(Code::StoreUnavailable, Place::Nowhere),
    }
}

/// Notes the limits that would have denied, had they been enforced.
#[cold]
fn note_shadowed(limits: Limits<'_>, verdict: &mut Verdict) {
    for limit in lacking(limits, verdict, Mode::Shadow) {
        verdict.shadow(Code::LimitExceeded, Place::Limit(limit.origin));
    }
}

/// The limits of that mode that the call does not fit under, going by how their counters stand.
fn lacking<'a>([own, everybodys]: Limits<'a>, verdict: &Verdict, mode: Mode) -> Vec<&'a CompiledLimit> {
    let lacks_room = |(place, limit): &(usize, &CompiledLimit)| {
        let Some(Counted { cost, state }) = verdict.counted(*place) else { return false };
        let used = match state.charged {
            Some(_) => Some(state.used),
            None => state.used.checked_add(*cost),
        };
        limit.limit.mode == mode && used.is_none_or(|used| used > limit.limit.max)
    };
    let limits = own.iter().chain(everybodys).enumerate();
    limits.filter(lacks_room).map(|(_, limit)| limit).collect()
}

/// No answer: denied by the first limit that decides. Where none does, limits have no say.
#[cold]
fn unanswered(contingent: &Contingent<'_>, code: Code, verdict: &mut Verdict) {
    verdict.settle(Code::Allowed, Place::Nowhere);
    for (place, limit) in contingent.limits().enumerate() {
        let has_charge =
            verdict.charge_of.as_ref().is_none_or(|of| of.get(place).is_some_and(Option::is_some));
        match limit.limit.mode {
            Mode::Shadow if has_charge => verdict.shadow(code, Place::Limit(limit.origin)),
            Mode::Shadow => {}
            Mode::Enforce => return verdict.settle(code, Place::Limit(limit.origin)),
        }
    }
}
