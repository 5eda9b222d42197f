//! How long a caller waits. Making a timer and taking it back costs more than a call within a process, and hardly any call
//! lasts until its deadline: so a timer that was not needed stays set, and the next call of the thread uses it. If it fires too
//! early for that one, it is set anew.

use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    runtime,
    time::{Instant, Sleep, sleep_until},
};

use crate::{
    call::routes::{Ended, Home},
    error::LostReason,
    sync::Bell,
};

/// A thread keeps so many timers.
const KEPT: usize = 64;

/// A timer of tokio's, which wakes many at a time on a thread of the runtime's: no waker of the user's comes that far.
struct Timer {
    sleep: Pin<Box<Sleep>>,
    bell: Bell,
}

/// Timers of the runtime that was used last.
struct Timers {
    runtime: runtime::Id,
    idle: Vec<Timer>,
}

thread_local! {
    static TIMERS: RefCell<Option<Timers>> = const { RefCell::new(None) };
}

/// Ends at a deadline.
pub(crate) struct Patience {
    deadline: Instant,
    /// There from the first poll on, with the runtime that it belongs to.
    timer: Option<(Timer, runtime::Id)>,
}

impl Patience {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, timer: None }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Ready once the deadline has passed, or the runtime of `home`, which has the timers, has ended.
    pub(crate) fn poll(&mut self, home: &Home, task: &mut Context<'_>) -> Poll<LostReason> {
        match home.guard(|| self.poll_timer(home, task)) {
            Ok(poll) => poll.map(|()| LostReason::Deadline),
            Err(Ended) => Poll::Ready(LostReason::RuntimeEnded),
        }
    }

    fn poll_timer(&mut self, home: &Home, task: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let (timer, _) = self.timer.get_or_insert_with(|| {
            let mut timer = kept(home.id()).unwrap_or_else(|| {
                let _at_home = home.enter(&mut None, task);
                Timer { sleep: Box::pin(sleep_until(deadline)), bell: Bell::new() }
            });
            if timer.sleep.deadline() > deadline || timer.sleep.is_elapsed() {
                timer.sleep.as_mut().reset(deadline);
            }
            (timer, home.id())
        });
        let Timer { sleep, bell } = timer;
        let mut task = bell.for_task(task);
        loop {
            ready!(sleep.as_mut().poll(&mut task));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let Some((timer, runtime)) = self.timer.take() {
            timer.bell.mute();
            keep(timer, runtime);
        }
    }
}

/// A timer that is not needed. A thread that ends has none any more.
fn kept(runtime: runtime::Id) -> Option<Timer> {
    let take = |timers: &RefCell<Option<Timers>>| {
        let mut timers = timers.borrow_mut();
        timers.as_mut().filter(|timers| timers.runtime == runtime)?.idle.pop()
    };
    TIMERS.try_with(take).ok().flatten()
}

fn keep(timer: Timer, runtime: runtime::Id) {
    // What is left over is dropped when nothing is borrowed any more.
    let _left = TIMERS.try_with(|timers| {
        let mut timers = timers.borrow_mut();
        match &mut *timers {
            Some(timers) if timers.runtime == runtime => {
                if timers.idle.len() < KEPT {
                    timers.idle.push(timer);
                    return (None, None);
                }
                (Some(timer), None)
            }
            // Those of another runtime, which may have ended, go.
            other => (None, other.replace(Timers { runtime, idle: vec![timer] })),
        }
    });
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;

    async fn wait(deadline: Instant) -> Instant {
        let (home, mut patience) = (Home::here(|| ()), Patience::until(deadline));
        poll_fn(|task| patience.poll(&home, task)).await;
        Instant::now()
    }

    fn begun(deadline: Instant) -> Patience {
        let mut patience = Patience::until(deadline);
        assert!(patience.poll(&Home::here(|| ()), &mut Context::from_waker(std::task::Waker::noop())).is_pending());
        patience
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_another_call_has_left_fires_at_the_deadline_of_this_one() {
        let start = Instant::now();
        for (left, wanted) in [(5, 9), (9, 5), (1, 60), (3, 3)] {
            drop(begun(Instant::now() + Duration::from_secs(left)));
            let deadline = Instant::now() + Duration::from_secs(wanted);
            assert_eq!(wait(deadline).await, deadline, "{left} s were left");
        }
        assert_eq!(start.elapsed(), Duration::from_secs(77));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_has_fired_unseen_is_set_anew() {
        drop(begun(Instant::now() + Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(2)).await;
        let deadline = Instant::now() + Duration::from_secs(3);
        assert_eq!(wait(deadline).await, deadline);
    }

    /// Owns what a task of a user's may: a call that waits.
    struct Owner(#[expect(dead_code, reason = "it is dropped")] std::sync::Mutex<Option<Patience>>);

    impl std::task::Wake for Owner {
        fn wake(self: std::sync::Arc<Self>) {}
    }

    #[test]
    fn a_waker_that_owns_a_call_goes_with_the_call_that_it_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let in_a_second = || Instant::now() + Duration::from_secs(1);
            let owner = std::sync::Arc::new(Owner(std::sync::Mutex::new(Some(begun(in_a_second())))));
            let held = std::sync::Arc::downgrade(&owner);
            let mut patience = Patience::until(in_a_second());
            let waker = owner.into();
            assert!(patience.poll(&Home::here(|| ()), &mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            assert!(held.upgrade().is_some(), "it is to be woken");
            drop(patience);
            assert!(held.upgrade().is_none(), "the kept timer does not hold it");
        });
    }

    #[test]
    fn each_runtime_has_timers_of_its_own() {
        for _ in 0..2 {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                drop(begun(Instant::now() + Duration::from_secs(1)));
                let deadline = Instant::now() + Duration::from_secs(2);
                assert_eq!(wait(deadline).await, deadline);
            });
        }
    }
}
