//! What a handler can ask of its surroundings.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Unit;
use crate::{
    actor::{
        about::{EventSource, Shard},
        erased::Core,
    },
    error::{Error, Result},
    id::{Epoch, Pid},
    message::{
        Ambient, Caller, CodecError, Deferred, Extension, Replier, Station, StreamSender, Streaming, deferred,
        streaming,
    },
    office::{Fence, Role},
};

/// The context of a running handler: `cx: &mut Cx<'_, Self>`, first after `self`, on any server method that wants it.
pub struct Cx<'a, U: Unit> {
    pub(crate) core: &'a mut Core,
    pub(crate) ambient: &'a Ambient,
    parent: &'a mut U::Parent,
}

impl<'a, U: Unit> Cx<'a, U> {
    pub(crate) fn new(core: &'a mut Core, ambient: &'a Ambient, parent: &'a mut U::Parent) -> Self {
        Self { core, ambient, parent }
    }

    /// The unit that this module is mounted in, as `#[module(parent = …)]` declares.
    pub fn parent(&mut self) -> &mut U::Parent
    where
        U::Parent: DeclaresParent,
    {
        self.parent
    }

    /// The service that this handler runs in.
    pub fn pid(&self) -> Pid {
        self.core.pid()
    }

    /// What this instance of an elected service is now; [`Role::Master`] for a service that is not elected, which acts for itself.
    pub fn role(&self) -> Role {
        self.core.office.as_ref().map_or(Role::Master, |office| office.seat.role())
    }

    /// The epoch in which this handler began, if its instance was the master then; `None` for one that is not elected. See
    /// [`fence`](Self::fence).
    pub fn epoch(&self) -> Option<Epoch> {
        self.core.office.as_ref()?.began
    }

    /// What a master writes to a database with, so that a former master's writes are refused there.
    ///
    /// # Errors
    /// [`Error::NotMaster`](crate::error::Error::NotMaster) if this instance is not the master any more; [`Error::Other`](crate::error::Error::Other)
    /// if it was not when the handler began, or if its service is not elected.
    pub fn fence(&self) -> Result<Fence> {
        match self.core.fence() {
            Some(fence) => fence.check().map(|()| fence),
            None if self.core.office.is_some() => {
                Err(Error::other("this instance is not the master: only that has a fence"))
            }
            None => Err(Error::other("this service is not elected: write `#[service(elected)]`")),
        }
    }

    /// Stops this service: after the running handler it takes no new work, finishes what waits in its mailbox, and ends.
    /// With [`Restart::Always`](crate::actor::about::Restart::Always) it stops after the running handler, keeps its mailbox, and is started
    /// again.
    pub fn stop(&mut self) {
        self.core.stop = true;
    }

    /// The two halves of a reply that comes later: the method returns the first, and the second answers the call, from
    /// wherever it is then.
    pub fn defer<T>(&self) -> (Deferred<T>, Replier<T>) {
        deferred()
    }

    /// The two halves of a stream: the method returns the second, and the first sends its items, from wherever it is then. At most
    /// `ahead` items (at least 1) are ahead of the reader: then [`StreamSender::send`] waits.
    pub fn streaming<T: Send + 'static>(&self, ahead: usize) -> (StreamSender<T>, Streaming<T>) {
        let cell = || {
            let cell = Arc::downgrade(&self.core.cell);
            move || cell.upgrade().is_none_or(|cell| cell.is_cut())
        };
        streaming(ahead, &self.core.host.get::<Station>(), &self.core.streams, cell, self.ambient.holds())
    }

    /// When the caller stops waiting. Calls made here end by then as well.
    pub fn deadline(&self) -> Option<Instant> {
        self.ambient.deadline()
    }

    /// How long the caller still waits; `None` if it does not wait, or waits without a limit.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.deadline()?.saturating_duration_since(Instant::now()))
    }

    /// A header that the caller set, or that came to it from its own caller.
    pub fn header(&self, name: &str) -> Option<&str> {
        Some(self.ambient.envelope.beside.as_deref()?.headers.get(name)?.as_str())
    }

    /// An extension that the caller gave, or that came to it from its own caller; `None` if there is none of this type.
    ///
    /// # Errors
    /// What is there under its name cannot be read as one.
    pub fn extension<E: Extension>(&self) -> Result<Option<E>, CodecError> {
        self.ambient.envelope.beside.as_ref().map_or(Ok(None), |beside| beside.extension())
    }

    /// Which of its service's shards this is; `None` if the service is not sharded.
    pub fn shard(&self) -> Option<Shard> {
        self.core.cell.shard()
    }

    /// Who made the call. `None` where nobody did: in hooks, timers, events, and callbacks.
    pub fn caller(&self) -> Option<Caller> {
        self.ambient.caller()
    }

    /// Where the event comes from whose handler this is: who published it, how far it goes, and which one it is. `None` in everything else.
    pub fn event(&self) -> Option<EventSource> {
        self.core.event.filter(|_| self.ambient.caller().is_none())
    }

    /// The key of the call: the hash of what its contract names with `#[rpc(key = …)]`, or what the caller gave with `.key(…)`.
    pub fn key(&self) -> Option<u64> {
        self.ambient.envelope.key
    }
}

impl<U: Unit> fmt::Debug for Cx<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx").field("unit", &U::NAME).field("core", &self.core).finish_non_exhaustive()
    }
}

/// A type that can be reached with [`Cx::parent`].
#[diagnostic::on_unimplemented(
    message = "no parent is declared here",
    label = "this unit has no parent",
    note = "declare it: `#[module(parent = TheService)]`"
)]
pub trait DeclaresParent {}
#[diagnostic::do_not_recommend]
impl<U: Unit> DeclaresParent for U {}
