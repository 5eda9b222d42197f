//! Who wants a worker and has not been there to take one: a task that was woken, and that no thread has polled since. Where all threads are
//! at work, that is where shards wait, and not in line.
//!
//! ```text
//!            woken                   polled, there is none
//!   RESTS ──────────▶ since when ────────────────────────────▶ IN_LINE
//!     ▲                 │     ▲                                   │
//!     │          polled │     │ has been polled, and              │ polled, there is one
//!     │                 ▼     │ woken meanwhile                   │
//!     └───────────── AT_WORK ─┘◀──────────────────────────────────┘
//!     has been polled
//! ```
//!
//! These are counts, on which nothing waits: `std`'s own under loom too, which need not try their orders.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Wake, Waker},
    time::Duration,
};

use super::sync::Instant;

/// A runtime that has a free thread polls a task within microseconds: who was woken and is younger does not count, however many are woken at
/// the same moment as somebody looks.
const SOON: Duration = Duration::from_millis(1);

const RESTS: u64 = 0;
const AT_WORK: u64 = 1;
/// At work, and woken since.
const AGAIN: u64 = 2;
const IN_LINE: u64 = 3;
/// From here on: since when, in nanoseconds, and in the lowest bit whether it counts at once.
const SINCE: u64 = 4;

/// The tasks of one limit.
pub(crate) struct Asks {
    began: Instant,
    all: Mutex<BTreeMap<u16, Arc<Ask>>>,
}

/// Whether one task wants a worker.
pub(crate) struct Ask {
    began: Instant,
    state: AtomicU64,
}

impl Asks {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), all: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u16, Arc<Ask>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task that is going to be polled for the first time.
    pub(crate) fn enter(&self, who: u16) -> Arc<Ask> {
        let ask = Arc::new(Ask { began: self.began, state: AtomicU64::new(RESTS) });
        ask.woken();
        self.lock().insert(who, Arc::clone(&ask));
        ask
    }

    pub(crate) fn leave(&self, who: u16, ask: &Arc<Ask>) {
        let mut all = self.lock();
        if all.get(&who).is_some_and(|there| Arc::ptr_eq(there, ask)) {
            all.remove(&who);
        }
    }

    /// How many wait, and are not in line.
    pub(crate) fn count(&self) -> usize {
        self.lock().values().filter(|ask| ask.waits().is_some()).count()
    }

    /// For how long each has waited that does, and is not in line.
    pub(crate) fn waiting(&self) -> Vec<Duration> {
        self.lock().values().filter_map(|ask| ask.waits()).collect()
    }
}

impl Ask {
    /// The time, as it stands in the state.
    fn now(&self) -> u64 {
        let nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        nanos.min(u64::MAX / 2 - SINCE) * 2 + SINCE
    }

    fn waited(&self, since: u64) -> Option<Duration> {
        (since >= SINCE).then(|| Duration::from_nanos((self.now() & !1).saturating_sub(since & !1) / 2))
    }

    fn step(&self, next: impl Fn(u64) -> Option<u64>) {
        let _as_it_is = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// Its task is going to be polled. To be said before that is seen to: whoever polls it finds this.
    pub(crate) fn woken(&self) {
        self.step(|state| match state {
            RESTS => Some(self.now()),
            AT_WORK => Some(AGAIN),
            _ => None,
        });
    }

    /// It has a worker; for how long it has waited for a thread, if that is worth a word.
    pub(crate) fn works(&self) -> Option<Duration> {
        let before = self.state.swap(AT_WORK, Ordering::Relaxed);
        self.waited(before).filter(|waited| *waited >= SOON)
    }

    /// There is none for it, and it is in line now; for how long it has waited already.
    pub(crate) fn stands(&self) -> Duration {
        let before = self.state.swap(IN_LINE, Ordering::Relaxed);
        self.waited(before).unwrap_or_default()
    }

    /// It has been polled, and has given its worker back. What has not come to an end by that, and goes on, waits from now on.
    pub(crate) fn rests(&self) {
        self.step(|state| match state {
            AT_WORK => Some(RESTS),
            AGAIN => Some(self.now() | 1),
            _ => None,
        });
    }

    fn waits(&self) -> Option<Duration> {
        let since = self.state.load(Ordering::Relaxed);
        self.waited(since).filter(|waited| since & 1 == 1 || *waited >= SOON)
    }
}

/// Wakes a task, and says that it wants a worker.
struct Woken {
    ask: Arc<Ask>,
    task: Waker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ask.woken();
        self.task.wake_by_ref();
    }
}

/// What wakes this task, and is noticed.
pub(crate) fn noticed(ask: &Arc<Ask>, task: &Waker) -> Waker {
    Waker::from(Arc::new(Woken { ask: Arc::clone(ask), task: task.clone() }))
}
