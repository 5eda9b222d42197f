//! The driver of a service: the task that does what no caller does. There is none until there is something to do.

use std::{
    future::poll_fn,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use futures_util::task::AtomicWaker;
use tokio::task::AbortHandle;

use super::{Cell, Ending, Place, Service, ServiceState, Source, job::caught, run::run, unsafe_turn::Held};

/// What a cell knows of its driver.
#[derive(Debug, Default)]
pub(super) struct Driver {
    /// It has been spawned.
    spawned: AtomicBool,
    /// There before it is spawned.
    task: OnceLock<Box<Task>>,
    /// The service is to end at once.
    aborted: AtomicBool,
    /// The service has ended, and there is no driver any more.
    ended: AtomicBool,
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
        if self.driver.ended.load(Ordering::Acquire) {
            self.clear();
        } else if self.driver.spawned.load(Ordering::Acquire) {
            self.driver.wake();
        } else {
            self.drive(Source::Value(None), |_| ());
        }
    }

    /// Makes the driver, unless there is one. `ready` is told how the start of the service went.
    pub(crate) fn drive(&self, source: Source<S>, ready: impl FnOnce(crate::error::Result<()>) + Send + 'static) {
        let task = self.driver.task.get_or_init(Box::default);
        if self.driver.spawned.swap(true, Ordering::AcqRel) {
            return self.driver.wake();
        }
        let Some(me) = self.me.upgrade() else { return };
        // The node has gone: nobody must wait for this service.
        let Some(host) = self.host.upgrade() else { return self.end(ServiceState::Failed) };
        let runtime = host.runtime().clone();
        let ending = Ending::new(me, host);
        let spawned = runtime.spawn(run(ending, source, ready)).abort_handle();
        let abort = task.abort.get_or_init(|| spawned);
        if self.driver.aborted.load(Ordering::Acquire) {
            abort.abort();
        }
    }

    /// Ends the service at once, whatever it is doing.
    pub(super) fn abort_driver(&self) {
        self.driver.aborted.store(true, Ordering::Release);
        match self.driver.task.get().and_then(|task| task.abort.get()) {
            Some(task) => task.abort(),
            None => self.notice(),
        }
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.driver.aborted.load(Ordering::Acquire)
    }

    /// There is no driver any more, and will be none.
    pub(super) fn end_driver(&self) {
        self.driver.ended.store(true, Ordering::Release);
        self.driver.spawned.store(true, Ordering::Release);
        // If a caller is running the service, it sees this when it has done so, and clears.
        self.turn.note_work();
        self.clear();
    }

    /// Drops what is left of a service that has ended.
    fn clear(&self) {
        if let Some(mut held) = self.turn.take() {
            let mut left = Some(held.take());
            // What is dropped is the user's, and whoever does it is not: a link, for one.
            if caught(&mut || drop(left.take())).is_err() {
                tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %self.pid, "panicked as it was dropped");
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
