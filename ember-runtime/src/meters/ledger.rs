//! What each thread has counted: pages that it writes alone, and that stay when it has ended, for the next.

use std::{
    cell::{Cell, RefCell},
    sync::{Mutex, OnceLock},
};

use super::{
    meter::{MOST, Meter},
    tally::{Counts, Tally},
};
use crate::sync::lock;

const PER_PAGE: usize = 64;
const PAGES: usize = MOST / PER_PAGE;

/// That of one thread at a time.
pub(super) struct Ledger {
    /// A page is made when the first of its meters moves.
    pages: Box<[OnceLock<Box<Page>>]>,
}

type Page = [Counts; PER_PAGE];

struct Ledgers {
    all: Vec<&'static Ledger>,
    /// Of threads that have ended. What they have counted stays.
    free: Vec<&'static Ledger>,
}

static LEDGERS: Mutex<Ledgers> = Mutex::new(Ledgers { all: Vec::new(), free: Vec::new() });

thread_local! {
    static HERE: Cell<Option<&'static Ledger>> = const { Cell::new(None) };
    static LEAVES: RefCell<Option<Leaves>> = const { RefCell::new(None) };
}

/// Gives the ledger of this thread to the next, when it ends.
struct Leaves(&'static Ledger);

impl Drop for Leaves {
    fn drop(&mut self) {
        HERE.set(None);
        lock(&LEDGERS).free.push(self.0);
    }
}

impl Ledger {
    fn new() -> Self {
        Self { pages: (0..PAGES).map(|_| OnceLock::new()).collect() }
    }

    #[inline]
    fn counts(&self, meter: Meter) -> Option<&Counts> {
        let place = meter.place()?;
        let page = self.pages.get(place / PER_PAGE)?;
        let page = match page.get() {
            Some(page) => page,
            None => turn_over(page),
        };
        page.get(place % PER_PAGE)
    }
}

#[cold]
fn turn_over(page: &OnceLock<Box<Page>>) -> &Page {
    page.get_or_init(|| Box::new([const { Counts::new() }; PER_PAGE]))
}

/// What this thread has counted by a meter; nothing, if it is none, or the thread is ending.
#[inline]
pub(super) fn here(meter: Meter) -> Option<&'static Counts> {
    let ledger = match HERE.get() {
        Some(ledger) => ledger,
        None => find()?,
    };
    ledger.counts(meter)
}

/// A ledger for this thread, from now on; none if it is ending.
#[cold]
fn find() -> Option<&'static Ledger> {
    let mut ledgers = lock(&LEDGERS);
    let ledger = ledgers.free.pop().unwrap_or_else(|| {
        let ledger: &'static Ledger = Box::leak(Box::new(Ledger::new()));
        ledgers.all.push(ledger);
        ledger
    });
    drop(ledgers);
    HERE.set(Some(ledger));
    let leaves = Leaves(ledger);
    // If this thread is ending already, the ledger is free again.
    let _ = LEAVES.try_with(move |place| place.replace(Some(leaves)));
    HERE.get()
}

/// What all threads have counted by a meter.
pub(super) fn total(meter: Meter) -> Tally {
    let mut sum = Tally::default();
    let Some(place) = meter.place() else { return sum };
    for ledger in &lock(&LEDGERS).all {
        if let Some(page) = ledger.pages.get(place / PER_PAGE).and_then(OnceLock::get) {
            page[place % PER_PAGE].add_to(&mut sum);
        }
    }
    sum
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use std::thread;

    use super::{super::meter::next, *};

    #[test]
    fn threads_that_come_and_go_share_ledgers_and_what_they_have_counted_stays() {
        let meter = next().expect("there are enough");
        let count = || lock(&LEDGERS).all.len();
        let come_and_go = || {
            thread::spawn(move || {
                here(meter).expect("a place").begin(false);
            })
            .join()
            .expect("it ends")
        };
        (0..8).for_each(|_| come_and_go());
        let before = count();
        (0..100).for_each(|_| come_and_go());
        // Other tests have threads too.
        assert!(count() < before + 50, "{before} became {}", count());
        assert_eq!(total(meter).queued, 108);
    }

    #[test]
    fn threads_at_the_same_time_lose_nothing() {
        let meter = next().expect("there are enough");
        let threads: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(move || {
                    for _ in 0..100_000 {
                        here(meter).expect("a place").begin(true);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("it ends"));
        assert_eq!(total(meter).short, 400_000);
    }

    #[test]
    fn what_is_no_meter_counts_nothing() {
        assert!(here(Meter::OFF).is_none());
        assert_eq!(total(Meter::OFF), Tally::default());
    }
}
