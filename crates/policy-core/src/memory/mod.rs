//! The store that lives in the process: bounded, exact under any number of threads, no lock on the common path.

mod slot;
mod table;

use smallvec::SmallVec;

use self::slot::{Count, Locked};
use self::table::{Placed, Table};
use crate::amount::Amount;
use crate::clock::Timestamp;
use crate::store::{
    Charge, ChargeOutcome, CounterHandle, CounterState, CounterStore, HandleKind, Receipt, StoreError,
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
    fn charge(
        &self,
        charges: &[Charge<'_>],
        states: &mut [CounterState],
        now: Timestamp,
    ) -> Result<ChargeOutcome, StoreError> {
        match (charges, states) {
            ([charge], [state]) => {
                if self.charge_first(charge, state, now) {
                    return Ok(ChargeOutcome::Charged);
                }
                Ok(self.charge_one(charge, state, now))
            }
            (charges, states) => Ok(self.charge_all(charges, states, now)),
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

    fn handles(&self) -> HandleKind {
        HandleKind::Fingerprint
    }
}

impl MemoryStore {
    /// Where the counter is at the first place that is looked at, still in its window, and has room: what nearly all
    /// calls come to.
    #[inline(always)]
    fn charge_first(&self, charge: &Charge<'_>, state: &mut CounterState, now: Timestamp) -> bool {
        let Some(slot) = self.table.lock_first(charge.key.fingerprint()) else { return false };
        let count = slot.count();
        count.ends > now.as_millis() && make(charge, state, &slot, count)
    }

    #[inline(never)]
    fn charge_one(&self, charge: &Charge<'_>, state: &mut CounterState, now: Timestamp) -> ChargeOutcome {
        let Some((slot, is_new)) = self.table.lock(&charge.key, now) else {
            return no_room(charge, state, now);
        };
        let count = slot.count().at(now, &charge.key);
        let made = make(charge, state, &slot, count);
        if is_new && !made {
            Table::vacate(&slot);
        }
        if made || !charge.enforced { ChargeOutcome::Charged } else { ChargeOutcome::Refused }
    }

    /// Locks every counter of the call, in the order of their places so that two calls never wait for each other, and only
    /// then looks and writes: nobody sees a state between.
    #[inline(never)]
    fn charge_all(
        &self,
        charges: &[Charge<'_>],
        states: &mut [CounterState],
        now: Timestamp,
    ) -> ChargeOutcome {
        loop {
            let mut placed: SmallVec<[(Placed, &Charge<'_>, &mut CounterState); 8]> = SmallVec::new();
            let mut full = false;
            // What decides is placed first: a limit in shadow mode must not take the last room from one that does.
            let mut paired: SmallVec<[(&Charge<'_>, &mut CounterState); 8]> =
                charges.iter().zip(states.iter_mut()).collect();
            paired.sort_by_key(|(charge, _)| !charge.enforced);
            for (charge, state) in paired {
                match self.table.place(&charge.key, now) {
                    Some(place) => placed.push((place, charge, state)),
                    // What is not enforced is left out.
                    None => full |= no_room(charge, state, now) == ChargeOutcome::Full,
                }
            }
            placed.sort_unstable_by_key(|(placed, ..)| placed.place);
            let wanted = placed.len();
            let held: SmallVec<[_; 8]> = placed
                .into_iter()
                .map_while(|(Placed { place, is_new }, charge, state)| {
                    let slot = self.table.lock_at(place, charge.key.fingerprint())?;
                    let count = slot.count().at(now, &charge.key);
                    Some((slot, is_new, count, charge, state))
                })
                .collect();
            if held.len() != wanted && !full {
                // A counter's place was given away since it was looked up: its window had ended. Look again.
                continue;
            }
            let refused = held.iter().any(|(_, _, count, charge, _)| {
                charge.enforced && count.fits(charge.cost, charge.capacity).is_none()
            });
            for (slot, is_new, count, charge, state) in held {
                let made = !refused && !full && make(charge, state, &slot, count);
                if !made {
                    tell(state, count);
                    if is_new {
                        Table::vacate(&slot);
                    }
                }
            }
            return match (full, refused) {
                (true, _) => ChargeOutcome::Full,
                (false, true) => ChargeOutcome::Refused,
                (false, false) => ChargeOutcome::Charged,
            };
        }
    }
}

/// Makes a charge if it fits, and tells how the counter then stands.
#[inline]
fn make(charge: &Charge<'_>, state: &mut CounterState, slot: &Locked<'_>, count: Count) -> bool {
    let Some(used) = count.fits(charge.cost, charge.capacity) else {
        tell(state, count);
        return false;
    };
    let count = Count { used, ..count };
    slot.set(count);
    tell(state, count);
    state.charged = true;
    true
}

#[inline]
fn tell(state: &mut CounterState, count: Count) {
    state.used = Amount::from_micros(count.used);
    state.resets_at = Timestamp::from_millis(count.ends);
}

/// There is no room for the counter: that denies where the charge is enforced. Otherwise it counts as used up.
#[cold]
fn no_room(charge: &Charge<'_>, state: &mut CounterState, now: Timestamp) -> ChargeOutcome {
    if charge.enforced {
        return ChargeOutcome::Full;
    }
    let count = Count::default().at(now, &charge.key);
    tell(state, Count { used: charge.capacity.micros(), ..count });
    ChargeOutcome::Charged
}

#[cfg(test)]
mod tests;
