//! What the runtime keeps beside a service's state while its handlers run: the untyped half of a [`Cx`](crate::actor::Cx).

use std::sync::{Arc, OnceLock};

use super::{
    AnyCell, Calling, Holding, Host,
    calling::KEEP_OWED,
    owed::{Refused, RouteFn},
};
use crate::{
    actor::about::{EventSource, ReplicaKind},
    error::{LostReason, RefusedReason},
    hooks::{Acts, AskedHandler, HandlerHooks, Ordered},
    id::{Asker, CallId, CallNumber, Epoch, NodeKey, Pid, Serial},
    message::{Chain, Envelope, Keys, Lifespan, MethodInfo, RawReply, Reading, Shows, Stored, StreamsOfLife},
    office::{Fence, OfficeSeat, Shown},
    replica::MOST_OWED,
    threads::Work,
};

/// Modules under keys, by their field.
#[derive(Default)]
pub(crate) struct NotLive(pub(crate) Vec<(usize, Keys)>);

/// One per running service.
pub(crate) struct Core {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) cell: Arc<dyn AnyCell>,
    /// Who has a say before its handlers start.
    pub(crate) hooks: Ordered<dyn HandlerHooks>,
    /// The handler that runs, if they were asked about it.
    pub(crate) asked: Option<Box<AskedHandler>>,
    /// The way to the unit whose handler is running.
    pub(crate) route: RouteFn,
    /// Where the next hook, tick or event goes, if its unit, or one on the way, stands under a key.
    pub(crate) keys: Keys,
    /// Where the event comes from whose handler runs.
    pub(crate) event: Option<EventSource>,
    /// Of the service: it ends with this life. Made when something is first attached to it.
    life: OnceLock<Arc<Lifespan>>,
    /// Its streams, which end with this life.
    pub(crate) streams: StreamsOfLife,
    /// Who waits for the first start of the service, while that runs.
    pub(crate) started_for: Option<Arc<Chain>>,
    /// Callbacks of calls that were not made, because there was no place for them.
    pub(crate) refused: Refused,
    /// Timers and subscriptions have been started in this life.
    pub(crate) live: bool,
    /// Started modules under keys whose timers and subscriptions have not been, by their field.
    pub(crate) waiting: Option<Box<NotLive>>,
    /// Something that ran has panicked.
    pub(crate) panicked: bool,
    /// Modules were added or released, and are to be started or stopped.
    pub(crate) changed: bool,
    /// The service has asked to be stopped.
    pub(crate) stop: bool,
    /// The right to act, of an elected service.
    pub(crate) office: Option<Box<InOffice>>,
    /// The state of a replicated service. It outlives this life.
    pub(crate) held: Option<Box<Holding>>,
}

/// An elected service, as its handlers see it.
pub(crate) struct InOffice {
    pub(crate) seat: Arc<OfficeSeat>,
    /// The epoch in which the handler that runs began, if it acts for the group.
    pub(crate) began: Option<Epoch>,
    /// The name of the office.
    group: Arc<str>,
    /// The handler that runs is not one that any instance may run.
    pub(crate) acts: bool,
}

impl Core {
    /// `route` leads to the service itself.
    pub(crate) fn new(host: Arc<dyn Host>, cell: Arc<dyn AnyCell>, route: RouteFn) -> Self {
        Self {
            hooks: host.handler_hooks().clone(),
            asked: None,
            host,
            cell,
            route,
            keys: Keys::default(),
            event: None,
            life: OnceLock::new(),
            streams: StreamsOfLife::default(),
            started_for: None,
            refused: Refused::default(),
            live: false,
            waiting: None,
            panicked: false,
            changed: false,
            stop: false,
            office: None,
            held: None,
        }
    }

    /// The same, of an elected service.
    pub(crate) fn in_office(mut self, seat: Option<Arc<OfficeSeat>>) -> Self {
        let group = || self.cell.identity().office().to_string().into();
        self.office = seat.map(|seat| Box::new(InOffice { seat, began: None, group: group(), acts: false }));
        self
    }

