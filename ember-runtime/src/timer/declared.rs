//! Declared timers: each ends with its owner.

use std::{any::Any, sync::Arc, time::Duration};

#[cfg(feature = "cron")]
use super::cron::Following;
use super::{
    beat::Beat,
    shard::{Repeat, Timed, What},
    ticket::{Owner, Ticket},
    timers::Timers,
};
use crate::{
    actor::{AnyCell, Cell, Host, Schedule, Service, TaskJob, Timer, TimerRun},
    error::Result,
    message::{Keys, Lane},
};

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

/// Starts the timers that the unit at `keys` declares. What is returned ends them when dropped.
pub(crate) fn start<S: Service>(
    cell: &Arc<Cell<S>>,
    timers: &[Timer<S>],
    keys: &Keys,
    host: &dyn Host,
) -> Option<Box<dyn Any + Send>> {
    if timers.is_empty() {
        return None;
    }
    let declared = Declared {
        cell: Arc::clone(cell),
        life: cell.life(),
        timers: timers.into(),
        keys: keys.clone(),
        #[cfg(feature = "cron")]
        followed: Following::all(timers.iter().map(|timer| timer.schedule), &host.clock()),
    };
    let group = host.get::<Timers>().group(cell.pid.number, Arc::new(declared));
    let now = {
        let _there = group.there();
        group.wheel.now()
    };
    for (number, timer) in timers.iter().enumerate() {
        let (at, repeat) = match timer.schedule {
            Schedule::After(delay) => (group.wheel.later(now, delay), Repeat::Once),
            Schedule::Every(period, missed) => {
                let beat = Beat::new(now, period, missed);
                (beat.due, Repeat::Beats(Box::new(beat)))
            }
            // Its time has come when the clock on the wall says so.
            #[cfg(feature = "cron")]
            Schedule::Cron(_) => (now, Repeat::Asks),
        };
        group.arm(at, Timed { repeat, what: What::Declared(number), action: None, under_way: false });
    }
    Some(Box::new(group))
}

/// The timers of one unit.
struct Declared<S: Service> {
    cell: Arc<Cell<S>>,
    /// The life of the service that they belong to.
    life: u64,
    timers: Box<[Timer<S>]>,
    keys: Keys,
    /// Those that follow the calendar.
    #[cfg(feature = "cron")]
    followed: Following,
}

impl<S: Service> Declared<S> {
    fn timer(&self, what: What) -> Option<Timer<S>> {
        let What::Declared(number) = what else { return None };
        self.timers.get(number).copied()
    }
}

impl<S: Service> Owner for Declared<S> {
    fn deliver(&self, what: What, ticket: Ticket) -> bool {
        let Some(Timer { name, run, .. }) = self.timer(what) else { return false };
        let job = TaskJob {
            name,
            life: Some(self.life),
            data: Due { run, keys: self.keys.clone(), ticket },
            run: |due: &Due<S>, body| {
                due.ticket.begin();
                body.core.keys = due.keys.clone();
                match due.run {
                    TimerRun::Hook(run) => run(body),
                    TimerRun::Told(run) => run(body, &due.ticket.tick),
                }
            },
        };
        self.cell.owe(Lane::User, Box::new(job))
    }

    #[cfg(feature = "cron")]
    fn look(&self, what: What) -> (bool, Option<Duration>) {
        match what {
            What::Declared(number) => self.followed.look(number),
            What::Made(..) => (false, None),
        }
    }

    #[cfg(not(feature = "cron"))]
    fn look(&self, _: What) -> (bool, Option<Duration>) {
        (false, None)
    }

    fn overran(&self, what: What, ticks: u64) {
        self.cell.overran(ticks);
        let timer = self.timer(what).map_or("", |timer| timer.name);
        tracing::debug!(target: "ember::timer", service = S::SPEC.name, timer, ticks, "ticks were left out: the last one waits still, or they are late");
    }
}

struct Due<S: Service> {
    run: TimerRun<S>,
    keys: Keys,
    ticket: Ticket,
}
