//! Those who run the handlers of a concurrent service: workers, which are tasks, and callers that found one free.

use std::{mem, sync::Arc};

use super::state::{Begun, Hand, Order, Together, Waiting, Worker};
use crate::{
    actor::{
        cell::{Cell, bury},
        hands::Piece,
        service::{Body, Service},
        work::{Calls, Post},
    },
    error::RefusedReason,
    panics::dispose,
};

/// A worker as a task. However it ends, others learn of it.
pub(crate) struct AtWork<S: Service> {
    number: u64,
    /// It has taken nothing yet.
    comes: bool,
    /// What it begins with, if somebody has left it to it.
    begun: Option<Begun<S>>,
    /// The key of what it has taken.
    out: Option<Option<u64>>,
    hand: Option<Arc<Hand>>,
    /// `None` when it is none any more.
    cell: Option<Arc<Cell<S>>>,
}

impl<S: Service> AtWork<S> {
    /// A worker of the service in this cell.
    pub(crate) fn new(cell: Arc<Cell<S>>, Order { number, begun }: Order<S>) -> Self {
        let comes = begun.is_none();
        let (out, hand, begun) = match begun {
            Some((key, hand, begun)) => (Some(key), Some(hand), Some(begun)),
            None => (None, None, None),
        };
        Self { number, comes, begun, out, hand, cell: Some(cell) }
    }

    /// What it begins with, if it has that already.
    pub(crate) const fn begun(&mut self) -> Option<Begun<S>> {
        self.begun.take()
    }

    pub(crate) fn cell(&self) -> Option<&Arc<Cell<S>>> {
        self.cell.as_ref()
    }

    /// What it did is done, but it does not go on yet.
    pub(crate) fn done(&mut self, body: Box<Body<S>>) {
        let (Some(cell), Some(hand), Some(key)) = (self.cell.clone(), self.hand.take(), self.out.take()) else {
            return;
        };
        let Some(together) = cell.together.as_deref() else { return };
        let unused = together.lock().done(cell.resumes(), key, Worker { body, hand });
        cell.part_with(unused);
        cell.look(together);
    }

    /// The next piece of work, and the body for it; what it did before is done. `None`: there is nothing, and this worker is none any more.
    pub(crate) fn next(&mut self, done: Option<Box<Body<S>>>) -> Option<(Post<S>, Box<Body<S>>)> {
        let cell = Arc::clone(self.cell.as_ref()?);
        let together = cell.together.as_deref()?;
        let mut state = together.lock();
        if let (Some(body), Some(hand), Some(key)) = (done, self.hand.take(), self.out.take()) {
            let unused = state.done(cell.resumes(), key, Worker { body, hand });
            if unused.is_some() {
                // While this worker still counts: when none does, nobody but the driver has the state.
                drop(state);
                cell.part_with(unused);
                state = together.lock();
            }
        }
        loop {
            state.gather(&cell.mailbox);
            let taken = state.roster.take(self.number, mem::take(&mut self.comes));
            let is_for_driver = state.is_for_driver();
            let Some(Piece { key, piece: Waiting { post, place: (lane, counted), .. }, body }) = taken else {
                self.cell = None;
                drop(state);
                if is_for_driver {
                    together.driver.wake();
                }
                return None;
            };
            self.out = Some(key);
            cell.mailbox.hand_out(lane, counted);
            cell.counts.queued();
            let seed = if body.is_none() { state.seed() } else { None };
            drop(state);
            if is_for_driver {
                together.driver.wake();
            }
            if let Some(Worker { body, hand }) = body.or_else(|| cell.body(seed)) {
                hand.begins(key);
                self.hand = Some(hand);
                return Some((post, body));
            }
            // The node has gone.
            Calls::default().refuse_guarded(post, RefusedReason::Stopped);
            state = together.lock();
            self.out = None;
            state.free(key, None);
        }
    }
}

impl<S: Service> Drop for AtWork<S> {
    fn drop(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        let Some(together) = cell.together.as_deref() else { return };
        // Its handler has ended before it counts as gone.
        if let Err(panic) = dispose(self.begun.take()) {
            tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %cell.pid, %panic, "a handler panicked as it was dropped");
        }
        {
            let mut state = together.lock();
            if let Some(key) = self.out.take() {
                state.free(key, None);
            }
            if self.comes {
                state.roster.leave_unused(self.number);
            } else {
                state.roster.leave(Some(self.number));
            }
        }
        if self.comes {
            // It was not even begun: its runtime is ending, and would drop others as well.
            together.driver.wake();
        } else {
            cell.look(together);
        }
    }
}

/// A caller, or a link that brings a call, as a worker for one call.
pub(crate) struct Errand<'a, S: Service> {
    pub(crate) cell: &'a Cell<S>,
    together: &'a Together<S>,
    key: Option<u64>,
    /// `None` when it has ended.
    hand: Option<Arc<Hand>>,
}

impl<S: Service> Cell<S> {
    /// Begins a call of this key on the spot, if nothing is ready before it, and a worker is free.
    pub(crate) fn errand(&self, key: Option<u64>) -> Option<(Errand<'_, S>, Box<Body<S>>)> {
        let together = self.together.as_deref()?;
        let (body, seed) = {
            let mut state = together.lock();
            state.gather(&self.mailbox);
            let body = state.roster.pass(key)?;
            self.counts.short();
            let seed = if body.is_none() { state.seed() } else { None };
            (body, seed)
        };
        let errand = |hand| Errand { cell: self, together, key, hand: Some(hand) };
        match body.or_else(|| self.body(seed)) {
            Some(Worker { body, hand }) => {
                hand.begins(key);
                Some((errand(hand), body))
            }
            // The node has gone.
            None => {
                let mut state = together.lock();
                state.free(key, None);
                state.roster.leave(None);
                None
            }
        }
    }

    /// Drops a body that nobody needs any more.
    fn part_with(&self, unused: Option<Worker<S>>) {
        if let Some(Worker { body, .. }) = unused {
            bury(*body);
        }
    }
}

impl<S: Service> Errand<'_, S> {
    /// The handler has ended.
    pub(crate) fn end(mut self, body: Box<Body<S>>) {
        let Some(hand) = self.hand.take() else { return };
        let is_looked_for = {
            let mut state = self.together.lock();
            let unused = state.done(self.cell.resumes(), self.key, Worker { body, hand });
            if unused.is_some() {
                // As in `AtWork::next`.
                drop(state);
                self.cell.part_with(unused);
                state = self.together.lock();
            }
            state.roster.leave(None);
            // What it has asked for may be promised.
            state.gather(&self.cell.mailbox);
            state.roster.lines.ready() > 0 || state.is_for_driver()
        };
        if is_looked_for {
            self.cell.look(self.together);
        }
    }

    /// The handler waits for something: a worker goes on with it.
    pub(crate) fn leave_to_worker(mut self, begun: Begun<S>) {
        let Some(hand) = self.hand.take() else { return };
        let number = self.together.lock().roster.enlist();
        self.cell.make(self.together, Order { number, begun: Some((self.key, hand, begun)) });
    }
}

impl<S: Service> Drop for Errand<'_, S> {
    fn drop(&mut self) {
        if self.hand.take().is_none() {
            return;
        }
        {
            let mut state = self.together.lock();
            state.free(self.key, None);
            state.roster.leave(None);
        }
        self.cell.look(self.together);
    }
}
