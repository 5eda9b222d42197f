//! How long the handlers of a method keep the thread that polls them: a caller must not be held up by somebody's computation.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// A method whose steps take longer than this is run by its service's driver, so that its callers can do other things
/// meanwhile. Handing a call to another thread costs a twentieth of it at most.
const LONG: Duration = Duration::from_micros(500);

/// A longer step counts as this: one that was held up by the operating system is not enough to call a method long.
const LONGEST: Duration = LONG.saturating_mul(2);

/// One step in this many is measured, after the first few.
const SAMPLED: u32 = 32;

/// The pace of one method, as measured on one node.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Smoothed, in nanoseconds.
    step: AtomicU32,
    /// Counts the steps. Some are missed when several threads count at once, which does not matter.
    steps: AtomicU32,
}

/// A step that is being measured, or is not.
pub(super) struct Step(Option<Instant>);

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { step: AtomicU32::new(0), steps: AtomicU32::new(0) }
    }

    /// Whether its recent steps were long.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        u128::from(self.step.load(Ordering::Relaxed)) > LONG.as_nanos()
    }

    /// A step begins.
    #[inline]
    pub(super) fn begin(&self) -> Step {
        let steps = self.steps.load(Ordering::Relaxed).wrapping_add(1);
        self.steps.store(steps, Ordering::Relaxed);
        Step((steps < 4 || steps.is_multiple_of(SAMPLED)).then(Instant::now))
    }

    /// It has ended.
    #[inline]
    pub(super) fn end(&self, step: Step) {
        let Some(begin) = step.0 else { return };
        let took = begin.elapsed().min(LONGEST).as_nanos() as u32;
        let smoothed = self.step.load(Ordering::Relaxed);
        self.step.store(smoothed / 2 + took / 2, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pace: &Pace, count: u32, took: Duration) {
        for _ in 0..count {
            let step = pace.begin();
            pace.end(Step(step.0.map(|begin| begin - took)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_is_long_after_two_long_steps_and_short_again_after_some_short_ones() {
        let pace = Pace::new();
        steps(&pace, 1, Duration::from_secs(1));
        assert!(!pace.is_long(), "once is by chance");
        steps(&pace, 1, Duration::from_secs(1));
        assert!(pace.is_long());
        steps(&pace, 10 * SAMPLED, Duration::from_micros(1));
        assert!(!pace.is_long());
    }
}
