//! One handler, from its beginning to its end.

use std::thread;

use tokio::time::Instant;

use super::{ended::Ended, ledger, meter::Meter};

/// A handler that has begun. Dropped before it is told how the handler has ended, it counts as panicked if it did, or as dropped.
pub(crate) struct Counted {
    meter: Meter,
    /// If it is timed.
    began: Option<Instant>,
}

impl Counted {
    #[inline]
    pub(crate) fn begin(meter: Meter) -> Self {
        if meter.is_off() {
            return Self { meter, began: None };
        }
        let timed = ledger::here(meter).is_some_and(|counts| counts.begin(meter.is_short()));
        Self { meter, began: if timed { Some(Instant::now()) } else { None } }
    }

    #[inline]
    pub(crate) fn end(mut self, how: Ended) {
        self.ended(how);
    }

    #[inline]
    fn ended(&mut self, how: Ended) {
        if self.meter.is_off() {
            return;
        }
        let meter = std::mem::replace(&mut self.meter, Meter::OFF);
        let Some(counts) = ledger::here(meter) else { return };
        counts.end(how);
        if let Some(began) = self.began {
            counts.took(began.elapsed());
        }
    }
}

impl Drop for Counted {
    #[inline]
    fn drop(&mut self) {
        if !self.meter.is_off() {
            self.ended(if thread::panicking() { Ended::Panicked } else { Ended::Dropped });
        }
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use super::{super::named::Meters, *};

    #[test]
    fn what_becomes_of_a_handler_is_counted_once() {
        let meters = Meters::default();
        let meter = meters.meter("counted", "once");
        for how in Ended::ALL {
            Counted::begin(meter).end(how);
        }
        drop(Counted::begin(meter.short()));
        let panics = || {
            let _counted = Counted::begin(meter);
            panic!("meant to");
        };
        assert!(std::panic::catch_unwind(panics).is_err());
        let tally = meters.all()[0].tally();
        assert_eq!(tally.ended, [1, 1, 1, 1, 2, 2]);
        assert_eq!((tally.queued, tally.short, tally.in_flight()), (7, 1, 0));
        assert_eq!(tally.took.count(), 2, "the first of each way");
    }

    #[test]
    fn where_nothing_is_counted_nothing_happens() {
        Counted::begin(Meter::OFF).end(Ended::Value);
        drop(Counted::begin(Meter::OFF.short()));
    }

    #[test]
    fn one_that_ends_on_another_thread_is_not_in_flight() {
        let meters = Meters::default();
        let counted = Counted::begin(meters.meter("counted", "moves"));
        std::thread::spawn(move || counted.end(Ended::Value)).join().expect("it ends");
        let tally = meters.all()[0].tally();
        assert_eq!((tally.begun(), tally.in_flight()), (1, 0));
    }
}
