//! The contract between deciding and counting: what a store is asked, what it answers, what a receipt holds.

use smallvec::SmallVec;

use crate::amount::Amount;
use crate::clock::Timestamp;
use crate::counter::{CounterKey, Fingerprint};

/// Counts calls. What an implementation promises:
///
/// - **All or nothing.** The charges of one call are made together or not at all; nobody sees a state between.
/// - **Never over capacity.** After `Charged`, no counter holds more than its capacity. Counting too little is a fault of
///   security; counting too much is permitted, and bounded by one window.
/// - **An error is not an answer.** After `Err` the charge may or may not have been made; the engine denies.
/// - **One clock per store.** A charge carries its window, and the engine says what `now` is. A store that several machines share
///   puts its own time in its place. A window never moves back: when the clock does, the newest window seen goes on.
/// - **Once is once.** What is charged [until](crate::ChargeWindow::Until) a time is not forgotten before it, and does not come
///   back empty after it, whatever the clock does: that is how an approval is accepted once.
/// - **Durability** is each store's own: its page says what `Ok` survives.
pub trait CounterStore: Send + Sync {
    /// Makes the charges of one call, all or none. No two of them are on the same counter. `states` has one place for each
    /// charge, in the same order: how its counter stands afterwards, whatever the outcome but [`ChargeOutcome::Full`].
    ///
    /// # Errors
    /// When the store cannot say whether the charges were made.
    fn charge(
        &self,
        charges: &[Charge<'_>],
        states: &mut [CounterState],
        now: Timestamp,
    ) -> Result<ChargeOutcome, StoreError>;

    /// Takes back what a receipt names, in the windows it was charged in; windows that have ended since stay as they are.
    ///
    /// # Errors
    /// When the store cannot say whether it was taken back. The receipt is spent all the same: taking something back
    /// twice would admit too much, not taking it back admits too little.
    fn refund(&self, receipt: Receipt) -> Result<(), StoreError>;

    /// By what receipts name this store's counters.
    fn handles(&self) -> HandleKind {
        HandleKind::default()
    }
}

/// One charge on one counter.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The counter.
    pub key: CounterKey<'a>,
    /// What it is to be charged.
    pub cost: Amount,
    /// What it may hold at most.
    pub capacity: Amount,
    /// Whether the call is refused where this charge does not fit. A charge that is not enforced is left out then.
    pub enforced: bool,
}

/// What became of a call's charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChargeOutcome {
    /// Every enforced charge fitted, and was made.
    Charged,
    /// An enforced charge did not fit; none was made.
    Refused,
    /// The store has no room for a counter that it does not hold yet; nothing was charged.
    Full,
}

/// How a counter stands. Plain data, so that nothing has to be dropped with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CounterState {
    /// What it holds, this charge included where it was made.
    pub used: Amount,
    /// When its window ends, and it starts again at nothing.
    pub resets_at: Timestamp,
    /// Whether the charge was made.
    pub charged: bool,
    /// What the call is to be charged.
    pub(crate) cost: Amount,
    /// The counter, for the receipt.
    pub(crate) fingerprint: Fingerprint,
}

impl CounterState {
    /// Nothing is known of the counter yet.
    #[inline]
    pub(crate) fn awaited(charge: &Charge<'_>) -> Self {
        let Charge { key, cost, .. } = charge;
        Self { cost: *cost, fingerprint: key.fingerprint(), ..Self::default() }
    }
}

/// By what the receipts of a store name its counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandleKind {
    /// For stores that live in this process: [`CounterHandle::Fingerprint`].
    Fingerprint,
    /// For stores that outlive it: [`CounterHandle::Encoded`].
    #[default]
    Encoded,
}

/// By what a store finds a counter again that it charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterHandle {
    /// For stores that live in this process.
    Fingerprint(Fingerprint),
    /// For stores that outlive it.
    Encoded(Box<[u8]>),
}

/// Names a charge that was made, so that it can be taken back: by `Engine::refund`, once.
#[derive(Debug)]
#[must_use = "a charge stands unless its receipt is refunded"]
pub struct Receipt {
    /// Which engine had it made.
    pub(crate) engine: u64,
    pub(crate) entries: SmallVec<[ReceiptEntry; 2]>,
}

impl Receipt {
    /// What was charged, and where.
    #[must_use]
    pub fn entries(&self) -> &[ReceiptEntry] {
        &self.entries
    }
}

/// One charge of a receipt.
#[derive(Clone, Debug)]
pub struct ReceiptEntry {
    /// The counter.
    pub counter: CounterHandle,
    /// The end of the window that was charged.
    pub resets_at: Timestamp,
    /// What was charged.
    pub cost: Amount,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It could not be reached, or did not answer in time.
    #[error("the counter store is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The receipt is another store's.
    #[error("this receipt was made by another engine's store")]
    ForeignReceipt,
}

impl StoreError {
    /// An [`Unavailable`](Self::Unavailable) with that cause.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}