    /// The same, of a replicated service.
    pub(crate) fn replicated(mut self, kind: Option<ReplicaKind>) -> Self {
        let held = |kind| Some(Box::new(Holding::new(self.host.replica(self.cell.pid())?, kind, self.host.clock())));
        self.held = kind.and_then(held);
        self
    }

    /// A handler is about to start. One that acts for a group needs the right to; `asked` is the epoch for which its caller sent it. One that reads
    /// needs a state that is as new as its caller asks for.
    ///
    /// # Errors
    /// This instance is not the master, or not in that epoch, or too few of its group are in sync, or it is behind.
    pub(crate) fn start(
        &mut self,
        info: &MethodInfo,
        asked: Option<Epoch>,
        reading: Option<Reading>,
    ) -> Result<(), RefusedReason> {
        let Some(office) = &mut self.office else { return Ok(()) };
        office.acts = !info.read;
        office.began = if info.read { office.seat.acting_at_start() } else { Some(office.seat.start(asked)?) };
        if let Some(held) = &mut self.held {
            held.begin(None);
            if info.read {
                return if held.may_show(office.began.is_some(), reading) {
                    Ok(())
                } else {
                    Err(RefusedReason::Behind)
                };
            }
            held.catch_up();
            // Its office may have gone with its state, and it is about to learn that.
            if held.replica.shows_nothing() || !held.replica.leads(office.began) {
                return Err(RefusedReason::Behind);
            }
            if let Some((in_sync, needed)) = held.replica.too_few() {
                return Err(RefusedReason::TooFewInSync { in_sync: in_sync as u64, needed: needed as u64 });
            }
            if held.replica.is_full() {
                return Err(RefusedReason::LogFull { limit: MOST_OWED as u64 });
            }
        }
        Ok(())
    }

    /// The handler that is about to start is that of this call, which came from the run `from` of a node. `false`: it is not to start, for others
    /// have been told that it has not, or what became of it.
    pub(crate) fn begin_call(&mut self, info: &MethodInfo, call: Option<CallNumber>, from: NodeKey) -> bool {
        let (Some(held), Some(CallNumber { by: None, number, lowest })) = (&mut self.held, call) else { return true };
        let id = CallId::new(Asker::Run(from), number);
        if info.read {
            return true;
        }
        let is_new = held.is_new(id);
        held.begin(is_new.then(|| Calling::new(id, lowest.into())));
        is_new
    }

