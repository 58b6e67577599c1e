//! The store that lives in the process: bounded, exact under any number of threads, no lock on the common path.

mod slot;
mod table;

use smallvec::SmallVec;

use self::slot::{Count, Locked};
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
    fn charge(&self, plan: &mut ChargePlan<'_>, now: Timestamp) -> Result<ChargeOutcome, StoreError> {
        match plan.charges.as_mut_slice() {
            [charge] => Ok(self.charge_one(charge, now)),
            charges => Ok(self.charge_all(charges, now)),
        }
    }

    fn refund(&self, receipt: Receipt) -> Result<(), StoreError> {
        for entry in receipt.entries() {
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
    fn charge_one(&self, charge: &mut Charge<'_>, now: Timestamp) -> ChargeOutcome {
        let window_seconds = charge.key.window_seconds();
        let Some(slot) = self.table.lock(charge.key.fingerprint(), window_seconds, now) else {
            return no_room(charge, now);
        };
        let count = slot.count().at(now, window_seconds);
        let made = make(charge, &slot, count);
        if made || !charge.enforced { ChargeOutcome::Charged } else { ChargeOutcome::Refused }
    }

    /// Locks every counter of the plan, in the order of their places so that two plans never wait for each other, and
    /// only then looks and writes: nobody sees a state between.
    fn charge_all(&self, charges: &mut [Charge<'_>], now: Timestamp) -> ChargeOutcome {
        loop {
            let mut places: SmallVec<[(Place, &mut Charge<'_>); 8]> = SmallVec::new();
            for charge in charges.iter_mut() {
                let (fingerprint, window_seconds) = (charge.key.fingerprint(), charge.key.window_seconds());
                match self.table.place(fingerprint, window_seconds, now) {
                    Some(place) => places.push((place, charge)),
                    None => match no_room(charge, now) {
                        // Left out: it does not decide.
                        ChargeOutcome::Charged => {}
                        full => return full,
                    },
                }
            }
            places.sort_unstable_by_key(|(place, _)| *place);
            let wanted = places.len();
            let held: SmallVec<[_; 8]> = places
                .into_iter()
                .map_while(|(place, charge)| {
                    let slot = self.table.lock_at(place, charge.key.fingerprint())?;
                    let count = slot.count().at(now, charge.key.window_seconds());
                    Some((slot, count, charge))
                })
                .collect();
            if held.len() != wanted {
                // A counter's place was given away since it was looked up: its window had ended. Look again.
                continue;
            }
            let refused = held.iter().any(|(_, count, charge)| {
                charge.enforced && count.fits(charge.cost, charge.capacity).is_none()
            });
            for (slot, count, charge) in held {
                if refused {
                    charge.state = state(count);
                } else {
                    make(charge, &slot, count);
                }
            }
            return if refused { ChargeOutcome::Refused } else { ChargeOutcome::Charged };
        }
    }
}

/// Makes a charge if it fits, and says how the counter then stands.
#[inline]
fn make(charge: &mut Charge<'_>, slot: &Locked<'_>, count: Count) -> bool {
    let Some(used) = count.fits(charge.cost, charge.capacity) else {
        charge.state = state(count);
        return false;
    };
    let count = Count { used, ..count };
    slot.set(count);
    let charged = Some(CounterHandle::Fingerprint(charge.key.fingerprint()));
    charge.state = CounterState { charged, ..state(count) };
    true
}

#[inline]
fn state(count: Count) -> CounterState {
    let used = Amount::from_micros(count.used);
    CounterState { used, resets_at: Timestamp::from_millis(count.ends), charged: None }
}

/// There is no room for the counter: that denies where the charge is enforced. Otherwise it counts as used up.
#[cold]
fn no_room(charge: &mut Charge<'_>, now: Timestamp) -> ChargeOutcome {
    if charge.enforced {
        return ChargeOutcome::Full;
    }
    let count = Count::default().at(now, charge.key.window_seconds());
    charge.state = CounterState { used: charge.capacity, ..state(count) };
    ChargeOutcome::Charged
}

#[cfg(test)]
mod tests;
