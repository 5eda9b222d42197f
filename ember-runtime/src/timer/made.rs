//! Timers that a handler makes.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    beat::Beat,
    shard::{Repeat, Timed, What},
    ticket::{Owned, Owner, Ticket, remove},
    timers::{Group, Timers},
    wheel::Key,
};
use crate::{
    actor::{AnyCell, Cx, Given, Loan, MissedTicks, Owed, Unit, again},
    message::{Envelope, Keys},
};

/// A timer made with [`Cx::every`] or [`Cx::after`]. Dropping it changes nothing: the timer goes on. Clones are the same timer.
#[derive(Clone)]
pub struct TimerHandle {
    wheel: Arc<Owned>,
    key: Key,
}

impl TimerHandle {
    /// Ends the timer, and drops its action, here, unless that is running. A tick that waits in the mailbox already does not run any more. It
    /// takes the same time however many timers there are, and gives back all that this one held.
    pub fn cancel(&self) {
        remove(&self.wheel, self.key);
    }

    /// Whether no more ticks are going to be delivered: it was cancelled, has fired its only time, or its owner has ended.
    pub fn is_over(&self) -> bool {
        self.wheel.is_over(self.key)
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle").field("over", &self.is_over()).finish()
    }
}

impl<U: Unit> Cx<'_, U> {
    /// Runs `action` on this unit every `period`, the first time after one period, until the handle's
    /// [`cancel`](TimerHandle::cancel), or until this unit ends: the service, or the module under a key. It comes through the
    /// mailbox, as a message of its own, and never overlaps itself: a tick that is due while the last one still waits or runs
    /// is left out, and one that comes late puts off those after it. That is [`MissedTicks::Delay`]; [`every_with`](Self::every_with) can
    /// have another.
    ///
    /// A tick is never early, and at most 2 ms late on an idle node. Timers count milliseconds: a shorter period counts as one. One of
    /// more than a hundred years counts as a hundred. Those of one service that are due in the same millisecond come in the order in which
    /// they were armed: made, or, where they repeat, armed again after their last tick.
    ///
    /// # Panics
    /// If `period` is zero.
    pub fn every<F>(&self, period: Duration, action: F) -> TimerHandle
    where
        F: FnMut(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    {
        self.every_with(period, MissedTicks::Delay, action)
    }

    /// As [`every`](Self::every), with a policy for ticks that could not come when they were due.
    ///
    /// # Panics
    /// If `period` is zero.
    pub fn every_with<F>(&self, period: Duration, missed: MissedTicks, action: F) -> TimerHandle
    where
        F: FnMut(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    {
        assert!(!period.is_zero(), "`cx.every(0ns, …)` cannot be: a period is longer than 0");
        let action = again(action);
        self.with_timers(|group, what| {
            let beat = Beat::new(group.wheel.now(), period, missed);
            let at = beat.due;
            (at, Timed { repeat: Repeat::Beats(Box::new(beat)), what, action: Some(action), under_way: false })
        })
    }

    /// Runs `action` on this unit once, after `delay`, unless the handle's [`cancel`](TimerHandle::cancel) comes before, or
    /// this unit ends: the service, or the module under a key. It comes through the mailbox, as a message of its own: never early, and
    /// at most 2 ms late on an idle node.
    pub fn after<F>(&self, delay: Duration, action: F) -> TimerHandle
    where
        F: FnOnce(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    {
        let mut action = Some(action);
        let action = again(move |unit: Loan<'_, U>, cx: &mut Cx<'_, U>| {
            if let Some(action) = action.take() {
                action(unit, cx);
            }
        });
        self.with_timers(|group, what| {
            let at = group.wheel.after(delay);
            (at, Timed { repeat: Repeat::Once, what, action: Some(action), under_way: false })
        })
    }

    /// Makes a timer among those of this unit.
    fn with_timers(&self, make: impl FnOnce(&Group, What) -> (u64, Timed)) -> TimerHandle {
        let what = What::Made(self.core.route, self.ambient.method);
        let keys = &self.ambient.envelope.keys;
        let begin = |group: &Group| {
            let (at, timed) = make(group, what);
            TimerHandle { wheel: Arc::clone(&group.wheel), key: group.arm(at, timed) }
        };
        let group = || {
            let owner = Maker { cell: Arc::clone(&self.core.cell), keys: keys.clone() };
            self.core.host.get::<Timers>().group(self.core.pid().number, Arc::new(owner))
        };
        let (module, service) = (keys.life(), self.core.life());
        let life = if keys.is_empty() { Some(service) } else { module.as_ref() };
        if let Some(group) = life.and_then(|life| life.timers(group)) {
            return begin(group);
        }
        // The module that makes it has been released meanwhile.
        let own = group();
        let handle = begin(&own);
        service.attach(Box::new(own));
        handle
    }
}

/// The unit that makes timers.
struct Maker {
    cell: Arc<dyn AnyCell>,
    /// On the way to it.
    keys: Keys,
}

impl Owner for Maker {
    fn deliver(&self, what: What, ticket: Ticket) -> bool {
        let What::Made(route, method) = what else { return false };
        let callback = Box::new(move |unit: Given<'_>, parent: &mut _, core: &mut _, ambient: &_| {
            ticket.act(unit, parent, core, ambient);
        });
        self.cell.owe_callback(Owed { callback, route, method, envelope: Envelope::at(self.keys.clone()), line: None })
    }

    fn look(&self, _: What) -> (bool, Option<Duration>) {
        (true, None)
    }

    fn overran(&self, _: What, ticks: u64) {
        self.cell.overran(ticks);
    }
}
