//! Closures that come back to a service through its own mailbox.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    AnyCell, Body, Cell, Core, Cx, NotEntered, Path, Post, Service, Unit,
    execute::report,
    job::{Driving, Job, Start},
};
use crate::{
    error::RefusedReason,
    message::{Ambient, Due, Envelope, Lane},
};

/// A callback for a unit whose type only the closure knows: unit, parent, context.
pub(super) type Erased = Box<dyn FnOnce(&mut dyn Any, &mut dyn Any, &mut Core, &Ambient) + Send>;

/// Finds a unit in a service (given as `Any`) and runs a callback on it.
pub(super) type RouteFn = fn(&mut dyn Any, &mut Core, &Ambient, Erased);

/// The route to the unit at `L`.
pub(super) fn route<S: Service, L: Path<S>>(
    service: &mut dyn Any,
    core: &mut Core,
    ambient: &Ambient,
    callback: Erased,
) {
    let Some(service) = service.downcast_mut::<S>() else { return };
    match L::enter(service, &mut ambient.envelope.keys.reader()) {
        Ok(mut guard) => {
            let (unit, parent) = L::parts(&mut guard);
            core.route = route::<S, L>;
            ambient.scope(|| callback(unit, parent, core, ambient));
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

/// A place in the user lane that a mailbox has promised.
struct Promised<S: Service> {
    cell: Arc<Cell<S>>,
    route: RouteFn,
    method: &'static str,
    filled: bool,
}

impl CallbackPermit {
    /// A place that `cell`'s mailbox has promised.
    pub(super) fn new<S: Service>(cell: Arc<Cell<S>>, route: RouteFn, method: &'static str) -> Self {
        Self(Box::new(Promised { cell, route, method, filled: false }))
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
    Box::new(move |unit, parent, core, ambient| {
        if let (Some(unit), Some(parent)) = (unit.downcast_mut::<U>(), parent.downcast_mut::<U::Parent>()) {
            callback(unit, &mut Cx::new(core, ambient, parent));
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

impl<S: Service> Fill for Promised<S> {
    fn fill(mut self: Box<Self>, envelope: Envelope, callback: Erased) {
        self.filled = true;
        let job = CallbackJob { callback, route: self.route, method: self.method, envelope };
        let _ended = self.cell.mailbox.fill(Lane::User, Post::Job(Box::new(job)));
        self.cell.notice();
    }
}

impl<S: Service> Drop for Promised<S> {
    fn drop(&mut self) {
        if !self.filled {
            self.cell.mailbox.release(Lane::User);
            self.cell.notice();
        }
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
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        self.run(&mut body);
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}

impl CallbackJob {
    fn run<S: Service>(self, body: &mut Body<S>) {
        let Self { callback, route, method, envelope } = self;
        let Body { service, core, ambient } = &mut *body;
        let due = Due::at(envelope.deadline);
        ambient.begin(Some(envelope), due, method);
        let span = ambient.open_span();
        let run = || span.within(|| route(service, core, ambient, callback));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            report(body, panic.into());
        }
    }
}

/// Callbacks of calls that were not made, because the lane was full. They come through the mailbox all the same: one place beyond
/// the bound stands for all there are.
#[derive(Default)]
pub(super) struct Refused(Vec<CallbackJob>);

/// Where the callback of such a call goes.
pub(crate) struct Refusal<'a> {
    pub(super) refused: &'a mut Refused,
    pub(super) cell: Arc<dyn AnyCell>,
    pub(super) route: RouteFn,
    pub(super) method: &'static str,
}

impl Refusal<'_> {
    /// Queues `callback` for the unit of the type `U`, behind what waits.
    pub(crate) fn tell<U: Unit>(
        self,
        envelope: Envelope,
        callback: impl FnOnce(&mut U, &mut Cx<'_, U>) + Send + 'static,
    ) {
        let Self { refused: Refused(waiting), cell, route, method } = self;
        waiting.push(CallbackJob { callback: erase(callback), route, method, envelope });
        if waiting.len() == 1 {
            cell.owe_refusals();
        }
    }
}

/// Stands for all callbacks of calls that were not made.
pub(super) struct TellRefused;

impl<S: Service> Job<S> for TellRefused {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        // Those that are refused meanwhile wait for another turn: one that asks again and again leaves one to others.
        for callback in mem::take(&mut body.core.refused.0) {
            callback.run(&mut body);
        }
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
