//! A store whose counters stand still, so that any number of calls meet the same ones; and every way in which such a store can
//! answer wrongly.

use std::hash::{DefaultHasher, Hash, Hasher};

use policy_core::{
    Amount, Charge, ChargeOutcome, CounterState, CounterStore, Receipt, StoreError, Timestamp,
};

/// How a store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// By the contract, of counters that nothing changes. Each holds 0 to 3; which, follows from its name.
    Truly,
    /// With an error.
    Error,
    /// An error, after it has made the charges.
    ErrorTooLate,
    /// `Charged`, without having looked at anything.
    ChargedNothing,
    /// `Charged`, though the last of the charges that decide was left out.
    ChargedAllButOne,
    /// `Charged`, with more in the counters than they can hold.
    ChargedTooMuch,
    /// `Refused`, though every counter is empty.
    RefusedWithRoom,
    /// `Refused`, and charged all the same.
    RefusedAndCharged,
    /// `Full`.
    Full,
    /// `Full`, and charged all the same.
    FullAndCharged,
}

impl Answer {
    /// All but the one that is right.
    pub(crate) const WRONG: [Self; 9] = [
        Self::Error,
        Self::ErrorTooLate,
        Self::ChargedNothing,
        Self::ChargedAllButOne,
        Self::ChargedTooMuch,
        Self::RefusedWithRoom,
        Self::RefusedAndCharged,
        Self::Full,
        Self::FullAndCharged,
    ];
}

/// A store that answers so.
pub(crate) struct Still(pub(crate) Answer);

impl CounterStore for Still {
    fn charge(
        &self,
        charges: &[Charge<'_>],
        states: &mut [CounterState],
        now: Timestamp,
    ) -> Result<ChargeOutcome, StoreError> {
        let refused = look(charges, states, now);
        if self.0 == Answer::Truly {
            if !refused {
                charge_what_fits(charges, states);
            }
            return Ok(if refused { ChargeOutcome::Refused } else { ChargeOutcome::Charged });
        }
        let charge_all = |states: &mut [CounterState]| {
            for (charge, state) in charges.iter().zip(states) {
                state.used = charge.capacity;
                state.charged = true;
            }
        };
        match self.0 {
            Answer::Truly | Answer::ChargedNothing | Answer::Error | Answer::Full => {}
            Answer::RefusedWithRoom => states.iter_mut().for_each(|state| state.used = Amount::ZERO),
            Answer::ErrorTooLate | Answer::RefusedAndCharged | Answer::FullAndCharged => charge_all(states),
            Answer::ChargedAllButOne => {
                charge_all(states);
                if let Some(last) = charges.iter().rposition(|charge| charge.enforced) {
                    states[last].charged = false;
                }
            }
            Answer::ChargedTooMuch => {
                charge_all(states);
                for (charge, state) in charges.iter().zip(states) {
                    state.used = charge.capacity.checked_add(Amount::from_micros(1)).unwrap();
                }
            }
        }
        match self.0 {
            Answer::Error | Answer::ErrorTooLate => Err(StoreError::unavailable("gone")),
            Answer::RefusedWithRoom | Answer::RefusedAndCharged => Ok(ChargeOutcome::Refused),
            Answer::Full | Answer::FullAndCharged => Ok(ChargeOutcome::Full),
            _ => Ok(ChargeOutcome::Charged),
        }
    }

    fn refund(&self, _receipt: Receipt) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Tells how each counter stands; whether the call has to be refused.
fn look(charges: &[Charge<'_>], states: &mut [CounterState], now: Timestamp) -> bool {
    for (charge, state) in charges.iter().zip(states.iter_mut()) {
        let mut hasher = DefaultHasher::new();
        charge.key.encode().hash(&mut hasher);
        state.used = Amount::whole(hasher.finish() % 4).unwrap();
        state.resets_at = Timestamp::from_millis(now.as_millis() + 60_000);
    }
    charges.iter().zip(states).any(|(charge, state)| charge.enforced && with_charge(charge, state).is_none())
}

fn with_charge(charge: &Charge<'_>, state: &CounterState) -> Option<Amount> {
    state.used.checked_add(charge.cost).filter(|used| *used <= charge.capacity)
}

fn charge_what_fits(charges: &[Charge<'_>], states: &mut [CounterState]) {
    for (charge, state) in charges.iter().zip(states) {
        if let Some(used) = with_charge(charge, state) {
            state.used = used;
            state.charged = true;
        }
    }
}
