//! Callbacks for a unit of a service, as they look to whoever knows neither the unit's type nor the service's.

use std::any::Any;

use crate::{
    actor::about::Given,
    message::{Ambient, Envelope},
    panics::Each,
};

/// A callback for a unit whose type only the closure knows: it gets the unit, its parent and the service's
/// [`Core`](super::Core).
pub(crate) type Erased = Box<dyn FnOnce(Given<'_>, &mut dyn Any, &mut dyn Any, &Ambient) + Send>;

/// Finds a unit in a service, and runs a callback on it: it gets the service and its [`Core`](super::Core).
pub(crate) type RouteFn = fn(&mut dyn Any, &mut dyn Any, &Ambient, Erased);

/// A callback on its way through the mailbox.
pub(crate) struct Owed {
    pub(crate) callback: Erased,
    pub(crate) route: RouteFn,
    /// The method that asked for the callback.
    pub(crate) method: &'static str,
    pub(crate) envelope: Envelope,
    /// Those of one line come one after the other, also where handlers run side by side.
    pub(crate) line: Option<u64>,
}

/// Callbacks of calls that were not made, because the lane was full. They come through the mailbox all the same: one place beyond
/// the bound stands for all there are. Those of a concurrent service are not among them: each has a place beyond the bound.
#[derive(Default)]
pub(crate) struct Refused(pub(crate) Each<Owed>);

/// A reserved place for a callback.
pub(crate) struct CallbackPermit(pub(crate) Box<dyn FillPermit>);

/// A place in a mailbox. If it is dropped, it is free again.
pub(crate) trait FillPermit: Send {
    fn fill(self: Box<Self>, envelope: Envelope, line: Option<u64>, callback: Erased);
}
