//! A tick on its way: from the wheel through the mailbox of its owner, and back.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    shard::{Due, Shard, Timed, What},
    wheel::Key,
};
use crate::{
    actor::{Again, Given, Tick},
    message::Ambient,
    panics::{attempt, dispose},
};

/// How soon a wall clock that has been set is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A unit that has timers.
pub(super) trait Owner: Send + Sync {
    /// Queues a tick. `false` if the service takes no more.
    fn deliver(&self, what: What, ticket: Ticket) -> bool;

    /// Whether the time has come for what follows the calendar, and how long it is until it comes, or comes again. `None` if it never does.
    fn look(&self, what: What) -> (bool, Option<Duration>);

    /// So many ticks were left out.
    fn overran(&self, what: What, ticks: u64);
}

pub(super) type Owned = Shard<Arc<dyn Owner>>;

/// The right to do what a timer does, once. The next tick of it is not before this has been dropped.
pub(super) struct Ticket {
    shard: Arc<Owned>,
    key: Key,
    pub(super) tick: Tick,
    /// It has run, or runs.
    ran: AtomicBool,
}

impl Ticket {
    /// It runs.
    pub(super) fn begin(&self) {
        self.ran.store(true, Ordering::Relaxed);
    }

    /// Does what the timer was made for, unless it is over.
    pub(super) fn act(self, unit: Given<'_>, parent: &mut dyn Any, core: &mut dyn Any, ambient: &Ambient) {
        self.begin();
        // A panic puts it back too.
        let mut acting = Acting { action: self.shard.take(self.key), ticket: &self };
        if let Some(action) = &mut acting.action {
            action(unit, parent, core, ambient);
        }
    }
}

/// An action that is being done.
struct Acting<'a> {
    action: Option<Again>,
    ticket: &'a Ticket,
}

impl Drop for Acting<'_> {
    fn drop(&mut self) {
        if let Some(action) = self.action.take() {
            discard(self.ticket.shard.put_back(self.ticket.key, action));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (due, dead) = self.shard.over(self.key, *self.ran.get_mut());
        discard(dead);
        if let Some(due) = due {
            dispatch(&self.shard, due);
        }
    }
}

/// Sees to a timer whose time has come.
pub(super) fn dispatch(shard: &Arc<Owned>, Due { key, owner, what, tick, overruns, asks }: Due<Arc<dyn Owner>>) {
    let ticket = tick.map(|tick| Ticket { shard: Arc::clone(shard), key, tick, ran: AtomicBool::new(false) });
    let mut overruns = overruns;
    let (comes, again) = if asks { look(&*owner, what) } else { (true, None) };
    if asks && comes && ticket.is_none() {
        overruns = 1;
    }
    if overruns > 0 {
        owner.overran(what, overruns);
    }
    let is_taken = ticket.filter(|_| comes).is_none_or(|ticket| owner.deliver(what, ticket));
    match again {
        Some(wait) if is_taken => shard.rearm(key, shard.after(wait)),
        None if asks && !comes => remove(shard, key),
        _ if !is_taken => remove(shard, key),
        _ => {}
    }
}

/// Asks the clock of the node, which may be anybody's.
fn look(owner: &dyn Owner, what: What) -> (bool, Option<Duration>) {
    match attempt(|| owner.look(what)) {
        Ok((comes, wait)) => (comes, wait.map(|wait| wait.min(LOOK_AGAIN))),
        Err(panic) => {
            tracing::error!(target: "ember::timer", %panic, "the clock of the node panicked: what follows the calendar waits");
            (false, Some(LOOK_AGAIN))
        }
    }
}

/// Takes a timer away, and drops what it does.
pub(super) fn remove(shard: &Owned, key: Key) {
    discard(shard.remove(key).and_then(|timed| timed.action));
}

/// Takes all timers of a group away.
pub(super) fn end(shard: &Owned, group: u32) {
    while let Ok(some) = shard.end(group) {
        some.into_iter().map(|Timed { action, .. }| action).for_each(discard);
    }
}

/// Drops what a timer did. It is the user's.
fn discard(action: Option<Again>) {
    if action.is_some()
        && let Err(panic) = dispose(action)
    {
        tracing::error!(target: "ember::timer", %panic, "what a timer had captured panicked as it was dropped");
    }
}
