//! All timers of a node: its wheels, and the tasks that turn them.
//!
//! A service's timers are on one wheel, so that those due in the same millisecond come in the order in which they were made, and services
//! whose handlers run beside each other seldom wait for a lock. There are as many wheels as the runtime has threads, at most [`MOST`]; each
//! is made when it is needed.

use std::{
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    runtime::Handle,
    select,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    shard::{Pause, STEPS, Timed},
    ticket::{Owned, Owner, dispatch, end},
    wheel::Key,
};
use crate::panics::attempt;

/// More wheels do not make arming cheaper.
const MOST: usize = 8;

/// The timers of one node.
pub(crate) struct Timers {
    runtime: Handle,
    wheels: Box<[OnceLock<Arc<Owned>>]>,
    /// No service is started any more.
    closed: AtomicBool,
}

impl Timers {
    pub(crate) fn new(runtime: Handle) -> Self {
        let threads = runtime.metrics().num_workers();
        let wheels = (0..threads.clamp(1, MOST)).map(|_| OnceLock::new()).collect();
        Self { runtime, wheels, closed: AtomicBool::new(false) }
    }

    /// Whoever turns a wheel ends when nothing is left on it, from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wheels.iter().filter_map(OnceLock::get).for_each(|wheel| wheel.close());
    }

    /// A place for the timers of a unit of the service of this number.
    pub(super) fn group(&self, number: u64, owner: Arc<dyn Owner>) -> Group {
        let number = number % self.wheels.len() as u64;
        let wheel = self.wheels[number as usize].get_or_init(|| {
            let _there = self.runtime.enter();
            Arc::new(Owned::new(self.closed.load(Ordering::Acquire)))
        });
        Group { wheel: Arc::clone(wheel), number: wheel.open(owner), runtime: self.runtime.clone() }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.close();
    }
}

/// The timers of one unit, which end when this is dropped.
pub(super) struct Group {
    pub(super) wheel: Arc<Owned>,
    number: u32,
    runtime: Handle,
}

impl Group {
    /// Begins a timer, whose first tick is due then.
    pub(super) fn arm(&self, at: u64, timed: Timed) -> Key {
        match self.wheel.arm(self.number, at, timed) {
            Ok((key, is_undriven)) => {
                if is_undriven {
                    self.runtime.spawn(turn(Arc::clone(&self.wheel)));
                }
                key
            }
            Err(_over) => Key::NOTHING,
        }
    }

    /// The present, as a unit of this node sees it, wherever it is asked.
    pub(super) fn there(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        end(&self.wheel, self.number);
    }
}

/// Turns a wheel. What is due at one time is delivered in parts, between which others have their turn.
async fn turn(wheel: Arc<Owned>) {
    let mut sleep = pin!(sleep_until(Instant::now()));
    loop {
        // Asked for anew each time: a block of this size has glibc put together the small ones that were given back since, a few at a time, and not those of a
        // whole crowd at once, which holds a thread up for a tenth of a second.
        let mut due = Vec::with_capacity(STEPS);
        let pause = wheel.expire(&mut due);
        for due in due {
            let key = due.key;
            // What is run or dropped there may be the user's, and all others of the wheel wait for this task.
            if let Err(panic) = attempt(|| dispatch(&wheel, due)) {
                tracing::error!(target: "ember::service", "a panic where a timer was delivered: {panic}");
                let _left_out = attempt(|| drop(wheel.over(key, false)));
            }
        }
        match pause {
            Pause::Turn => yield_now().await,
            Pause::Until(Some(then)) => {
                sleep.as_mut().reset(then);
                select! {
                    biased;
                    () = wheel.bell.notified() => {}
                    () = &mut sleep => {}
                }
            }
            Pause::Until(None) => wheel.bell.notified().await,
            Pause::Over => return,
        }
    }
}
