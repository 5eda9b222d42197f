//! A service in the hands of somebody who is not its driver: a caller that found it idle, or a link that brings calls.

use super::{Body, Cell, Place, Service, job::Running};
use crate::actor::turn::Held;

/// The turn, and the service.
pub(super) struct Visit<'a, S: Service> {
    pub(super) cell: &'a Cell<S>,
    pub(super) held: Held<'a, Place<S>>,
    pub(super) body: Box<Body<S>>,
}

impl<'a, S: Service> Visit<'a, S> {
    /// Takes the turn, if the service is idle. If it `may_wait`, it does so for a moment.
    #[inline]
    pub(super) fn begin(cell: &'a Cell<S>, may_wait: bool) -> Option<Self> {
        let mut held = cell.turn.try_short(may_wait)?;
        match held.take() {
            Place::Idle(body) => Some(Self { cell, held, body }),
            other => {
                cell.leave(held, other);
                None
            }
        }
    }

    /// A handler has ended. The visit goes on, unless there is something to do for the driver.
    #[inline]
    pub(super) fn ended(mut self) -> Option<Self> {
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
    pub(super) fn end(self) {
        self.cell.leave(self.held, Place::Idle(self.body));
    }
}

impl<'a, S: Service> Cell<S> {
    /// Leaves to the driver what has begun, and whether modules were added or released so far.
    pub(super) fn suspend(&self, held: Held<'a, Place<S>>, running: Running<S>, changed: bool) {
        self.turn.note_work();
        self.leave(held, Place::Suspended(running, changed));
    }

    /// Ends a turn.
    #[inline]
    pub(super) fn leave(&self, mut held: Held<'a, Place<S>>, place: Place<S>) {
        held.put(place);
        if held.end() {
            self.wake();
        }
    }
}
