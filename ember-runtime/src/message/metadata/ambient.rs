//! What the runtime knows about the handler that is running on this thread: it bounds every call made there.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::time::Instant;

use super::{
    caller::{Caller, CameFrom},
    chain::Chain,
    due::Due,
    envelope::{Envelope, Opened},
    named::Named,
    span::HandlerSpan,
    unsettled::{HeldBack, Settles, Unsettled},
};
use crate::{
    id::{NodeKey, Pid},
    message::streams::Holds,
    meters::WaitPlace,
    threads::Work,
};

scoped_tls::scoped_thread_local!(static CURRENT: Ambient);

/// The running handler. Work that is spawned elsewhere does not see it.
pub(crate) struct Ambient {
    service: Arc<dyn Named>,
    pub(crate) method: &'static str,
    /// What a thread that runs it shows: whoever begins a handler says it.
    pub(crate) work: Work,
    pub(crate) envelope: Opened,
    came_from: CameFrom,
    /// The node of the last caller elsewhere.
    pub(crate) peer: Option<NodeKey>,
    pub(crate) due: Due,
    /// Its group, if its service is replicated.
    group: Option<Arc<dyn Settles>>,
    /// The chain of calls that this handler waits for, made with the first.
    extended: OnceLock<Arc<Chain>>,
    /// Where it shows that it waits, if somebody looks.
    place: Option<Arc<WaitPlace>>,
}

impl Ambient {
    /// Of a service in which nothing has run yet.
    pub(crate) fn new(service: Arc<dyn Named>) -> Self {
        Self {
            service,
            method: "",
            work: Work::UNWATCHED,
            envelope: Opened::default(),
            came_from: CameFrom::Own,
            peer: None,
            due: Due::default(),
            group: None,
            extended: OnceLock::new(),
            place: None,
        }
    }

    /// From now on its handlers show there that they wait.
    pub(crate) fn show_at(&mut self, place: Option<Arc<WaitPlace>>) {
        self.place = place;
    }

    /// The handler that runs waits for something.
    #[inline]
    pub(crate) fn waits(&self) {
        if let Some(place) = self.place.as_ref().filter(|place| !place.waits()) {
            let caller = self.caller().map(|caller| (caller.node(), caller.service().map_or(0, |pid| pid.number)));
            place.begin(self.work.number(), caller);
        }
    }

    /// The handler that runs waits for the answer of this service.
    #[inline]
    pub(crate) fn calls(callee: Pid) {
        Self::current(|ambient| ambient.place.as_ref().map(|place| place.calls(callee)));
    }

    /// The handler that ran has ended, or was dropped.
    #[inline]
    pub(crate) fn has_ended(&self) {
        if let Some(place) = &self.place {
            place.end();
        }
    }

    /// The same, of a replicated service.
    pub(crate) fn in_group(mut self, group: Option<Arc<dyn Settles>>) -> Self {
        self.group = group;
        self
    }

    /// What its service has done that is not acknowledged: whatever leaves it now waits for that.
    #[inline]
    pub(crate) fn unsettled(&self) -> Option<Unsettled> {
        Unsettled::of(self.group.as_ref()?)
    }

    /// Who says when what leaves its service may leave, if that may have to wait.
    pub(crate) fn holds(&self) -> Option<Arc<dyn Holds>> {
        Some(Arc::new(HeldBack(Arc::clone(self.group.as_ref()?))))
    }

    /// Another handler begins. It comes without an envelope if there is nothing in it.
    #[inline]
    pub(crate) fn begin(&mut self, came_from: CameFrom, envelope: Option<Envelope>, due: Due, method: &'static str) {
        self.method = method;
        self.came_from = came_from;
        self.due = due;
        self.envelope.put(envelope);
        // Taking it costs more than looking whether it is there.
        if self.extended.get().is_some() {
            self.forget_chain();
        }
    }

    #[inline(never)]
    fn forget_chain(&mut self) {
        self.extended = OnceLock::new();
    }

    /// The span of the handler that has begun. To be asked for once.
    #[inline]
    pub(crate) fn open_span(&mut self) -> HandlerSpan {
        HandlerSpan::open(self.envelope.take_made_in(), &*self.service, self.method)
    }

    /// The service that is at work.
    pub(crate) fn service(&self) -> &dyn Named {
        &*self.service
    }

    pub(crate) fn pid(&self) -> Pid {
        self.service.pid()
    }

    /// Who made the call, if one is handled.
    pub(crate) fn caller(&self) -> Option<Caller> {
        self.came_from.caller(self.pid().node, self.peer)
    }

    /// When the handler must have ended.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.get()
    }

    /// Whether its time is over.
    pub(crate) fn is_late(&self) -> bool {
        self.due.is_over()
    }

    /// Whether a handler is running on this thread.
    #[inline]
    pub(crate) fn is_there() -> bool {
        CURRENT.is_set()
    }

    /// Shows the handler that is running on this thread, if one is, to `look`.
    #[inline]
    pub(crate) fn current<T>(look: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.is_set().then(|| CURRENT.with(look))
    }

    /// Runs one step of the handler that `self` describes.
    #[inline]
    pub(crate) fn scope<T>(&self, step: impl FnOnce() -> T) -> T {
        if let Some(place) = &self.place {
            place.goes_on();
        }
        CURRENT.set(self, step)
    }

    /// The chain of a call that this handler waits for.
    pub(crate) fn extended(&self) -> Arc<Chain> {
        let (pid, name) = (self.service.link(), self.service.name());
        let extend = || Chain::here(pid, name, self.method, self.envelope.chain.clone());
        Arc::clone(self.extended.get_or_init(extend))
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ambient").field("service", &self.service).field("method", &self.method).finish_non_exhaustive()
    }
}
