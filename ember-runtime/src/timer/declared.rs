//! Declared timers: each ends with its owner.

use std::{any::Any, sync::Arc};

use tokio::time::sleep;

use super::{
    tick::{Tick, UnderWay},
    ticks::ticks,
};
use crate::{
    actor::{AnyCell, Cell, HookFn, Host, Schedule, Service, TaskJob, Timer},
    clock::Clock,
    error::Result,
    message::{Keys, Lane},
    sync::AbortOnDrop,
};

/// How soon a wall clock that has been set is noticed.
#[cfg(feature = "cron")]
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether the timers can work at all.
///
/// # Errors
/// A time zone that this machine does not know.
pub(crate) fn check<S: Service>(timers: impl Iterator<Item = Timer<S>>) -> Result<()> {
    for timer in timers {
        #[cfg(feature = "cron")]
        if let Schedule::Cron(cron) = timer.schedule
            && let Err(error) = super::cron::Calendar::new(cron)
        {
            return Err(crate::error::Error::Configuration(format!(
                "the timer `{}` of the service `{}` cannot follow the time zone `{}`: {error}",
                timer.name,
                S::SPEC.name,
                cron.zone
            )));
        }
        let _ = timer.name;
    }
    Ok(())
}

/// Starts the timers that the unit at `keys` declares, on the runtime of the node. What is returned ends them when dropped.
pub(crate) fn start<S: Service>(
    cell: &Arc<Cell<S>>,
    timers: &[Timer<S>],
    keys: &Keys,
    host: &dyn Host,
) -> Vec<Box<dyn Any + Send>> {
    let start = |timer: &Timer<S>| {
        let task = Declared {
            cell: Arc::clone(cell),
            life: cell.life(),
            timer: *timer,
            keys: keys.clone(),
            clock: host.clock(),
            under_way: UnderWay::default(),
        };
        Box::new(AbortOnDrop(host.runtime().spawn(task.run()).abort_handle())) as Box<dyn Any + Send>
    };
    timers.iter().map(start).collect()
}

struct Declared<S: Service> {
    cell: Arc<Cell<S>>,
    /// The life of the service that it belongs to.
    life: u64,
    timer: Timer<S>,
    keys: Keys,
    #[cfg_attr(not(feature = "cron"), expect(dead_code, reason = "only the calendar needs it"))]
    clock: Arc<dyn Clock>,
    under_way: UnderWay,
}

impl<S: Service> Declared<S> {
    async fn run(self) {
        match self.timer.schedule {
            Schedule::After(delay) => {
                sleep(delay).await;
                self.tick();
            }
            #[cfg(feature = "cron")]
            Schedule::Cron(cron) => self.follow(cron).await,
            Schedule::Every(period) => {
                let mut ticks = ticks(period);
                loop {
                    ticks.tick().await;
                    if !self.tick() {
                        break;
                    }
                }
            }
        }
    }

    /// Ticks whenever the pattern comes.
    #[cfg(feature = "cron")]
    async fn follow(self, cron: crate::actor::Cron) {
        // The zone was looked up when the table was made.
        let Ok(calendar) = super::cron::Calendar::new(cron) else { return };
        let mut last = self.clock.now();
        while let Some(due) = calendar.next(last) {
            loop {
                let now = self.clock.now();
                if now >= due {
                    // Whatever was due up to now is made up for by this tick.
                    last = now;
                    break;
                }
                // The clock may be set meanwhile: look again now and then.
                sleep((due - now).min(LOOK_AGAIN)).await;
            }
            if !self.tick() {
                return;
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
            life: Some(self.life),
            data: Due { hook: run, keys: self.keys.clone(), _tick: tick },
            run: |due: &Due<S>, body| {
                body.core.keys = due.keys.clone();
                (due.hook)(body)
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
