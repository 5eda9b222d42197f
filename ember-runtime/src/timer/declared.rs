//! Declared timers: each ends with its owner.

use std::{any::Any, sync::Arc};

use tokio::time::{MissedTickBehavior, interval_at, sleep};

use super::tick::{Tick, UnderWay};
use crate::{
    actor::{Cell, HookFn, Schedule, Service, TaskJob, Timer},
    message::{Keys, Lane},
};

/// Ends a task when dropped.
struct EndOnDrop(tokio::task::AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts the timers that the unit at `keys` declares. What is returned ends them when dropped.
pub(crate) fn start<S: Service>(cell: &Arc<Cell<S>>, timers: &[Timer<S>], keys: &Keys) -> Vec<Box<dyn Any + Send>> {
    let start = |timer: &Timer<S>| {
        let task = Declared { cell: Arc::clone(cell), timer: *timer, keys: keys.clone(), under_way: UnderWay::default() };
        Box::new(EndOnDrop(tokio::spawn(task.run()).abort_handle())) as Box<dyn Any + Send>
    };
    timers.iter().map(start).collect()
}

struct Declared<S: Service> {
    cell: Arc<Cell<S>>,
    timer: Timer<S>,
    keys: Keys,
    under_way: UnderWay,
}

impl<S: Service> Declared<S> {
    async fn run(self) {
        match self.timer.schedule {
            Schedule::After(delay) => {
                sleep(delay).await;
                self.tick();
            }
            Schedule::Every(period) => {
                let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    ticks.tick().await;
                    if !self.tick() {
                        break;
                    }
                }
            }
        }
    }

    /// Delivers a tick, unless the last one is still under way. `false` if the service takes no more.
    fn tick(&self) -> bool {
        let Timer { name, run, .. } = self.timer;
        let Some(tick) = self.under_way.begin() else {
            tracing::debug!(target: "ember::timer", service = S::SPEC.name, timer = name, "a tick was skipped: the last one waits still");
            return true;
        };
        let job = TaskJob {
            name,
            data: Due { hook: run, keys: self.keys.clone(), _tick: tick },
            run: |due: &Due<S>, service, core| {
                core.keys = due.keys.clone();
                (due.hook)(service, core)
            },
        };
        self.cell.owe(Lane::User, Box::new(job))
    }
}

struct Due<S: Service> {
    hook: HookFn<S>,
    keys: Keys,
    _tick: Tick,
}
