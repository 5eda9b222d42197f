//! Where each thread shows what it is at. Two stores for a step of a handler: no lock, no clock.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::work::Work;
use crate::sync::lock;

/// The number of the work that a thread is at: below, which steps are counted.
const WORK: u64 = (1 << 24) - 1;
/// So many threads at a time are looked at.
const MOST: usize = 4096;

/// What a thread is at, and which step of it: steps look alike only near each other. Only that thread writes it. Each is alone in its
/// line of memory.
#[repr(align(128))]
pub(super) struct Slot(AtomicU64);

/// Of threads that nobody looks at.
static NOWHERE: Slot = Slot(AtomicU64::new(0));

struct Slots {
    all: Vec<&'static Slot>,
    /// Of threads that have ended.
    free: Vec<&'static Slot>,
}

static SLOTS: Mutex<Slots> = Mutex::new(Slots { all: Vec::new(), free: Vec::new() });

thread_local! {
    static HERE: Cell<Option<&'static Slot>> = const { Cell::new(None) };
    static LEAVES: RefCell<Option<Leaves>> = const { RefCell::new(None) };
}

/// Frees the place of this thread when that ends.
struct Leaves(&'static Slot);

impl Drop for Leaves {
    fn drop(&mut self) {
        HERE.set(Some(&NOWHERE));
        self.0.rest();
        lock(&SLOTS).free.push(self.0);
    }
}

/// This thread takes a step of some work, until this is dropped. Within it, it may take one of other work.
pub(crate) struct At {
    slot: &'static Slot,
    before: u64,
}

impl At {
    #[inline]
    pub(crate) fn begin(work: Work) -> Self {
        let slot = match HERE.get() {
            Some(slot) => slot,
            None => find(),
        };
        let before = slot.0.load(Ordering::Relaxed);
        // The next step, of this work.
        slot.0.store((before | WORK).wrapping_add(1 + u64::from(work.number)), Ordering::Relaxed);
        Self { slot, before }
    }
}

impl Drop for At {
    #[inline]
    fn drop(&mut self) {
        // The next step of what was before. It may look like a neighbour that went on as long, and that is all the same to who looks.
        self.slot.0.store(self.before.wrapping_add(WORK + 1), Ordering::Relaxed);
    }
}

impl Slot {
    /// The thread is at nothing.
    fn rest(&self) {
        let last = self.0.load(Ordering::Relaxed);
        self.0.store((last | WORK).wrapping_add(1), Ordering::Relaxed);
    }
}

/// What somebody saw of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl Seen {
    #[cfg(test)]
    pub(super) fn of(value: u64) -> Self {
        Self(value)
    }

    /// What the thread is at; `None` if nothing that is watched.
    pub(super) fn work(self) -> Option<Work> {
        let number = (self.0 & WORK) as u32;
        (number > 0).then_some(Work::numbered(number))
    }
}

/// Looks at all threads, always in the same order.
pub(super) fn look_at_all(mut look: impl FnMut(Seen)) {
    let slots = lock(&SLOTS);
    slots.all.iter().for_each(|slot| look(Seen(slot.0.load(Ordering::Relaxed))));
}

/// A place for this thread, from now on.
#[cold]
fn find() -> &'static Slot {
    let mut slots = lock(&SLOTS);
    let slot = match slots.free.pop() {
        Some(slot) => slot,
        None if slots.all.len() < MOST => {
            let slot: &'static Slot = Box::leak(Box::new(Slot(AtomicU64::new(0))));
            slots.all.push(slot);
            slot
        }
        None => {
            HERE.set(Some(&NOWHERE));
            return &NOWHERE;
        }
    };
    drop(slots);
    HERE.set(Some(slot));
    let leaves = Leaves(slot);
    // If this thread is ending already, the place is free again.
    let _ = LEAVES.try_with(move |place| place.replace(Some(leaves)));
    HERE.get().unwrap_or(&NOWHERE)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn here() -> Seen {
        Seen(HERE.get().expect("a place").0.load(Ordering::Relaxed))
    }

    #[test]
    fn a_thread_shows_the_innermost_work_and_later_steps_look_different() {
        let (outer, inner) = (Work::of("slots", "outer"), Work::of("slots", "inner"));
        let mut begun = HashSet::new();
        for _ in 0..100 {
            let _outer = At::begin(outer);
            assert_eq!(here().work(), Some(outer));
            assert!(begun.insert(here().0), "an earlier step");
            let as_begun = here();
            {
                let _inner = At::begin(inner);
                assert_eq!(here().work(), Some(inner));
                assert!(begun.insert(here().0), "an earlier step");
            }
            assert_eq!(here().work(), Some(outer));
            assert_ne!(here(), as_begun, "another step");
        }
        assert_eq!(here().work(), None);
    }

    #[test]
    fn a_step_that_panics_has_ended() {
        let work = Work::of("slots", "panics");
        let caught = std::panic::catch_unwind(|| {
            let _at = At::begin(work);
            panic!("meant to");
        });
        assert!(caught.is_err());
        assert_eq!(here().work(), None);
    }

    #[test]
    fn threads_that_come_and_go_share_places() {
        let work = Work::of("slots", "comes and goes");
        let count = || lock(&SLOTS).all.len();
        let come_and_go = || std::thread::spawn(move || drop(At::begin(work))).join().expect("it ends");
        (0..8).for_each(|_| come_and_go());
        let before = count();
        (0..100).for_each(|_| come_and_go());
        // Other tests have threads too.
        assert!(count() < before + 50, "{before} became {}", count());
    }
}
