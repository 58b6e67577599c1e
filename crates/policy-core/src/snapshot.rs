//! What an engine decides by at one moment, and how a call gets hold of it: each thread keeps a few references ready, so
//! that taking and giving back one touches no memory that other threads write.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use crate::policy_set::PolicySet;

/// Immutable; a call sees one from start to end.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Unlike every other snapshot's in this process.
    generation: u64,
    /// Set when another has taken its place: threads then let go of it when they next come by.
    retired: AtomicBool,
    pub(crate) policies: PolicySet,
    revoked: HashSet<Box<str>>,
}

impl Snapshot {
    fn new(policies: PolicySet, revoked: HashSet<Box<str>>) -> Self {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        Self { generation, retired: AtomicBool::new(false), policies, revoked }
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
    pub(crate) fn new(policies: PolicySet) -> Self {
        let snapshot = Snapshot::new(policies, HashSet::new());
        Self {
            generation: AtomicU64::new(snapshot.generation),
            snapshot: RwLock::new(Arc::new(snapshot)),
            writing: Mutex::new(()),
        }
    }

    /// Puts other policies in place. Revocations stay.
    pub(crate) fn replace(&self, policies: PolicySet) {
        self.change(|now| Snapshot::new(policies, now.revoked.clone()));
    }

    /// Changes which grants are revoked.
    pub(crate) fn change_revoked(&self, change: impl FnOnce(&mut HashSet<Box<str>>)) {
        self.change(|now| {
            let mut revoked = now.revoked.clone();
            change(&mut revoked);
            Snapshot::new(now.policies.clone(), revoked)
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
        let ready = STASH.try_with(|stash| {
            let mut stash = stash.try_borrow_mut().ok()?;
            match stash.pop() {
                Some(snapshot) if snapshot.generation == wanted => Some(snapshot),
                Some(other) => {
                    stash.push(other);
                    search(&mut stash, wanted)
                }
                None => None,
            }
        });
        match ready {
            Ok(Some(snapshot)) => Lease(Some(snapshot)),
            _ => self.load(),
        }
    }

    #[cold]
    fn load(&self) -> Lease {
        Lease(Some(Arc::clone(&self.snapshot.read())))
    }
}

/// References a thread keeps at most.
const STASH_MAX: usize = 8;

thread_local! {
    /// References that this thread has used before. Each is counted in its snapshot once, however often it is used, so a
    /// call need not change that count. A thread that makes no more calls keeps its last snapshots until it ends.
    static STASH: RefCell<Vec<Arc<Snapshot>>> = const { RefCell::new(Vec::new()) };
}

/// Several engines take turns on this thread, or the policies have been replaced: looks below the top, and lets go of
/// what nobody will ask for again.
#[cold]
fn search(stash: &mut Vec<Arc<Snapshot>>, wanted: u64) -> Option<Arc<Snapshot>> {
    stash.retain(|snapshot| !snapshot.retired.load(Ordering::Acquire));
    let place = stash.iter().rposition(|snapshot| snapshot.generation == wanted)?;
    Some(stash.swap_remove(place))
}

/// A reference to a snapshot. Goes back to the thread's stash when it is dropped, on whatever thread that is.
#[derive(Debug)]
pub(crate) struct Lease(Option<Arc<Snapshot>>);

impl Deref for Lease {
    type Target = Snapshot;

    #[inline]
    fn deref(&self) -> &Snapshot {
        static NOTHING: std::sync::LazyLock<Snapshot> =
            std::sync::LazyLock::new(|| Snapshot::new(PolicySet::empty(), HashSet::new()));
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
        // While the thread ends there is no stash; the reference is then dropped like any other.
        let _kept = STASH.try_with(|stash| {
            if let Ok(mut stash) = stash.try_borrow_mut()
                && !snapshot.retired.load(Ordering::Relaxed)
            {
                if stash.len() >= STASH_MAX {
                    stash.swap_remove(0);
                }
                stash.push(snapshot);
            }
        });
    }
}
