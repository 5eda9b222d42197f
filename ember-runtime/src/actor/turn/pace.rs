//! How long the handlers of a method keep the thread that polls them: a caller must not be held up by somebody's computation, and what
//! else waits for the thread not by a mailbox that is full of them.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{task::coop, time::Instant};

/// A method whose steps take longer than this is run by its service's driver, so that its callers can do other things
/// meanwhile. Handing a call to another thread costs a twentieth of it at most.
const LONG: Duration = Duration::from_micros(500);

/// A method whose steps take less than this is run where its calls arrive from another node: waking a thread for a call costs
/// several times as much, and one link must not keep the work of many services to itself.
const QUICK: Duration = Duration::from_micros(1);

/// A longer step counts as this: one that was held up by the operating system is not enough to call a method long.
const LONGEST: Duration = LONG.saturating_mul(2);

/// A step uses up one unit of its task's budget for each so many nanoseconds that such steps take, and tokio gives a task 128 units: so
/// one that handles message after message lets others run after half a millisecond, not after 128 messages however long they are. What
/// it has woken last waits for it, and no idle thread may take that over: a link with replies to send, say.
const UNIT: u32 = 4_000;

/// One step in this many of a thread is measured, whichever methods they are of.
const SAMPLED: u32 = 31;

thread_local! {
    /// Counts the steps of all methods: a counter that threads share would cost more than measuring.
    static STEPS: Cell<u32> = const { Cell::new(0) };
}

/// The pace of one method, as measured on one node.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Smoothed, in nanoseconds; 0 if none has been measured.
    step: AtomicU32,
    /// The last handler that began had to wait for something.
    waits: AtomicBool,
}

/// A step that is being measured, or is not.
pub(crate) struct Step(Option<Instant>);

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { step: AtomicU32::new(0), waits: AtomicBool::new(false) }
    }

    /// Whether its recent steps were long.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        u128::from(self.step.load(Ordering::Relaxed)) > LONG.as_nanos()
    }

    /// Whether its recent steps, of which there were some, were very short.
    #[inline]
    pub(crate) fn is_quick(&self) -> bool {
        (1..QUICK.as_nanos()).contains(&self.step.load(Ordering::Relaxed).into())
    }

    /// Whether its handlers wait for something, as far as is known.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Notes whether a handler waits for something.
    #[inline]
    pub(crate) fn note(&self, waits: bool) {
        if self.waits() != waits {
            self.waits.store(waits, Ordering::Relaxed);
        }
    }

    /// A step begins.
    #[inline]
    pub(crate) fn begin(&self) -> Step {
        let steps = STEPS.get().wrapping_add(1);
        STEPS.set(steps);
        // One that may be long is looked at closely.
        let known = self.step.load(Ordering::Relaxed);
        let measured = known == 0 || u128::from(known) > LONG.as_nanos() / 4 || steps.is_multiple_of(SAMPLED);
        Step(measured.then(Instant::now))
    }

    /// It has ended, and is charged to the task that has polled it.
    #[inline]
    pub(crate) fn end(&self, step: Step, task: &mut Context<'_>) {
        let known = self.step.load(Ordering::Relaxed);
        if known >= UNIT {
            charge(known / UNIT, task);
        }
        let Some(begin) = step.0 else { return };
        let took = begin.elapsed().min(LONGEST).as_nanos() as u32;
        self.step.store((known / 2 + took / 2).max(1), Ordering::Relaxed);
    }
}

/// Takes so many units, or what is left, from the budget of a task. Whether it goes on is for itself to see, before its next message.
#[cold]
fn charge(units: u32, task: &mut Context<'_>) {
    for _ in 0..units {
        if !coop::has_budget_remaining() {
            return;
        }
        if let Poll::Ready(proceed) = coop::poll_proceed(task) {
            proceed.made_progress();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Waker};

    use super::*;

    fn steps(pace: &Pace, count: u32, took: Duration) {
        for _ in 0..count {
            let step = pace.begin();
            pace.end(Step(step.0.map(|begin| begin - took)), &mut Context::from_waker(Waker::noop()));
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

    /// How many steps a task makes before it lets others run.
    async fn in_a_row(pace: &Pace) -> u32 {
        tokio::task::yield_now().await;
        poll_fn(|task| {
            let mut made = 0;
            while let Poll::Ready(proceed) = coop::poll_proceed(task) {
                proceed.made_progress();
                made += 1;
                pace.end(Step(None), task);
            }
            Poll::Ready(made)
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_makes_fewer_steps_in_a_row_the_longer_they_are() {
        let pace = Pace::new();
        for (took, expected) in [(100, 100..=128), (20_000, 15..=30), (100_000, 3..=6), (1_000_000, 1..=1)] {
            steps(&pace, 40 * SAMPLED, Duration::from_nanos(took));
            let made = in_a_row(&pace).await;
            assert!(expected.contains(&made), "{made} steps of {took} ns");
        }
    }

    /// One whose smoothed step is so long.
    fn of(nanos: u128) -> Pace {
        Pace { step: AtomicU32::new(nanos as u32), ..Pace::new() }
    }

    #[test]
    fn long_and_quick_have_their_bounds() {
        let long = LONG.as_nanos();
        assert_eq!([0, 1, long, long + 1].map(|step| of(step).is_long()), [false, false, false, true]);
        let quick = QUICK.as_nanos();
        assert_eq!([0, 1, quick - 1, quick, long].map(|step| of(step).is_quick()), [false, true, true, false, false]);
    }

    #[test]
    fn what_may_be_long_is_measured_each_time_and_the_rest_now_and_then() {
        let measured = |pace: Pace| (0..2 * SAMPLED).filter(|_| pace.begin().0.is_some()).count() as u32;
        assert_eq!(measured(of(0)), 2 * SAMPLED, "nothing is known yet");
        assert_eq!(measured(of(1)), 2);
        assert_eq!(measured(of(LONG.as_nanos() / 4)), 2);
        assert_eq!(measured(of(LONG.as_nanos() / 4 + 1)), 2 * SAMPLED);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_counts_as_much_as_all_before_it_and_never_as_nothing() {
        let task = &mut Context::from_waker(Waker::noop());
        for (before, took, after) in [(1_000, 3_000, 2_000), (0, 0, 1), (0, 5_000_000_000, 500_000), (800, 0, 400)] {
            let pace = of(before);
            pace.end(Step(Some(Instant::now() - Duration::from_nanos(took))), task);
            assert_eq!(pace.step.load(Ordering::Relaxed), after);
            pace.end(Step(None), task);
            assert_eq!(pace.step.load(Ordering::Relaxed), after, "one that was not measured");
        }
    }

    #[test]
    fn whether_handlers_wait_is_what_the_last_one_did() {
        let pace = Pace::new();
        for waits in [false, true, true, false] {
            pace.note(waits);
            assert_eq!(pace.waits(), waits);
        }
    }
}
