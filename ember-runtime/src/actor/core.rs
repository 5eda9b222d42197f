//! What the runtime keeps beside a service's state while its handlers run: the untyped half of a [`Cx`](super::Cx).

use std::{
    any::{Any, TypeId},
    sync::{Arc, OnceLock},
};

use super::{
    AnyCell, Here, Service,
    callback::{Refused, RouteFn},
};
use crate::{
    actor::about::ServiceState,
    clock::Clock,
    error::RefusedReason,
    id::Pid,
    message::{Chain, Keys, Lifespan},
    rng::Rng,
};

/// The node, as far as a service needs it.
pub(crate) trait Host: Send + Sync + 'static {
    /// The part of the node that has this type, for the rooms that know it.
    fn part(&self, kind: TypeId) -> Option<Arc<dyn Any + Send + Sync>>;

    /// Where its tasks run.
    fn runtime(&self) -> &tokio::runtime::Handle;

    /// The one source of randomness.
    fn rng(&self) -> &Rng;

    /// The wall clock.
    fn clock(&self) -> Arc<dyn Clock>;

    /// A service is about to be started again: what it had asked of the node, ends.
    fn restarts(&self, pid: Pid);

    /// A service has ended.
    fn ended(&self, pid: Pid, state: ServiceState);
}

impl dyn Host {
    /// The part of the type `T`.
    ///
    /// # Panics
    /// If the node has none: a mistake in this crate.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let part = self.part(TypeId::of::<T>()).and_then(|part| part.downcast().ok());
        part.expect("a node has every part that its services ask for")
    }
}

/// Modules under keys, by their field.
#[derive(Default)]
pub(super) struct Waiting(pub(super) Vec<(usize, Keys)>);

/// One per running service.
pub(crate) struct Core {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) cell: Arc<dyn AnyCell>,
    /// The way to the unit whose handler is running.
    pub(crate) route: RouteFn,
    /// Where the next hook, tick or event goes, if its unit, or one on the way, stands under a key.
    pub(crate) keys: Keys,
    /// Of the service: it ends with this life. Made when something is first attached to it.
    life: OnceLock<Arc<Lifespan>>,
    /// Who waits for the first start of the service, while that runs.
    pub(super) started_for: Option<Arc<Chain>>,
    /// Callbacks of calls that were not made, because there was no place for them.
    pub(super) refused: Refused,
    /// Timers and subscriptions have been started in this life.
    pub(super) live: bool,
    /// Started modules under keys whose timers and subscriptions have not been, by their field.
    pub(super) waiting: Option<Box<Waiting>>,
    /// Something that ran has panicked.
    pub(super) panicked: bool,
    /// Modules were added or released, and are to be started or stopped.
    pub(super) changed: bool,
    /// The service has asked to be stopped.
    pub(super) stop: bool,
}

impl Core {
    pub(crate) fn new<S: Service>(host: Arc<dyn Host>, cell: Arc<dyn AnyCell>) -> Self {
        Self {
            host,
            cell,
            route: super::callback::route::<S, Here>,
            keys: Keys::default(),
            life: OnceLock::new(),
            started_for: None,
            refused: Refused::default(),
            live: false,
            waiting: None,
            panicked: false,
            changed: false,
            stop: false,
        }
    }

    /// Another life begins: what depended on the last one ends.
    pub(super) fn begin(&mut self) {
        self.life = OnceLock::new();
        self.keys = Keys::default();
        self.waiting = None;
        (self.live, self.panicked, self.changed, self.stop) = (false, false, false, false);
    }

    /// The present life of the service.
    pub(crate) fn life(&self) -> &Arc<Lifespan> {
        self.life.get_or_init(Lifespan::new)
    }

    /// Whether the driver must see to something before the next message.
    pub(super) fn needs_driver(&self) -> bool {
        self.panicked | self.changed | self.stop
    }

    pub(crate) fn pid(&self) -> Pid {
        self.cell.pid()
    }

    /// The unit that is running `method` now, for callbacks that come later.
    pub(crate) fn receiver(&self, method: &'static str) -> super::Receiver {
        super::Receiver { cell: Arc::clone(&self.cell), route: self.route, method }
    }

    /// Reserves the place of a callback in this service's own mailbox, to be run on the unit that is running `method` now.
    ///
    /// # Errors
    /// There is none. The call must not be made then; what to do with its callback.
    pub(crate) fn reserve_callback(
        &mut self,
        method: &'static str,
    ) -> Result<super::CallbackPermit, (RefusedReason, super::Refusal<'_>)> {
        let (route, cell) = (self.route, Arc::clone(&self.cell));
        Arc::clone(&cell)
            .reserve_callback(route, method)
            .map_err(|reason| (reason, super::Refusal { refused: &mut self.refused, cell, route, method }))
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
