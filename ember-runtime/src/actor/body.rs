//! The state of a running service, with all that its handlers use beside it.

use std::sync::Arc;

use super::{Cell, Core, Path, Service, callback::route, job::Running};
use crate::message::{Ambient, Due, Envelope};

/// Whoever has it, runs the service: its driver, a caller, or a link that brings calls.
pub(crate) struct Body<S: Service> {
    pub(crate) service: S,
    pub(crate) core: Core,
    /// Of what is running.
    pub(crate) ambient: Ambient,
}

impl<S: Service> Body<S> {
    /// A service that has been made, and nothing of it has run.
    pub(super) fn new(service: S, core: Core, cell: &Arc<Cell<S>>) -> Box<Self> {
        let ambient = Ambient::new(Arc::clone(cell) as _);
        Box::new(Self { service, core, ambient })
    }

    /// Notes what runs next, and where.
    #[inline]
    pub(super) fn begin<L: Path<S>>(&mut self, envelope: Option<Envelope>, due: Due, method: &'static str) {
        self.ambient.begin(envelope, due, method);
        self.core.route = route::<S, L>;
    }
}

/// Where the state of a service is while nobody uses it.
#[derive(Default)]
pub(crate) enum Place<S: Service> {
    /// Somebody uses it, or the service has not been started yet, or has ended.
    #[default]
    Empty,
    Idle(Box<Body<S>>),
    /// A caller, or a link, has begun to run a handler that waits for something: the driver goes on with it. And whether modules were
    /// added or released so far.
    Suspended(Running<S>, bool),
}
