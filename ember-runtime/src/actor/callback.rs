//! Closures that come back to a service through its own mailbox.

use std::{any::Any, sync::Arc};

use futures_util::future::BoxFuture;

use super::{AnyCell, Core, Cx, NotEntered, Path, Service, Unit, execute::run_callback, job::Job};
use crate::{error::RefusedReason, mailbox::Permit, message::Envelope};

/// A callback for a unit whose type only the closure knows: unit, parent, context.
pub(super) type Erased = Box<dyn FnOnce(&mut dyn Any, &mut dyn Any, &mut Core) + Send>;

/// Finds a unit in a service (given as `Any`) and runs a callback on it.
pub(super) type RouteFn = fn(&mut dyn Any, &mut Core, Erased);

/// The route to the unit at `L`.
pub(super) fn route<S: Service, L: Path<S>>(service: &mut dyn Any, core: &mut Core, callback: Erased) {
    let Some(service) = service.downcast_mut::<S>() else { return };
    match L::enter(service, &mut core.envelope.keys.reader()) {
        Ok(mut guard) => {
            let (unit, parent) = L::parts(&mut guard);
            core.route = route::<S, L>;
            run_callback(core, |core| callback(unit, parent, core));
        }
        // Nobody is there any more to be called back.
        Err(gone @ NotEntered::Absent { .. }) => {
            tracing::debug!(target: "ember::service", %gone, "a callback has no receiver any more");
        }
        Err(reason) => tracing::error!(target: "ember::service", %reason, "a callback could not be run"),
    }
}

/// A reserved place for a callback.
pub(crate) struct CallbackPermit(Box<dyn Fill>);

trait Fill: Send {
    fn fill(self: Box<Self>, envelope: Envelope, callback: Erased);
}

struct Place<S: Service> {
    permit: Permit<Box<dyn Job<S>>>,
    route: RouteFn,
    method: &'static str,
}

impl CallbackPermit {
    pub(super) fn new<S: Service>(permit: Permit<Box<dyn Job<S>>>, route: RouteFn, method: &'static str) -> Self {
        Self(Box::new(Place { permit, route, method }))
    }

    /// Queues `callback` for the unit of the type `U` that reserved the place. Does nothing if the service has ended.
    pub(crate) fn fill<U: Unit>(
        self,
        envelope: Envelope,
        callback: impl FnOnce(&mut U, &mut Cx<'_, U>) + Send + 'static,
    ) {
        self.0.fill(envelope, erase(callback));
    }
}

fn erase<U: Unit>(callback: impl FnOnce(&mut U, &mut Cx<'_, U>) + Send + 'static) -> Erased {
    Box::new(move |unit, parent, core| {
        if let (Some(unit), Some(parent)) = (unit.downcast_mut::<U>(), parent.downcast_mut::<U::Parent>()) {
            callback(unit, &mut Cx::new(core, parent));
        }
    })
}

/// A unit of a running service, to deliver callbacks to.
pub(crate) struct Receiver {
    pub(super) cell: Arc<dyn AnyCell>,
    pub(super) route: RouteFn,
    /// The method that asked for callbacks.
    pub(super) method: &'static str,
}

impl Receiver {
    /// Queues `callback`, beyond the bounds, for the unit of the type `U`. `false` if the service takes no new work.
    pub(crate) fn owe<U: Unit>(
        &self,
        envelope: Envelope,
        callback: impl FnOnce(&mut U, &mut Cx<'_, U>) + Send + 'static,
    ) -> bool {
        let Self { cell, route, method } = self;
        cell.owe_callback(CallbackJob { callback: erase(callback), route: *route, method, envelope })
    }
}

impl<S: Service> Fill for Place<S> {
    fn fill(self: Box<Self>, envelope: Envelope, callback: Erased) {
        let Self { permit, route, method } = *self;
        let _ended = permit.fill(Box::new(CallbackJob { callback, route, method, envelope }));
    }
}

pub(crate) struct CallbackJob {
    callback: Erased,
    route: RouteFn,
    /// The method that asked for the callback.
    method: &'static str,
    envelope: Envelope,
}

impl<S: Service> Job<S> for CallbackJob {
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()> {
        core.envelope = self.envelope;
        core.method = self.method;
        (self.route)(service, core, self.callback);
        Box::pin(std::future::ready(()))
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
