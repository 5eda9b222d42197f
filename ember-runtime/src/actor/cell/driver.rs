//! The driver of a service: the task that does what no caller does. There is none until there is something to do.

use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
    task::Poll,
};

use futures_util::task::AtomicWaker;
use tokio::task::AbortHandle;

use super::{
    Cell, Ending, Place, Service, Source,
    run::{bury, run},
};
use crate::{
    actor::{
        about::ServiceState,
        turn::{ABORTED, ENDED, Held, Marks, READY, SPAWNED},
    },
    message::Chain,
    panics::dispose,
};

/// What a cell knows of its driver.
#[derive(Debug, Default)]
pub(super) struct Driver {
    marks: Marks,
    /// There before it is spawned.
    task: OnceLock<Box<Task>>,
}

/// Its task.
#[derive(Debug, Default)]
struct Task {
    waker: AtomicWaker,
    abort: OnceLock<AbortHandle>,
}

impl Driver {
    fn wake(&self) {
        if let Some(task) = self.task.get() {
            task.waker.wake();
        }
    }
}

impl<S: Service> Cell<S> {
    /// There may be something to do for the driver: wakes it if nobody else does.
    pub(super) fn notice(&self) {
        if self.turn.note_work() {
            self.wake();
        }
    }

    /// Wakes the driver, or makes one.
    pub(super) fn wake(&self) {
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
        ready: impl FnOnce(crate::error::Result<()>) + Send + 'static,
    ) {
        let task = self.driver.task.get_or_init(Box::default);
        if self.driver.marks.set(SPAWNED) & SPAWNED != 0 {
            return self.driver.wake();
        }
        let Some(me) = self.me.upgrade() else { return };
        // The node has gone: nobody must wait for this service.
        let Some(host) = self.host.upgrade() else { return self.end(ServiceState::Failed) };
        let runtime = host.runtime().clone();
        let ending = Ending::new(me, host, ServiceState::Failed);
        let spawned = runtime.spawn(run(ending, source, waiting, ready)).abort_handle();
        let abort = task.abort.get_or_init(|| spawned);
        if self.driver.marks.set(READY) & ABORTED != 0 {
            abort.abort();
        }
    }

    /// Ends the service at once, whatever it is doing.
    pub(super) fn abort_driver(&self) {
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

    pub(super) fn is_aborted(&self) -> bool {
        self.driver.marks.has(ABORTED)
    }

    /// Takes no new work; ends the service here and now if it is idle and has no driver: `true`. Otherwise its driver ends it when
    /// what waits is done.
    pub(super) fn end_idle(&self) -> bool {
        self.begin_to_end();
        self.turn.insist();
        if self.driver.marks.has(SPAWNED) {
            self.wake();
            return false;
        }
        // Whoever has the turn makes the driver when he ends it.
        let Some(mut held) = self.turn.take() else { return false };
        match held.take() {
            Place::Idle(body)
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
    pub(super) fn end_driver(&self) {
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
    pub(super) async fn turn(&self) -> Held<'_, Place<S>> {
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
