//! How many calls may be repeated: a share of those that are made, so that repeating never multiplies an outage.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use crate::directory::Interest;

/// The window has so many seconds.
const SECONDS: usize = 10;
/// With fewer targets than these nobody looks for such as are not used any more; with more, once in a window.
const FEW: usize = 64;

/// How many of the calls that are made with a [`Retry`](crate::call::Retry) may be repeated, at a node and for each target by itself: a
/// share of them, and some that are free. [`NodeBuilder::retry_budget`](crate::node::NodeBuilder::retry_budget) sets it.
///
/// When all instances of a service fail, every caller repeats its call: without a bound the service gets several times the calls
/// of a good day, just then. So what counts is not how often one call is repeated, but how many are: of the last 10 s, 20 % and
/// 20 more unless something else is said. So those who repeat calls make at most a fifth more of them, and a call that is rare may be repeated.
///
/// A target is what a client is for: a service by its name, or a contract. A repetition counts if the attempt before it may
/// have reached somebody (no answer in time, a link that broke, a panic, a time-out of the attempt), or met a queue that was full
/// (`MailboxFull`, `LinkFull`, `ModuleBusy`). It does not count if nobody was there to take the call, or whoever was there is about to
/// leave, to start or to be elected: rolling restarts use nothing up. Nor does it count that the runtime asks another instance by itself,
/// which it does only where the first one certainly did nothing.
///
/// A call that would be repeated, and may not be, ends with its last error, which [says so](crate::error::Refused::is_out_of_retries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudget {
    percent: u32,
    free: u32,
}

impl RetryBudget {
    /// So many repetitions for a hundred calls, and [20 that are free](RetryBudget::free). With 0 only those. It is 100 at most: a node
    /// refuses to start with more. For as many as the policies ask for there is [`unlimited`](Self::unlimited).
    pub const fn percent(percent: u32) -> Self {
        Self { percent, free: 20 }
    }

    /// So many repetitions in 10 s whatever the number of calls. With 0, of few calls none is repeated.
    #[must_use]
    pub const fn free(mut self, repetitions: u32) -> Self {
        self.free = repetitions;
        self
    }

    /// Each call is repeated as its own policy says.
    pub const fn unlimited() -> Self {
        Self { percent: u32::MAX, free: u32::MAX }
    }

    const fn is_unlimited(self) -> bool {
        self.free == u32::MAX
    }

    /// Percent; `None` where there is no limit.
    pub(crate) const fn share(self) -> Option<u32> {
        if self.is_unlimited() { None } else { Some(self.percent) }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::percent(20)
    }
}

/// What the callers of one node have done to each target.
#[derive(Debug)]
pub(crate) struct Budgets {
    setting: RetryBudget,
    begin: Instant,
    targets: Mutex<Targets>,
}

#[derive(Debug, Default)]
struct Targets {
    by_interest: HashMap<Interest, Window>,
    /// In this second those that were not used any more were given back.
    tidied: u64,
}

/// The last seconds of one target.
#[derive(Debug, Default)]
struct Window {
    /// The second that is counted now; the others are those before it.
    newest: u64,
    seconds: [Second; SECONDS],
}

#[derive(Debug, Default, Clone, Copy)]
struct Second {
    calls: u32,
    repetitions: u32,
}

impl Budgets {
    pub(crate) fn new(setting: RetryBudget) -> Self {
        Self { setting, begin: Instant::now(), targets: Mutex::default() }
    }

    /// A call is made that may be repeated.
    pub(crate) fn call(&self, target: &Interest) {
        self.with(target, |window, second| window.now(second).calls += 1);
    }

    /// Whether a call may be repeated now. If so, it is counted.
    pub(crate) fn repeat(&self, target: &Interest) -> bool {
        let RetryBudget { percent, free } = self.setting;
        let may = self.with(target, |window, second| {
            let now = window.now(second);
            now.repetitions += 1;
            let sum = |of: fn(&Second) -> u32| window.seconds.iter().map(|it| u64::from(of(it))).sum::<u64>();
            let may = sum(|it| it.repetitions) <= u64::from(free) + sum(|it| it.calls) * u64::from(percent) / 100;
            if !may {
                window.now(second).repetitions -= 1;
            }
            may
        });
        may.unwrap_or(true)
    }

