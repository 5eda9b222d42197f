//! How often something happened to the handlers of one method.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::{
    ended::Ended,
    times::{Spread, Times, add},
};

/// One in so many handlers of a method is timed, on each thread: a look at the clock costs more than all the counting.
const SAMPLED: u64 = 64;

/// What one thread has counted of one method. Only that thread writes. In lines of memory of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Counts {
    /// Through the mailbox, and on the short path.
    begun: [AtomicU64; 2],
    ended: [AtomicU64; Ended::ALL.len()],
    times: OnceLock<Box<Times>>,
}

impl Counts {
    pub(super) const fn new() -> Self {
        Self {
            begun: [const { AtomicU64::new(0) }; 2],
            ended: [const { AtomicU64::new(0) }; Ended::ALL.len()],
            times: OnceLock::new(),
        }
    }

    /// One begins. Whether it is to be timed.
    #[inline]
    pub(super) fn begin(&self, short: bool) -> bool {
        let begun = &self.begun[usize::from(short)];
        let before = begun.load(Ordering::Relaxed);
        begun.store(before.wrapping_add(1), Ordering::Relaxed);
        before.is_multiple_of(SAMPLED)
    }

    #[inline]
    pub(super) fn end(&self, how: Ended) {
        add(&self.ended[how as usize], 1);
    }

    /// Of one that was timed.
    #[cold]
    pub(super) fn took(&self, took: std::time::Duration) {
        self.times.get_or_init(|| Box::new(Times::new())).note(took);
    }

    pub(super) fn add_to(&self, sum: &mut Tally) {
        let [queued, short] = self.begun.each_ref().map(|count| count.load(Ordering::Relaxed));
        (sum.queued, sum.short) = (sum.queued + queued, sum.short + short);
        for (all, own) in sum.ended.iter_mut().zip(&self.ended) {
            *all += own.load(Ordering::Relaxed);
        }
        if let Some(times) = self.times.get() {
            times.add_to(&mut sum.took);
        }
    }
}

/// What all threads have counted of one method. They were not asked in one moment: what is under way may be in one figure and not yet in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Handlers that began from the mailbox.
    pub(crate) queued: u64,
    /// Those that were run by their callers, or by the link that brought the call.
    pub(crate) short: u64,
    /// How they ended, in the order of [`Ended::ALL`].
    pub(crate) ended: [u64; Ended::ALL.len()],
    /// How long those took that were timed.
    pub(crate) took: Spread,
}

impl Tally {
    /// Handlers that have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.queued + self.short
    }

    /// Handlers that have begun and not ended.
    pub(crate) fn in_flight(&self) -> u64 {
        self.begun().saturating_sub(self.ended.iter().sum())
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_in_sixty_four_is_timed_and_the_first_is() {
        let counts = Counts::new();
        let timed: Vec<_> = (0..130).filter(|_| counts.begin(true)).collect();
        assert_eq!(timed, [0, 64, 128]);
    }

    #[test]
    fn what_has_begun_and_not_ended_is_in_flight() {
        let (counts, mut sum) = (Counts::new(), Tally::default());
        for _ in 0..3 {
            counts.begin(false);
        }
        counts.begin(true);
        counts.end(Ended::Value);
        counts.end(Ended::Panicked);
        counts.took(Duration::from_micros(1));
        counts.add_to(&mut sum);
        assert_eq!((sum.queued, sum.short, sum.in_flight(), sum.took.count()), (3, 1, 2, 1));
        assert_eq!(sum.ended, [1, 0, 0, 0, 1, 0]);
    }
}
