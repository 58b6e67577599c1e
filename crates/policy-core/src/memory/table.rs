//! Where counters are: slots in shards, found by fingerprint with linear probing inside a shard. Looking up takes no
//! lock. Making room for a new counter takes its shard's, so that no counter ever has two slots.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

use super::slot::{Count, Locked, Words, fingerprint};
use crate::clock::Timestamp;
use crate::counter::{CounterKey, Fingerprint};

/// Slots in a shard at most: how far a look-up may have to go when a table is full, 64 KiB of memory.
const SHARD_SLOTS: usize = 2_048;

/// Nobody has had the slot yet: a look-up ends here.
const EMPTY: Fingerprint = Fingerprint([0, 0]);

/// Somebody had the slot and left nothing in it: a look-up goes on. No counter has either fingerprint, going by the odds
/// that no two counters share one.
const VACATED: Fingerprint = Fingerprint([0, 1]);

/// Where a slot is. Ordered, so that several can be locked without a deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(usize);

/// A counter's place, and whether it was made by this look-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) place: Place,
    pub(super) is_new: bool,
}

pub(super) struct Table {
    /// Four words a slot, from `offset` on.
    words: Box<[AtomicU64]>,
    /// How many words to leave out so that no slot lies across two cache lines.
    offset: usize,
    shards: Box<[Mutex<Shard>]>,
    shard_slots: usize,
}

/// What making room in a shard has to remember.
#[derive(Debug, Default)]
struct Shard {
    /// The latest end of any window whose counter gave its slot away. A counter that comes anew begins no earlier, so
    /// that a clock that steps back cannot bring back a window whose count is forgotten.
    forgotten: u64,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

impl Table {
    pub(super) fn new(counters: usize) -> Self {
        let slots = counters.clamp(64, 1 << 32).next_power_of_two();
        let shard_slots = slots.min(SHARD_SLOTS);
        let shards = slots.checked_div(shard_slots).unwrap_or(1).max(1);
        // Zeroed by the allocator, so that pages are taken from the system only when a counter falls on them. Eight
        // words more than needed, to begin at a cache line.
        let words = bytemuck::zeroed_slice_box::<AtomicU64>(slots.saturating_mul(4).saturating_add(8));
        let offset = words.as_ptr().align_offset(64).min(8);
        let shards = (0..shards).map(|_| Mutex::new(Shard::default())).collect();
        Self { words, offset, shards, shard_slots }
    }

    pub(super) fn capacity(&self) -> usize {
        self.shards.len().saturating_mul(self.shard_slots)
    }

    /// The counter's slot, held, and whether it is new; made if there is none yet. `None` where there is no room.
    #[inline]
    pub(super) fn lock(&self, key: &CounterKey<'_>, now: Timestamp) -> Option<(Locked<'_>, bool)> {
        loop {
            let Placed { place, is_new } = self.place(key, now)?;
            // Between finding and locking, a counter whose window had ended may have lost its slot: look again.
            if let Some(slot) = self.lock_at(place, key.fingerprint()) {
                return Some((slot, is_new));
            }
        }
    }

    /// The counter's slot, held, if it is the first that is looked at.
    #[inline(always)]
    pub(super) fn lock_first(&self, wanted: Fingerprint) -> Option<Locked<'_>> {
        let words = self.words_at(self.probe(wanted).next()?)?;
        if fingerprint(words) != wanted {
            return None;
        }
        let slot = Locked::new(words);
        (slot.fingerprint() == wanted).then_some(slot)
    }

    /// The counter's slot, held, if it has one.
    pub(super) fn lock_existing(&self, wanted: Fingerprint) -> Option<Locked<'_>> {
        loop {
            let place = self.find(wanted)?;
            if let Some(slot) = self.lock_at(place, wanted) {
                return Some(slot);
            }
        }
    }

    /// Where the counter is; made if it is nowhere yet. `None` where there is no room.
    #[inline]
    pub(super) fn place(&self, key: &CounterKey<'_>, now: Timestamp) -> Option<Placed> {
        match self.find(key.fingerprint()) {
            Some(place) => Some(Placed { place, is_new: false }),
            None => self.make(key, now),
        }
    }

    /// Leaves the slot of a counter that was made and then not charged, so that refused calls take no room.
    pub(super) fn vacate(slot: &Locked<'_>) {
        if slot.count().used == 0 {
            slot.give(VACATED, Count::default());
        }
    }

    /// Holds the slot at a place, if it is still that counter's.
    #[inline]
    pub(super) fn lock_at(&self, place: Place, wanted: Fingerprint) -> Option<Locked<'_>> {
        let slot = Locked::new(self.words_at(place.0)?);
        (slot.fingerprint() == wanted).then_some(slot)
    }

    #[inline]
    fn find(&self, wanted: Fingerprint) -> Option<Place> {
        for place in self.probe(wanted) {
            let found = fingerprint(self.words_at(place)?);
            if found == wanted {
                return Some(Place(place));
            }
            if found == EMPTY {
                return None;
            }
        }
        None
    }

    /// Gives the counter the first slot on its way that is nobody's, or whose counter's window has ended.
    #[cold]
    fn make(&self, key: &CounterKey<'_>, now: Timestamp) -> Option<Placed> {
        let wanted = key.fingerprint();
        let mut shard = self.shards.get(self.shard_of(wanted))?.lock();
        // Somebody else may have made it meanwhile.
        if let Some(place) = self.find(wanted) {
            return Some(Placed { place, is_new: false });
        }
        for place in self.probe(wanted) {
            let slot = Locked::new(self.words_at(place)?);
            let count = slot.count();
            if count.ends <= now.as_millis() {
                shard.forgotten = shard.forgotten.max(count.ends);
                let begins = now.max(Timestamp::from_millis(shard.forgotten));
                slot.give(wanted, Count::default().at(begins, key));
                return Some(Placed { place: Place(place), is_new: true });
            }
        }
        None
    }

    /// The places of a fingerprint, in the order they are tried: from its own on, around its shard.
    #[inline]
    fn probe(&self, wanted: Fingerprint) -> impl Iterator<Item = usize> + use<> {
        let mask = self.shard_slots.wrapping_sub(1);
        let base = self.shard_of(wanted).wrapping_mul(self.shard_slots);
        let Fingerprint([_, second]) = wanted;
        let first = low_bits(second);
        (0..self.shard_slots).map(move |step| base.wrapping_add(first.wrapping_add(step) & mask))
    }

    #[inline]
    fn shard_of(&self, wanted: Fingerprint) -> usize {
        // The number of shards is a power of two.
        let Fingerprint([first, _]) = wanted;
        low_bits(first) & self.shards.len().wrapping_sub(1)
    }

    #[inline]
    fn words_at(&self, place: usize) -> Option<&Words> {
        let from = place.wrapping_mul(4).wrapping_add(self.offset);
        self.words.get(from..)?.first_chunk()
    }
}

#[inline]
fn low_bits(word: u64) -> usize {
    // Masked to fit on every machine.
    usize::try_from(word & 0x7fff_ffff).unwrap_or_default()
}
