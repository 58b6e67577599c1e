//! The store that lives in the process: bounded, exact under any number of threads, no lock on the common path.

mod slot;
mod table;

use smallvec::SmallVec;

use self::table::{Place, Table};
use crate::clock::Timestamp;
use crate::decimal::Amount;
use crate::store::{
    Charge, ChargeOutcome, ChargePlan, CounterHandle, CounterState, CounterStore, Receipt, StoreError,
};

/// Counters in memory, at most as many as it was made for. They are gone when it is dropped.
///
/// A counter takes 32 bytes. The room is reserved when the store is made and taken from the system as it is used. A
/// counter whose window has ended gives its room to the next that needs some; one that still counts is never evicted.
/// When no room is left, calls that would need a new counter are denied with `counters_full`; because counters are
/// placed by hash, that can begin when some nine tenths of the room are taken.
#[derive(Debug)]
pub struct MemoryStore {
    table: Table,
}

impl MemoryStore {
    /// How many counters [`MemoryStore::default`] holds: 2^20, which is 32 MiB when all of them are in use.
    pub const DEFAULT_COUNTERS: usize = 1 << 20;

    /// A store for `counters` counters, rounded up to a power of two, at least 64 and at most 2^32.
    #[must_use]
    pub fn with_capacity(counters: usize) -> Self {
        Self { table: Table::new(counters) }
    }

    /// How many counters there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_capacity(Self::DEFAULT_COUNTERS)
    }
}

impl CounterStore for MemoryStore {
    #[inline]
    fn charge(&self, plan: &ChargePlan<'_>, now: Timestamp) -> Result<ChargeOutcome, StoreError> {
        match plan.charges.as_slice() {
            [charge] => Ok(self.charge_one(charge, now)),
            charges => Ok(self.charge_all(charges, now)),
        }
    }

    fn refund(&self, receipt: Receipt) -> Result<(), StoreError> {
        for entry in &receipt.entries {
            let CounterHandle::Fingerprint(fingerprint) = entry.counter else {
                return Err(StoreError::ForeignReceipt);
            };
            // A counter that is not held any more has nothing to take back.
            if let Some(slot) = self.table.lock_existing(fingerprint) {
                let mut count = slot.count();
                if count.ends == entry.resets_at.as_millis() {
                    count.used = count.used.saturating_sub(entry.cost.micros());
                    slot.set(count);
                }
            }
        }
        Ok(())
    }
}

impl MemoryStore {
    #[inline]
    fn charge_one(&self, charge: &Charge<'_>, now: Timestamp) -> ChargeOutcome {
        let fingerprint = charge.key.fingerprint();
        let Some(slot) = self.table.lock(fingerprint, charge.key.window_seconds, now) else {
            return match charge.enforced {
                true => ChargeOutcome::Full,
                false => ChargeOutcome::Charged(SmallVec::from_iter([unheld(charge, now)])),
            };
        };
        let mut count = slot.count().at(now, charge.key.window_seconds);
        let fits = count.fits(charge.cost, charge.capacity);
        if let Some(used) = fits {
            count.used = used;
            slot.set(count);
        }
        drop(slot);
        let state = CounterState {
            used: Amount::from_micros(count.used),
            resets_at: Timestamp::from_millis(count.ends),
            charged: fits.map(|_| CounterHandle::Fingerprint(fingerprint)),
        };
        let mut states = SmallVec::new();
        states.push(state);
        if fits.is_some() || !charge.enforced {
            ChargeOutcome::Charged(states)
        } else {
            ChargeOutcome::Refused(states)
        }
    }

    /// Locks every counter of the plan, in the order of their places so that two plans never wait for each other, and
    /// only then looks and writes: nobody sees a state between.
    fn charge_all(&self, charges: &[Charge<'_>], now: Timestamp) -> ChargeOutcome {
        loop {
            let mut places: SmallVec<[(Place, usize); 8]> = SmallVec::new();
            let mut unheld_places: SmallVec<[usize; 8]> = SmallVec::new();
            for (at, charge) in charges.iter().enumerate() {
                match self.table.place(charge.key.fingerprint(), charge.key.window_seconds, now) {
                    Some(place) => places.push((place, at)),
                    None if charge.enforced => return ChargeOutcome::Full,
                    None => unheld_places.push(at),
                }
            }
            places.sort_unstable();
            let mut slots: SmallVec<[_; 8]> = SmallVec::new();
            for (place, at) in &places {
                let Some(charge) = charges.get(*at) else { continue };
                if let Some(slot) = self.table.lock_at(*place, charge.key.fingerprint()) {
                    slots.push((slot, *at, charge));
                }
            }
            if slots.len() != places.len() {
                // A counter's place was given away since it was looked up: its window had ended. Look again.
                continue;
            }
            let mut refused = false;
            let mut states: SmallVec<[(usize, CounterState); 8]> = SmallVec::new();
            for (slot, at, charge) in &slots {
                let count = slot.count().at(now, charge.key.window_seconds);
                refused |= charge.enforced && count.fits(charge.cost, charge.capacity).is_none();
                let used = Amount::from_micros(count.used);
                let resets_at = Timestamp::from_millis(count.ends);
                states.push((*at, CounterState { used, resets_at, charged: None }));
            }
            if !refused {
                for ((slot, _, charge), (_, state)) in slots.iter().zip(&mut states) {
                    let mut count = slot.count().at(now, charge.key.window_seconds);
                    if let Some(used) = count.fits(charge.cost, charge.capacity) {
                        count.used = used;
                        slot.set(count);
                        state.used = Amount::from_micros(used);
                        state.charged = Some(CounterHandle::Fingerprint(charge.key.fingerprint()));
                    }
                }
            }
            drop(slots);
            for at in unheld_places {
                if let Some(charge) = charges.get(at) {
                    states.push((at, unheld(charge, now)));
                }
            }
            states.sort_unstable_by_key(|(at, _)| *at);
            let states = states.into_iter().map(|(_, state)| state).collect();
            return if refused { ChargeOutcome::Refused(states) } else { ChargeOutcome::Charged(states) };
        }
    }
}

/// How a counter stands that there is no room for, under a charge that is not enforced.
fn unheld(charge: &Charge<'_>, now: Timestamp) -> CounterState {
    let count = slot::Count::default().at(now, charge.key.window_seconds);
    CounterState { used: charge.capacity, resets_at: Timestamp::from_millis(count.ends), charged: None }
}

#[cfg(test)]
mod tests;
