//! How long things took, in steps: what a histogram is drawn from.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The upper bounds of the steps, in nanoseconds: 1 and 3 of each power of ten, from a microsecond to ten seconds. What is longer is in one step more.
pub(crate) const BOUNDS: [u64; 15] = [
    1_000,
    3_000,
    10_000,
    30_000,
    100_000,
    300_000,
    1_000_000,
    3_000_000,
    10_000_000,
    30_000_000,
    100_000_000,
    300_000_000,
    1_000_000_000,
    3_000_000_000,
    10_000_000_000,
];
const STEPS: usize = BOUNDS.len() + 1;

/// Those of one thread, which alone writes them.
#[derive(Debug)]
pub(super) struct Times {
    steps: [AtomicU64; STEPS],
    nanos: AtomicU64,
}

impl Times {
    pub(super) fn new() -> Self {
        Self { steps: array::from_fn(|_| AtomicU64::new(0)), nanos: AtomicU64::new(0) }
    }

    pub(super) fn note(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        add(&self.steps[BOUNDS.partition_point(|bound| *bound < nanos)], 1);
        add(&self.nanos, nanos);
    }

    pub(super) fn add_to(&self, sum: &mut Spread) {
        for (all, own) in sum.steps.iter_mut().zip(&self.steps) {
            *all += own.load(Ordering::Relaxed);
        }
        sum.nanos = sum.nanos.wrapping_add(self.nanos.load(Ordering::Relaxed));
    }
}

/// Only one thread writes, so that nothing is lost between reading and writing.
#[inline]
pub(super) fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
}

/// How long things took, of all threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spread {
    /// How many took no longer than the bound at the same place, and longer than the one before.
    pub(crate) steps: [u64; STEPS],
    /// All together.
    pub(crate) nanos: u64,
}

impl Spread {
    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.steps.iter().sum()
    }
}

#[cfg(all(test, feature = "telemetry"))]
mod tests {
    use super::*;

    #[test]
    fn each_length_is_in_the_first_step_whose_bound_it_does_not_pass() {
        for (nanos, step) in
            [(0, 0), (1_000, 0), (1_001, 1), (3_000, 1), (3_001, 2), (10_000_000_000, 14), (u64::MAX, 15)]
        {
            let (times, mut sum) = (Times::new(), Spread::default());
            times.note(Duration::from_nanos(nanos));
            times.add_to(&mut sum);
            assert_eq!((sum.count(), sum.steps[step], sum.nanos), (1, 1, nanos), "{nanos} ns");
        }
    }

    #[test]
    fn bounds_go_up() {
        assert!(BOUNDS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_threads_have_is_added_up() {
        let (one, other, mut sum) = (Times::new(), Times::new(), Spread::default());
        one.note(Duration::from_micros(4));
        other.note(Duration::from_micros(5));
        other.note(Duration::from_secs(3600));
        for times in [&one, &other] {
            times.add_to(&mut sum);
        }
        assert_eq!((sum.count(), sum.steps[2], sum.steps[15]), (3, 2, 1));
        assert_eq!(sum.nanos, 3_600_000_009_000);
    }
}
