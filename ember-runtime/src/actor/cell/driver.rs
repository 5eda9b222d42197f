//! The driver of a service: the task that does what no caller does. There is none until there is something to do.

use std::{future::poll_fn, sync::Arc, task::Poll};

use super::{
    Cell,
    ending::{Ending, bury},
    seat::{Seat, Source},
};
use crate::{
    actor::{
        about::ServiceState,
        service::Service,
        turn::{ABORTED, ENDED, Held, READY, SPAWNED},
    },
    error::Result,
    message::Chain,
    panics::dispose,
};

impl<S: Service> Cell<S> {
    /// There may be something to do for the driver: wakes it if nobody else does.
    pub(crate) fn notice(&self) {
        if let Some(together) = &self.together {
            return self.look(together);
        }
        if self.turn.note_work() {
            self.wake();
        }
    }

    /// Wakes the driver, or makes one.
    pub(crate) fn wake(&self) {
        if self.driver.marks.has(ENDED) {
            self.clear();
        } else if self.driver.marks.has(SPAWNED) {
            self.driver.wake();
        } else {
            self.drive(Source::Value(None), None, |_| ());
        }
    }

    /// Makes the driver, unless there is one. `waiting` wait for the start of the service, and `ready` is told how it went.
    pub(crate) fn drive(
        &self,
        source: Source<S>,
        waiting: Option<Arc<Chain>>,
        ready: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        let task = self.driver.task.get_or_init(Box::default);
        if self.driver.marks.set(SPAWNED) & SPAWNED != 0 {
            return self.driver.wake();
        }
        let Some(me) = self.me.upgrade() else { return };
        // The node has gone: nobody must wait for this service.
        let Some(host) = self.host.upgrade() else { return self.end(ServiceState::Failed) };
        let spawned = (self.blueprint.drive)(me, host, source, waiting, Box::new(ready));
        let abort = task.abort.get_or_init(|| spawned);
        if self.driver.marks.set(READY) & ABORTED != 0 {
            abort.abort();
        }
    }

    /// Ends the service at once, whatever it is doing.
    pub(crate) fn abort_driver(&self) {
        let before = self.driver.marks.set(ABORTED);
        if before & READY != 0 {
            if let Some(abort) = self.driver.task.get().and_then(|task| task.abort.get()) {
                abort.abort();
            }
        } else if before & SPAWNED == 0 && self.driver.marks.set(SPAWNED) & SPAWNED == 0 {
            // Nobody looks after it, and nobody is going to.
            self.end_undriven(ServiceState::Failed);
        }
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.driver.marks.has(ABORTED)
    }

    /// Takes no new work; ends the service here and now if it is idle and has no driver: `true`. Otherwise its driver ends it when
    /// what waits is done.
    pub(crate) fn end_idle(&self) -> bool {
        self.begin_to_end();
        if let Some(together) = &self.together {
            self.look(together);
            return false;
        }
        self.turn.insist();
        if self.driver.marks.has(SPAWNED) {
            self.wake();
            return false;
        }
        // Whoever has the turn makes the driver when he ends it.
        let Some(mut held) = self.turn.take() else { return false };
        match held.take() {
            Seat::Idle(body)
                if !body.core.needs_driver()
                    && self.mailbox.seal_if_empty()
                    && self.driver.marks.set(SPAWNED) & SPAWNED == 0 =>
            {
                let state = bury(*body);
                held.end();
                self.end_undriven(state);
                true
            }
            place => {
                self.turn.insist();
                self.leave(held, place);
                false
            }
        }
    }

    /// Ends the service, which has no driver and gets none.
    fn end_undriven(&self, state: ServiceState) {
        match self.me.upgrade().zip(self.host.upgrade()) {
            Some((me, host)) => drop(Ending::new(me, host, state)),
            None => self.end(state),
        }
    }

    /// There is no driver any more, and will be none.
    pub(crate) fn end_driver(&self) {
        self.driver.marks.set(ENDED | SPAWNED);
        // If a caller is running the service, it sees this when it has done so, and clears.
        self.turn.insist();
        self.clear();
    }

    /// Drops what is left of a service that has ended.
    fn clear(&self) {
        if let Some(mut held) = self.turn.take() {
            // What is dropped is the user's, and whoever does it is not: a link, for one.
            if let Err(panic) = dispose(held.take()) {
                tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %self.pid, %panic, "panicked as it was dropped");
            }
        }
    }

    /// Waits until there is something to do, and nobody else uses the service.
    pub(crate) async fn turn(&self) -> Held<'_, Seat<S>> {
        poll_fn(|task| {
            if let Some(held) = self.turn.take() {
                return Poll::Ready(held);
            }
            self.driver.task.get_or_init(Box::default).waker.register(task.waker());
            self.turn.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
