//! A service in the hands of somebody who is not its driver: a caller that found it idle, or a link that brings calls.

use std::task::Context;

use super::{Cell, seat::Seat};
use crate::actor::{
    service::{Body, Running, Service},
    turn::{AtWork, Held},
    work::Driving,
};

/// The turn, and the service.
pub(crate) struct Visit<'a, S: Service> {
    pub(crate) cell: &'a Cell<S>,
    pub(crate) held: Held<'a, Seat<S>>,
    pub(crate) body: Box<Body<S>>,
    /// If there is a limit to them.
    pub(crate) worker: Option<AtWork<'a>>,
}

impl<'a, S: Service> Visit<'a, S> {
    /// Takes the turn, if the service is idle, and there is a worker for it. If it `may_wait`, it does so for a moment.
    #[inline]
    pub(crate) fn begin(cell: &'a Cell<S>, may_wait: bool) -> Option<Self> {
        let mut held = cell.turn.try_short(may_wait)?;
        match held.take() {
            Seat::Idle(body) => match cell.worker() {
                Some(worker) => Some(Self { cell, held, body, worker }),
                None => {
                    cell.leave(held, Seat::Idle(body));
                    None
                }
            },
            other => {
                cell.leave(held, other);
                None
            }
        }
    }

    /// A handler has ended. The visit goes on, unless there is something to do for the driver.
    #[inline]
    pub(crate) fn ended(mut self) -> Option<Self> {
        let core = &mut self.body.core;
        if core.panicked && self.cell.resumes() {
            core.panicked = false;
        }
        if !core.needs_driver() {
            return Some(self);
        }
        self.cell.turn.note_work();
        self.end();
        None
    }

    #[inline]
    pub(crate) fn end(self) {
        drop(self.worker);
        self.cell.leave(self.held, Seat::Idle(self.body));
    }
}

impl<'a, S: Service> Cell<S> {
    /// A worker of its service, or that none is needed. None if there is none for it now.
    #[inline]
    #[expect(clippy::option_option, reason = "whether it may run, and what it gives back then")]
    fn worker(&self) -> Option<Option<AtWork<'_>>> {
        if const { S::SPEC.is_limited() }
            && let Some(limit) = self.identity.workers()
        {
            return limit.try_take().map(Some);
        }
        Some(None)
    }

    /// Leaves to the driver what has begun, and whether modules were added or released so far.
    pub(crate) fn suspend(&self, held: Held<'a, Seat<S>>, running: Running<S>, changed: bool) {
        self.turn.note_work();
        self.leave(held, Seat::Suspended(running, changed));
    }

    /// Ends a turn.
    #[inline]
    pub(crate) fn leave(&self, mut held: Held<'a, Seat<S>>, place: Seat<S>) {
        held.put(place);
        if held.end() {
            self.wake();
        }
    }

    /// Where a job begins that somebody brings.
    #[inline]
    pub(crate) fn driving<'b>(&'a self, task: &'a mut Context<'b>) -> Driving<'a, 'b, S> {
        Driving { table: &self.blueprint.table, bytes: self.mailbox.bytes(), task, on_the_spot: false }
    }
}