    /// The same for a call that may be made again: with an id of the user's, or owed by a group. The reply is given back if it is to start;
    /// otherwise it is seen to. `asked` is a hash of what is called.
    pub(crate) fn begin_once<'a>(
        &mut self,
        info: &MethodInfo,
        (envelope, from): (&Envelope, NodeKey),
        asked: u64,
        reply: RawReply<'a>,
    ) -> Option<RawReply<'a>> {
        let began = self.office.as_deref().and_then(|office| office.began).filter(|_| !info.read);
        let (Some(held), Some(epoch)) = (&mut self.held, began) else { return Some(reply) };
        let call = match *envelope {
            Envelope { call: Some(CallNumber { by: Some((key, epoch)), number, lowest }), .. } => {
                // Nobody speaks for a group who is not of it.
                if from != self.cell.pid().node && !self.host.has_one_of(key.group, from) {
                    let why = "no instance of the group that owes it is known here to be on the node that makes it";
                    reply.fail(RefusedReason::NotOnce(why.into()));
                    return None;
                }
                let [serial, lowest] = [number, lowest].map(|number| Serial { epoch, number });
                Calling::once((CallId { by: Asker::Group(key), serial }, lowest), asked, KEEP_OWED)
            }
            Envelope { once: Some(number), .. } => {
                let keep = info.dedupe.map_or(0, |window| u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
                Calling::once((CallId::new(Asker::Node(from.id), number), Serial::default()), asked, keep)
            }
            _ => return Some(reply),
        };
        let reply = held.admit(&call, epoch, reply)?;
        held.begin(Some(call));
        Some(reply)
    }

    /// The handler that has ended has come to this, which `reply` writes if the others of its group are to know it.
    pub(crate) fn conclude(&mut self, reply: impl FnOnce() -> Stored) {
        if let (Some(InOffice { began: Some(epoch), .. }), Some(held)) = (self.office.as_deref(), &mut self.held)
            && held.keeps_reply()
        {
            held.conclude(*epoch, reply());
        }
    }

    /// Its reply comes later. Of which call, if anybody may ask for it.
    pub(crate) fn defer(&mut self) -> Option<CallId> {
        let began = self.office.as_deref()?.began?;
        self.held.as_mut()?.defer(began)
    }

    /// Who knows how new the reply of its handler is.
    pub(crate) fn shows(&self) -> Arc<dyn Shows> {
        let shown = self.held.as_deref().and_then(|held| held.replica.shown());
        shown.map_or_else(|| Arc::new(Shown::default()), Arc::clone)
    }

    /// The same for a hook, a timer, an event or a callback, which runs in any role.
    pub(crate) fn start_task(&mut self) {
        if let Some(office) = &mut self.office {
            office.began = office.seat.acting_at_start();
            office.acts = true;
        }
        if let Some(held) = &mut self.held {
            held.begin(None);
            held.catch_up();
        }
    }

    /// The epoch in which the handler that runs began, if its instance acted for its group then, with the seat that knows whether it still does.
    pub(crate) fn fence(&self) -> Option<Fence> {
        let InOffice { seat, began, .. } = self.office.as_deref()?;
        began.map(|epoch| Fence { epoch, seat: Arc::clone(seat) })
    }

    /// What hooks may know of the call that begins, if its handler acts for the group; `asked` is the epoch for which it was sent.
    pub(crate) fn acts(&self, asked: Option<Epoch>) -> Option<Acts> {
        let InOffice { began, group, acts, .. } = self.office.as_deref()?;
        let is_known = self.held.is_some();
        began.filter(|_| *acts).map(|epoch| Acts { group: Arc::clone(group), asked, epoch, is_known })
    }

    /// What the reply of this method depends on.
    pub(crate) fn acting(&self, info: &MethodInfo) -> Option<Fence> {
        if info.read { None } else { self.fence() }
    }

    /// Whether the reply of the handler that has ended may be released.
    ///
    /// # Errors
    /// What it did for the group may have been overtaken.
    pub(crate) fn release(&self, info: &MethodInfo) -> Result<(), LostReason> {
        match self.office.as_deref() {
            Some(InOffice { seat, began: Some(epoch), .. }) if !info.read => seat.release(*epoch),
            _ => Ok(()),
        }
    }

    /// Another life begins: what depended on the last one ends.
    pub(crate) fn begin(&mut self) {
        self.life = OnceLock::new();
        self.streams = StreamsOfLife::default();
        self.keys = Keys::default();
        self.waiting = None;
        (self.live, self.panicked, self.changed, self.stop) = (false, false, false, false);
    }

    /// The present life of the service.
    pub(crate) fn life(&self) -> &Arc<Lifespan> {
        self.life.get_or_init(Lifespan::new)
    }

    /// It is of this life, as others of its service are.
    pub(crate) fn share_life(&mut self, life: Arc<Lifespan>, streams: StreamsOfLife) {
        let _is_new = self.life.set(life);
        self.streams = streams;
    }

    /// Whether the driver must see to something before the next message.
    pub(crate) fn needs_driver(&self) -> bool {
        self.panicked | self.changed | self.stop
    }

    pub(crate) fn pid(&self) -> Pid {
        self.cell.pid()
    }

    /// What a thread shows that runs a hook, timer or callback of this name.
    pub(crate) fn work(&self, name: &'static str) -> Work {
        if self.host.is_watched() { Work::known(self.cell.name(), name) } else { Work::UNWATCHED }
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
