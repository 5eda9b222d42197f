//! The state of a running service, with all that its handlers use beside it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    actor::{
        about::{Access as _, Events, Held, Lends, One},
        erased::Core,
    },
    message::{Ambient, Named},
    panics::Panic,
};

/// Whoever has it, runs the service: its driver, a caller, or a link that brings calls.
pub(crate) struct Body<S: Lends> {
    /// Dropped before the service, so that its streams learn why they end before their senders are dropped.
    pub(crate) core: Core,
    pub(crate) service: Held<S>,
    /// Of what is running.
    pub(crate) ambient: Ambient,
    /// The event whose handler runs, with those that came with it. It stays for the next of them: what others share is not counted up and down for each.
    pub(crate) heard: Option<One>,
}

impl<S: Lends> Body<S> {
    /// A service that has been made, and nothing of it has run.
    pub(crate) fn new(service: S, core: Core, named: Arc<dyn Named>) -> Box<Self> {
        let group = core.held.as_ref().map(|held| Arc::clone(&held.replica) as _);
        Self::of(S::Access::hold(service), core, Ambient::new(named).in_group(group))
    }

    /// Another that runs handlers of the same service.
    pub(crate) fn of(service: Held<S>, core: Core, mut ambient: Ambient) -> Box<Self> {
        ambient.show_at(core.host.place(core.pid()));
        Box::new(Self { service, core, ambient, heard: None })
    }

    /// The event at this place is about to be handled.
    pub(crate) fn hear(&mut self, events: &Events, place: usize) {
        match &mut self.heard {
            Some(one) if Arc::ptr_eq(&one.of, events) => one.place = place,
            heard => *heard = Some(One { of: Arc::clone(events), place }),
        }
    }

    /// The state, if nobody else has it.
    pub(crate) fn alone(&mut self) -> Option<&mut S> {
        S::Access::alone(&mut self.service)
    }

    /// The message of a panic, which is logged here.
    pub(crate) fn report(&mut self, panic: Panic) -> String {
        let Self { core, ambient, .. } = self;
        let text = panic.to_string();
        core.panicked = true;
        let (service, pid, method) = (core.cell.name(), core.pid(), ambient.method);
        tracing::error!(target: "ember::service", service, %pid, method, panic = %text, "a handler panicked");
        text
    }

    /// Does what may run code of the user's beside a handler, and catches its panic.
    #[inline]
    pub(crate) fn guarded(&mut self, action: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
            self.report(panic.into());
        }
    }
}
