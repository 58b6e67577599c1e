//! How much work judging one call's arguments may be. Schemas that call themselves can look at one value any number of
//! times; arguments can be built to make them do so.

use std::cell::Cell;

/// How many steps judging arguments by one schema may take. A step is about as much as looking at one value, at one name,
/// or at sixteen bytes of a string; 10,000 values under an ordinary schema take fewer than a twentieth of this.
pub(super) const STEPS_MAX: u64 = 5_000_000;

/// How deep values are looked into; arguments nest no deeper unless a host raises its caps.
pub(super) const DEPTH_MAX: u32 = 64;

/// The steps that are left. When there are none, every value looks like nothing, so that whoever looks comes to an end, and
/// what it comes to does not count.
#[derive(Debug)]
pub(super) struct Steps(Cell<u64>);

impl Steps {
    pub(super) const fn new() -> Self {
        Self(Cell::new(STEPS_MAX))
    }

    /// Takes steps; false where there are not enough left, from then on for good.
    #[inline]
    pub(super) fn take(&self, steps: usize) -> bool {
        let left = self.0.get().saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX));
        self.0.set(left);
        left > 0
    }

    /// Takes what looking at a text of that many bytes costs.
    #[inline]
    pub(super) fn take_text(&self, bytes: usize) -> bool {
        self.take(bytes.wrapping_shr(4).saturating_add(1))
    }

    /// Leaves none: the value cannot be judged.
    pub(super) fn give_up(&self) {
        self.0.set(0);
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.0.get() == 0
    }
}
