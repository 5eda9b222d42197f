//! The way to the unit that is running, and closures that come back to it through the mailbox of its service.

use std::{any::Any, sync::Arc};

use super::{Body, Cx, Loan, NotEntered, Path, Service, Unit};
use crate::{
    actor::{
        about::{Access as _, Given, Held},
        erased::{AnyCell, CallbackPermit, Core, Erased, Owed, Refused, RouteFn},
    },
    error::RefusedReason,
    message::{Ambient, CameFrom, Due, Envelope},
    threads::{At, Work},
};

/// The route to the unit at `L`.
pub(crate) fn route<S: Service, L: Path<S>>(
    service: &mut dyn Any,
    core: &mut dyn Any,
    ambient: &Ambient,
    callback: Erased,
) {
    let (Some(service), Some(core)) = (service.downcast_mut::<Held<S>>(), core.downcast_mut::<Core>()) else { return };
    let mut way = match L::reach(service, &mut ambient.envelope.keys.reader()) {
        Ok(way) => way,
        Err(reason) => return no_way(&reason),
    };
    match L::lent(&mut way) {
        Ok((unit, parent)) => {
            core.route = route::<S, L>;
            ambient.scope(|| {
                let _at = At::begin(ambient.work);
                callback(<L::Unit as Unit>::Access::erase(unit), parent, core, ambient);
            });
        }
        Err(reason) => no_way(&reason),
    }
}

fn no_way(reason: &NotEntered) {
    match reason {
        // Nobody is there any more to be called back.
        gone @ NotEntered::Absent { .. } => {
            tracing::debug!(target: "ember::service", %gone, "a callback has no receiver any more");
        }
        reason => tracing::error!(target: "ember::service", %reason, "a callback could not be run"),
    }
}

impl<S: Service> Body<S> {
    /// Notes what runs next, and where.
    #[inline]
    pub(crate) fn begin<L: Path<S>>(
        &mut self,
        came_from: CameFrom,
        envelope: Option<Envelope>,
        due: Due,
        what: (&'static str, Work),
    ) {
        self.begin_at(route::<S, L>, came_from, envelope, due, what);
    }

    /// The same, at the unit that `route` leads to.
    #[inline]
    pub(crate) fn begin_at(
        &mut self,
        route: RouteFn,
        came_from: CameFrom,
        envelope: Option<Envelope>,
        due: Due,
        (method, work): (&'static str, Work),
    ) {
        self.ambient.begin(came_from, envelope, due, method);
        self.ambient.work = work;
        self.core.route = route;
    }
}

impl CallbackPermit {
    /// Queues `callback` for the unit of the type `U` that reserved the place. Does nothing if the service has ended.
    pub(crate) fn fill<U: Unit>(
        self,
        envelope: Envelope,
        callback: impl FnOnce(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    ) {
        self.0.fill(envelope, None, erase(callback));
    }

    /// The same, after all others of this line.
    pub(crate) fn fill_in_line<U: Unit>(
        self,
        envelope: Envelope,
        line: Option<u64>,
        callback: impl FnOnce(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    ) {
        self.0.fill(envelope, line, erase(callback));
    }
}

fn erase<U: Unit>(callback: impl FnOnce(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static) -> Erased {
    Box::new(move |unit, parent, core, ambient| {
        let (unit, parent) = (U::Access::given(unit), parent.downcast_mut::<U::Parent>());
        if let (Some(unit), Some(parent), Some(core)) = (unit, parent, core.downcast_mut()) {
            callback(unit, &mut Cx::new(core, ambient, parent));
        }
    })
}

/// As an [`Erased`], but it may come again.
pub(crate) type Again = Box<dyn FnMut(Given<'_>, &mut dyn Any, &mut dyn Any, &Ambient) + Send>;

/// A callback for the unit of the type `U` that may come again and again.
pub(crate) fn again<U: Unit>(mut callback: impl FnMut(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static) -> Again {
    Box::new(move |unit, parent, core, ambient| {
        let (unit, parent) = (U::Access::given(unit), parent.downcast_mut::<U::Parent>());
        if let (Some(unit), Some(parent), Some(core)) = (unit, parent, core.downcast_mut()) {
            callback(unit, &mut Cx::new(core, ambient, parent));
        }
    })
}

/// Where the callback of a call goes that was not made, because there was no place for it.
pub(crate) struct Unreserved<'a> {
    refused: &'a mut Refused,
    cell: Arc<dyn AnyCell>,
    route: RouteFn,
    method: &'static str,
}

impl Unreserved<'_> {
    /// Queues `callback` for the unit of the type `U`, behind what waits.
    pub(crate) fn tell<U: Unit>(
        self,
        envelope: Envelope,
        callback: impl FnOnce(Loan<'_, U>, &mut Cx<'_, U>) + Send + 'static,
    ) {
        let Self { refused, cell, route, method } = self;
        cell.owe_refused(Owed { callback: erase(callback), route, method, envelope, line: None }, refused);
    }
}

impl Core {
    /// Reserves the place of a callback in this service's own mailbox, to be run on the unit that is running `method` now.
    ///
    /// # Errors
    /// There is none. The call must not be made then; what to do with its callback.
    pub(crate) fn reserve_callback(
        &mut self,
        method: &'static str,
    ) -> Result<CallbackPermit, (RefusedReason, Unreserved<'_>)> {
        let (route, cell) = (self.route, Arc::clone(&self.cell));
        Arc::clone(&cell)
            .reserve_callback(route, method)
            .map_err(|reason| (reason, Unreserved { refused: &mut self.refused, cell, route, method }))
    }
}
