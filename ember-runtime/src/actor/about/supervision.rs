//! What becomes of a service that fails: policy as data, and the count of restarts that it allows.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::rng::Rng;

/// When a service that has ended is started again from its factory. A stop that was asked for from outside
/// (`node.stop(…)`, a shutdown) is final in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Never. The default without a factory; others are refused at the start then.
    Never,
    /// When a handler has panicked (see [`OnPanic`]), or a start after that did not succeed. The default with a factory.
    OnFailure,
    /// After a failure, and after the service has stopped itself with [`Cx::stop`](crate::actor::Cx::stop).
    Always,
}

/// What becomes of a service whose handler, hook, timer or callback panicked. The caller has been told at once, whatever is
/// chosen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPanic {
    /// Its state is dropped, and the service is started again as [`Restart`] says; with [`Restart::Never`] it has failed. The default
    /// with a factory; without one it is refused at the start.
    Restart,
    /// It goes on with the state that it has. The default without a factory.
    Resume,
    /// It has failed for good: what waits is refused, `stop` is not run.
    Stop,
}

/// How failures of one service are dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Supervision {
    pub(crate) restart: Restart,
    pub(crate) on_panic: OnPanic,
    /// This many restarts (`u32::MAX`: any number)…
    pub(crate) restarts: u32,
    /// …within this time.
    pub(crate) within: Duration,
    /// The longest pause before the first restart; doubled with each one up to `max_pause`.
    pub(crate) pause: Duration,
    pub(crate) max_pause: Duration,
}

impl Supervision {
    /// The defaults for a service that has a factory, or has none.
    pub(crate) const fn new(factory: bool) -> Self {
        Self {
            restart: if factory { Restart::OnFailure } else { Restart::Never },
            on_panic: if factory { OnPanic::Restart } else { OnPanic::Resume },
            restarts: 5,
            within: Duration::from_secs(60),
            pause: Duration::from_millis(100),
            max_pause: Duration::from_secs(10),
        }
    }
}

/// So often the pause is doubled at most.
const MOST_DOUBLINGS: usize = 20;

/// The restarts of one service so far.
#[derive(Debug)]
pub(crate) struct Budget {
    policy: Supervision,
    /// When the latest restarts were; those that count still.
    spent: VecDeque<Instant>,
}

impl Budget {
    pub(crate) fn new(policy: Supervision) -> Self {
        Self { policy, spent: VecDeque::new() }
    }

    /// Takes one restart: the pause before it, which is anything up to the bound ("full jitter"). `None` if all are used up.
    pub(crate) fn take(&mut self, rng: &Rng) -> Option<Duration> {
        let now = Instant::now();
        while self.spent.front().is_some_and(|then| now.duration_since(*then) >= self.policy.within) {
            self.spent.pop_front();
        }
        let bounded = self.policy.restarts != u32::MAX;
        if bounded && self.spent.len() >= self.policy.restarts as usize {
            return None;
        }
        let doublings = self.spent.len().min(MOST_DOUBLINGS) as u32;
        if !bounded && self.spent.len() == MOST_DOUBLINGS {
            self.spent.pop_front();
        }
        self.spent.push_back(now);
        Some(rng.jitter(self.policy.pause.saturating_mul(1 << doublings).min(self.policy.max_pause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Supervision {
        Supervision { max_pause: Duration::from_millis(400), ..Supervision::new(true) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_used_up_and_comes_back_with_time() {
        let (mut budget, rng) = (Budget::new(policy()), Rng::from_seed(1));
        for _ in 0..5 {
            assert!(budget.take(&rng).is_some());
        }
        assert_eq!(budget.take(&rng), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(budget.take(&rng).is_some(), "after 60 s the restarts count no more");
    }

    #[tokio::test(start_paused = true)]
    async fn back_off_doubles_up_to_its_bound_with_full_jitter() {
        let rng = Rng::from_seed(7);
        let mut longest = [Duration::ZERO; 5];
        for _ in 0..200 {
            let mut budget = Budget::new(policy());
            for longest in &mut longest {
                *longest = budget.take(&rng).unwrap().max(*longest);
            }
        }
        let bounds = [100, 200, 400, 400, 400].map(Duration::from_millis);
        for (longest, bound) in longest.into_iter().zip(bounds) {
            assert!(longest <= bound && longest > bound.mul_f64(0.9), "{longest:?} of {bound:?}");
        }
    }
}
