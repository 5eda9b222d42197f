//! How a service ends.

use std::sync::Arc;

use super::Cell;
use crate::{
    actor::{
        about::ServiceState,
        erased::{Core, Host},
        service::{Body, Service},
        work::{Calls, Post},
    },
    error::RefusedReason,
    mailbox::Batch,
    message::StreamsOfLife,
    panics::dispose,
};

/// Takes leave of the state of a service. It is the user's, and may panic as it is dropped; then it is said in the log.
pub(crate) fn part<S: Service>(body: Body<S>) -> (Core, ServiceState) {
    let Body { service, mut core, .. } = body;
    // Its streams learn why they end before their senders are dropped with the state.
    core.streams = StreamsOfLife::default();
    let mut state = ServiceState::Stopped;
    if let Err(panic) = dispose(service) {
        state = ServiceState::Failed;
        tracing::error!(target: "ember::service", service = S::SPEC.name, pid = %core.pid(), %panic, "its state panicked as it was dropped");
    }
    (core, state)
}

/// The same for the last time: how the service has ended.
pub(crate) fn bury<S: Service>(body: Body<S>) -> ServiceState {
    let (core, state) = part(body);
    let pid = core.pid();
    match dispose(core) {
        Ok(()) => state,
        Err(panic) => {
            tracing::error!(target: "ember::service", service = S::SPEC.name, %pid, %panic, "a callback panicked as it was dropped");
            ServiceState::Failed
        }
    }
}

/// Settles the cell however the driver ends, also when it is aborted, even before it has begun.
pub(crate) struct Ending<S: Service> {
    pub(crate) cell: Arc<Cell<S>>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) state: ServiceState,
    /// What it has taken out of the mailbox, and not begun.
    pub(crate) batch: Batch<Post<S>, Calls<S>>,
}

impl<S: Service> Ending<S> {
    /// The ending of a service, in this state unless something else is said.
    pub(crate) fn new(cell: Arc<Cell<S>>, host: Arc<dyn Host>, state: ServiceState) -> Self {
        Self { cell, host, state, batch: Batch::new() }
    }
}

impl<S: Service> Drop for Ending<S> {
    fn drop(&mut self) {
        let (posts, mut calls) = std::mem::replace(&mut self.batch, Batch::new()).into_rest();
        posts.for_each(|post| calls.refuse_guarded(post, RefusedReason::Stopped));
        self.cell.end(self.state);
        self.host.ended(self.cell.pid, self.state);
    }
}