    /// `None` if nothing is counted.
    fn with<T>(&self, target: &Interest, change: impl FnOnce(&mut Window, u64) -> T) -> Option<T> {
        if self.setting.is_unlimited() {
            return None;
        }
        let second = Instant::now().duration_since(self.begin).as_secs();
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if !targets.by_interest.contains_key(target) {
            let is_time = second.saturating_sub(targets.tidied) >= SECONDS as u64;
            if is_time && targets.by_interest.len() >= FEW {
                targets.by_interest.retain(|_, window| second.saturating_sub(window.newest) < SECONDS as u64);
                targets.by_interest.shrink_to(FEW);
                targets.tidied = second;
            }
            targets.by_interest.insert(target.clone(), Window::default());
        }
        targets.by_interest.get_mut(target).map(|window| change(window, second))
    }
}

impl Window {
    /// The second that is counted now. What is too old is forgotten.
    fn now(&mut self, second: u64) -> &mut Second {
        let passed = second.saturating_sub(self.newest).min(SECONDS as u64);
        self.newest = self.newest.max(second);
        for ago in 0..passed {
            self.seconds[place(self.newest - ago)] = Second::default();
        }
        &mut self.seconds[place(self.newest)]
    }
}

fn place(second: u64) -> usize {
    (second % SECONDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn target(name: &str) -> Interest {
        Interest::Service(name.to_owned().into())
    }

    /// How many of so many repetitions are allowed.
    fn allowed(budgets: &Budgets, name: &str, wanted: usize) -> usize {
        (0..wanted).filter(|_| budgets.repeat(&target(name))).count()
    }

    #[tokio::test(start_paused = true)]
    async fn repetitions_are_a_share_of_the_calls_of_the_last_seconds_and_some_that_are_free() {
        let budgets = Budgets::new(RetryBudget::percent(20).free(3));
        assert_eq!(allowed(&budgets, "desk", 10), 3, "a call that is rare may be repeated");
        (0..100).for_each(|_| budgets.call(&target("desk")));
        assert_eq!(allowed(&budgets, "desk", 100), 20);
        assert_eq!(allowed(&budgets, "bank", 10), 3, "each target has its own");
        advance(Duration::from_secs(9)).await;
        assert_eq!(allowed(&budgets, "desk", 10), 0, "what was 9 s ago counts");
        advance(Duration::from_secs(1)).await;
        assert_eq!(allowed(&budgets, "desk", 10), 3, "what was 10 s ago does not");
        advance(Duration::from_secs(100)).await;
        (0..10).for_each(|_| budgets.call(&target("desk")));
        assert_eq!(allowed(&budgets, "desk", 10), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_steady_outage_gets_a_fifth_more_calls_and_what_is_free() {
        let budgets = Budgets::new(RetryBudget::default());
        let (mut calls, mut repetitions) = (0, 0);
        for _ in 0..600 {
            for _ in 0..10 {
                budgets.call(&target("desk"));
                calls += 1;
                repetitions += allowed(&budgets, "desk", 3);
            }
            advance(Duration::from_millis(100)).await;
        }
        // Free ones are so many in 10 s: in 60 s six times that.
        assert!(repetitions <= calls / 5 + 20 * 7, "{repetitions} of {calls}");
        assert!(repetitions >= calls / 5, "{repetitions} of {calls}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_is_kept_and_targets_that_are_not_used_are_forgotten() {
        let budgets = Budgets::new(RetryBudget::unlimited());
        assert_eq!(allowed(&budgets, "desk", 1_000), 1_000);
        assert!(budgets.targets.lock().unwrap().by_interest.is_empty());
        let budgets = Budgets::new(RetryBudget::percent(0).free(0));
        budgets.call(&target("desk"));
        assert_eq!(allowed(&budgets, "desk", 1), 0);
        for number in 0..1_000 {
            budgets.call(&target(&format!("desk {number}")));
            advance(Duration::from_secs(1)).await;
        }
        let kept = || budgets.targets.lock().unwrap().by_interest.len();
        assert!(kept() <= FEW, "{} are kept", kept());
        // Many at once are not kept for longer.
        (0..10_000).for_each(|number| budgets.call(&target(&format!("bank {number}"))));
        assert!(kept() >= 10_000);
        advance(Duration::from_secs(10)).await;
        budgets.call(&target("bank"));
        assert!(kept() <= FEW, "{} are kept", kept());
    }
}
