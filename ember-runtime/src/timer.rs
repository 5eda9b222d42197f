//! Declared timers: each delivers its ticks through the mailbox of its service, never overlapping itself, and ends with it.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::time::{MissedTickBehavior, interval_at, sleep};

use crate::{
    actor::{AnyCell, Cell, HookFn, Schedule, Service, TaskJob, Timer},
    message::Lane,
};

/// Ends a task when dropped.
struct EndOnDrop(tokio::task::AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts the timers that `cell`'s service declares. What is returned ends them when dropped.
pub(crate) fn start<S: Service>(cell: &Arc<Cell<S>>) -> Vec<Box<dyn Any + Send>> {
    let start = |timer: &Timer<S>| {
        let task = tokio::spawn(run(Arc::clone(cell), cell.life(), *timer));
        Box::new(EndOnDrop(task.abort_handle())) as Box<dyn Any + Send>
    };
    cell.table.timers.iter().map(start).collect()
}

async fn run<S: Service>(cell: Arc<Cell<S>>, life: u64, timer: Timer<S>) {
    let Timer { name, schedule, run: hook } = timer;
    let period = match schedule {
        Schedule::After(delay) => {
            sleep(delay).await;
            cell.owe(Lane::User, Box::new(TaskJob::hook(name, life, hook)));
            return;
        }
        Schedule::Every(period) => period,
    };
    let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let waiting = Arc::new(AtomicBool::new(false));
    loop {
        ticks.tick().await;
        if waiting.swap(true, Ordering::AcqRel) {
            tracing::debug!(target: "ember::timer", service = S::SPEC.name, timer = name, "a tick was skipped: the last one waits still");
            continue;
        }
        let tick = Tick { hook, _done: Done(Arc::clone(&waiting)) };
        let job = TaskJob { name, life: Some(life), data: tick, run: |tick, service, core| (tick.hook)(service, core) };
        if !cell.owe(Lane::User, Box::new(job)) {
            return;
        }
    }
}

/// A tick under way: the next one is not due before it is dropped.
struct Tick<S: Service> {
    hook: HookFn<S>,
    _done: Done,
}

struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
