//! One counter in four words of 64 bits: a fingerprint in two, when its window ends (the top bit is the slot's lock),
//! and what is used. All are atomics, so that no `unsafe` is needed; the two that count change only under the lock.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::amount::Amount;
use crate::clock::Timestamp;
use crate::counter::{ChargeWindow, CounterKey, Fingerprint};

/// The words of one slot. All zero: nobody's yet.
pub(super) type Words = [AtomicU64; 4];

/// Set while somebody holds the slot. Times stay below it: `Timestamp::MAX` is 2^62.
const LOCKED: u64 = 1 << 63;

/// What a counter holds, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// The end of the window, in milliseconds since the epoch; 0 before the first.
    pub(super) ends: u64,
    /// What is used in it, in millionths.
    pub(super) used: u64,
}

impl Count {
    /// The same counter as of `now`: afresh where its window has ended. A clock that stepped back finds the window
    /// still going on.
    #[inline]
    pub(super) fn at(self, now: Timestamp, key: &CounterKey<'_>) -> Self {
        if now.as_millis() < self.ends {
            return self;
        }
        self.afresh(now, key.window())
    }

    /// The counter as it begins. What ends for good begins once, before its end; otherwise it counts as used.
    fn afresh(self, now: Timestamp, window: ChargeWindow) -> Self {
        match window {
            ChargeWindow::Fixed { seconds } => Self { ends: window_end(now, seconds), used: 0 },
            ChargeWindow::Until(end) => {
                let used = if self.ends != 0 || end <= now { Amount::ONE.micros() } else { 0 };
                Self { ends: end.as_millis(), used }
            }
        }
    }

    /// What would be used with that cost, if it stays within the capacity.
    #[inline]
    pub(super) fn fits(self, cost: Amount, capacity: Amount) -> Option<u64> {
        self.used.checked_add(cost.micros()).filter(|used| *used <= capacity.micros())
    }
}

/// When the window that `now` is in ends; windows are aligned to the epoch.
fn window_end(now: Timestamp, window_seconds: u32) -> u64 {
    let length = u64::from(window_seconds).max(1).saturating_mul(1000);
    let past = now.as_millis().checked_rem(length).unwrap_or_default();
    now.as_millis().saturating_sub(past).saturating_add(length)
}

/// Whether the slot holds that fingerprint, read without the lock: a hint, to be confirmed under it.
#[inline]
pub(super) fn fingerprint(words: &Words) -> Fingerprint {
    let [first, second, _, _] = words;
    Fingerprint([first.load(Ordering::Acquire), second.load(Ordering::Acquire)])
}

/// A slot that is held by whoever has this; released when it is dropped.
#[derive(Debug)]
pub(super) struct Locked<'s> {
    words: &'s Words,
    /// What the word of the window's end becomes when the lock is released.
    ends: std::cell::Cell<u64>,
}

impl<'s> Locked<'s> {
    /// Waits for the slot. Holders only compare and store, so it spins a little and then lets others run.
    #[inline]
    pub(super) fn new(words: &'s Words) -> Self {
        let ends = Self::take(words).unwrap_or_else(|| Self::wait(words));
        Self { words, ends: std::cell::Cell::new(ends) }
    }

    /// Takes the lock if it is free: when the window ends.
    #[inline(always)]
    fn take(words: &Words) -> Option<u64> {
        let [_, _, ends, _] = words;
        let seen = ends.load(Ordering::Relaxed);
        let free = seen & LOCKED == 0;
        let taken =
            free && ends.compare_exchange(seen, seen | LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok();
        taken.then_some(seen)
    }

    #[cold]
    fn wait(words: &Words) -> u64 {
        let mut spins = 0_u32;
        loop {
            if let Some(ends) = Self::take(words) {
                return ends;
            }
            spins = spins.saturating_add(1);
            if spins < 100 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }

    /// Whose slot it is.
    #[inline]
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let [first, second, _, _] = self.words;
        Fingerprint([first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)])
    }

    /// What it counts.
    #[inline]
    pub(super) fn count(&self) -> Count {
        let [_, _, _, used] = self.words;
        Count { ends: self.ends.get(), used: used.load(Ordering::Relaxed) }
    }

    /// Changes what it counts.
    #[inline]
    pub(super) fn set(&self, count: Count) {
        let [_, _, _, used] = self.words;
        used.store(count.used, Ordering::Relaxed);
        self.ends.set(count.ends);
    }

    /// Makes it another counter's.
    pub(super) fn give(&self, fingerprint: Fingerprint, count: Count) {
        let [first, second, _, _] = self.words;
        let Fingerprint([new_first, new_second]) = fingerprint;
        first.store(new_first, Ordering::Release);
        second.store(new_second, Ordering::Release);
        self.set(count);
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        let [_, _, ends, _] = self.words;
        ends.store(self.ends.get(), Ordering::Release);
    }
}
