//! What an engine decides by at one moment, and how a call gets hold of it: each thread keeps a few references ready, so
//! that taking and giving back one touches no memory that other threads write.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use parking_lot::{Mutex, RwLock};

use crate::policy_set::PolicySet;
use crate::schema::Catalogues;

/// Immutable; a call sees one from start to end.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Unlike every other snapshot's in this process.
    generation: u64,
    /// Set when another has taken its place: threads then let go of it when they next come by.
    retired: AtomicBool,
    pub(crate) policies: PolicySet,
    revoked: HashSet<Box<str>>,
    pub(crate) catalogues: Catalogues,
}

impl Snapshot {
    fn new(policies: PolicySet, revoked: HashSet<Box<str>>, catalogues: Catalogues) -> Self {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        Self { generation, retired: AtomicBool::new(false), policies, revoked, catalogues }
    }

    #[inline]
    pub(crate) fn is_revoked(&self, grant: &str) -> bool {
        !self.revoked.is_empty() && self.revoked.contains(grant)
    }
}

/// The snapshot that holds now.
#[derive(Debug)]
pub(crate) struct Current {
    /// The generation of `snapshot`, to be compared without a lock.
    generation: AtomicU64,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held by whoever makes the next one, so that no change is lost.
    writing: Mutex<()>,
}

impl Current {
    pub(crate) fn new(policies: PolicySet, catalogues: Catalogues) -> Self {
        let snapshot = Snapshot::new(policies, HashSet::new(), catalogues);
        Self {
            generation: AtomicU64::new(snapshot.generation),
            snapshot: RwLock::new(Arc::new(snapshot)),
            writing: Mutex::new(()),
        }
    }

    /// Puts other policies in place. Revocations and schemas stay.
    pub(crate) fn replace(&self, policies: PolicySet) {
        self.change(|now| Snapshot::new(policies, now.revoked.clone(), now.catalogues.clone()));
    }

    /// Changes which schemas tools have.
    pub(crate) fn change_catalogues(&self, change: impl FnOnce(&mut Catalogues)) {
        self.change(|now| {
            let mut catalogues = now.catalogues.clone();
            change(&mut catalogues);
            Snapshot::new(now.policies.clone(), now.revoked.clone(), catalogues)
        });
    }

    /// Changes which grants are revoked.
    pub(crate) fn change_revoked(&self, change: impl FnOnce(&mut HashSet<Box<str>>)) {
        self.change(|now| {
            let mut revoked = now.revoked.clone();
            change(&mut revoked);
            Snapshot::new(now.policies.clone(), revoked, now.catalogues.clone())
        });
    }

    fn change(&self, next: impl FnOnce(&Snapshot) -> Snapshot) {
        let _writing = self.writing.lock();
        let before = Arc::clone(&self.snapshot.read());
        let next = next(&before);
        let generation = next.generation;
        // Calls wait for this one store at most.
        *self.snapshot.write() = Arc::new(next);
        self.generation.store(generation, Ordering::Release);
        before.retired.store(true, Ordering::Release);
    }

    /// The snapshot that holds now, for one call.
    #[inline]
    pub(crate) fn lease(&self) -> Lease {
        let wanted = self.generation.load(Ordering::Acquire);
        match READY.try_with(Cell::take) {
            Ok(Some(snapshot)) if snapshot.generation == wanted => Lease(Some(snapshot)),
            Ok(other) => self.find(wanted, other),
            Err(_) => self.find(wanted, None),
        }
    }

    /// The thread has several decisions in hand, several engines take turns on it, or the policies have been replaced.
    #[cold]
    fn find(&self, wanted: u64, other: Option<Arc<Snapshot>>) -> Lease {
        let stashed = STASH.try_with(|stash| {
            let mut stash = stash.try_borrow_mut().ok()?;
            stash.extend(other);
            // Lets go of what nobody will ask for again.
            stash.retain(|snapshot| !snapshot.retired.load(Ordering::Acquire));
            let place = stash.iter().rposition(|snapshot| snapshot.generation == wanted);
            let found = place.map(|place| stash.swap_remove(place));
            if stash.len() > STASH_MAX {
                stash.swap_remove(0);
            }
            found
        });
        let snapshot = match stashed {
            Ok(Some(snapshot)) => snapshot,
            _ => Arc::clone(&self.snapshot.read()),
        };
        Lease(Some(snapshot))
    }
}

/// References a thread keeps beside the one that is ready.
const STASH_MAX: usize = 8;

thread_local! {
    /// A reference that this thread has used before. It is counted in its snapshot once, however often it is used, so a
    /// call need not change that count. A thread that makes no more calls keeps its last snapshot until it ends.
    static READY: Cell<Option<Arc<Snapshot>>> = const { Cell::new(None) };
    /// More of them.
    static STASH: RefCell<Vec<Arc<Snapshot>>> = const { RefCell::new(Vec::new()) };
}

/// A reference to a snapshot. Goes back to the thread's own when it is dropped, on whatever thread that is.
#[derive(Debug)]
pub(crate) struct Lease(Option<Arc<Snapshot>>);

impl Deref for Lease {
    type Target = Snapshot;

    #[inline]
    fn deref(&self) -> &Snapshot {
        static NOTHING: LazyLock<Snapshot> =
            LazyLock::new(|| Snapshot::new(PolicySet::empty(), HashSet::new(), Catalogues::default()));
        match &self.0 {
            Some(snapshot) => snapshot,
            // Only while it is being dropped. A snapshot without policies denies everything.
            None => &NOTHING,
        }
    }
}

impl Drop for Lease {
    #[inline]
    fn drop(&mut self) {
        let Some(snapshot) = self.0.take() else { return };
        // While the thread ends it keeps nothing; the reference is then dropped like any other.
        let _kept = READY.try_with(|ready| {
            if let Some(other) = ready.replace(Some(snapshot)) {
                stash(other);
            }
        });
    }
}

/// Keeps a reference that is too many to be the one that is ready.
#[cold]
fn stash(snapshot: Arc<Snapshot>) {
    let _kept = STASH.try_with(|stash| {
        if let Ok(mut stash) = stash.try_borrow_mut()
            && stash.len() < STASH_MAX
            && !snapshot.retired.load(Ordering::Acquire)
        {
            stash.push(snapshot);
        }
    });
}
