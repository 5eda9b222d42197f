//! What a cell knows of its driver.

use std::sync::OnceLock;

use futures_util::task::AtomicWaker;
use tokio::task::AbortHandle;

use crate::actor::turn::Marks;

/// What a cell knows of its driver.
#[derive(Debug, Default)]
pub(crate) struct Driver {
    pub(crate) marks: Marks,
    /// There before it is spawned.
    pub(crate) task: OnceLock<Box<Task>>,
}

/// Its task.
#[derive(Debug, Default)]
pub(crate) struct Task {
    pub(crate) waker: AtomicWaker,
    pub(crate) abort: OnceLock<AbortHandle>,
}

impl Driver {
    pub(crate) fn wake(&self) {
        if let Some(task) = self.task.get() {
            task.waker.wake();
        }
    }
}
