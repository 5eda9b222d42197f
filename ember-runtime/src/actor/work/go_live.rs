//! Modules under keys begin their work when their service does.

use super::job::{Driving, Job};
use crate::{
    actor::service::{Body, Service, Start},
    error::RefusedReason,
};

/// Begins timers and subscriptions of the modules that were there when the service started, and runs their `started`.
pub(crate) struct GoLive {
    /// The life of the service that it is for.
    pub(crate) life: u64,
}

impl<S: Service> Job<S> for GoLive {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        if self.life == body.core.cell.life() {
            body.core.live = true;
            body.core.changed = true;
        }
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
