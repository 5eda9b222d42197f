//! Events on their way, what a subscriber is told beside one, and in place of one that it has missed.

use std::{any::Any, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    id::{NodeKey, Pid},
    panics::dispose,
};

/// How far an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// The service that publishes it, with its modules. Nobody takes one that was published outside of a service, and none is kept for subscribers to
    /// come.
    Service,
    /// The services of the node that publishes it.
    Node,
    /// Those of all nodes with this server id.
    Server(u32),
    /// Those of all nodes.
    Cluster,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service => f.write_str("service"),
            Self::Node => f.write_str("node"),
            Self::Server(id) => write!(f, "server {id}"),
            Self::Cluster => f.write_str("cluster"),
        }
    }
}

/// Where an event comes from: what [`Cx::event`](crate::actor::Cx::event) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSource {
    /// The run of the node that published it.
    pub node: NodeKey,
    /// The service in whose handler it was published; `None` if that was outside of one.
    pub service: Option<Pid>,
    /// How far it goes.
    pub scope: Scope,
    /// Which of the events of its type and scope it is that this run of a node has published for the node of the subscriber, since there was a subscriber
    /// there: 1, 2, 3, … 0 for one that is [`retained`](Self::retained). Those of [`Scope::Service`] are counted for all services of the node together.
    pub number: u64,
    /// It is the last one from before the subscription, for an `#[on(event, retain)]`.
    pub retained: bool,
}

impl EventSource {
    pub(crate) const fn new(node: NodeKey, service: Option<Pid>, scope: Scope, number: u64) -> Self {
        Self { node, service, scope, number, retained: false }
    }

    /// The same, of one from before a subscription.
    pub(crate) const fn kept(self) -> Self {
        Self { number: 0, retained: true, ..self }
    }
}

/// An event with its source.
#[derive(Clone)]
pub(crate) struct Item {
    /// There until this is dropped.
    event: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) source: EventSource,
    /// What its bytes come to, if it is of another node; nothing if it is kept for nobody.
    pub(crate) digest: Option<u64>,
    /// So many bytes it had on its way, if it is of another node.
    pub(crate) bytes: usize,
}

/// How an event of another node has come: in which generation of its stream, and what its bytes come to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Came {
    pub(crate) generation: u64,
    pub(crate) digest: u64,
    /// How many they are.
    pub(crate) bytes: usize,
}

/// Events in the order of their publisher. All subscribers of a node share them.
pub(crate) type Events = Arc<[Item]>;

/// One of them, in its handler.
pub(crate) struct One {
    pub(crate) of: Events,
    pub(crate) place: usize,
}

impl Item {
    pub(crate) fn new(event: &Arc<dyn Any + Send + Sync>, source: EventSource, digest: Option<u64>) -> Self {
        Self { event: Some(Arc::clone(event)), source, digest, bytes: 0 }
    }

    /// The same, of another node.
    pub(crate) fn of_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    pub(crate) fn event(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.event.as_ref()
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // It is the user's: each is let go of by itself, also where it is the last of many.
        if let Err(panic) = dispose(self.event.take()) {
            tracing::error!(target: "ember::event", %panic, "an event panicked as it was dropped");
        }
    }
}

impl One {
    /// Whether none has come with it that is behind it.
    pub(crate) fn is_last(&self) -> bool {
        self.place + 1 >= self.of.len()
    }

    pub(crate) fn event(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.of.get(self.place)?.event.as_deref()
    }
}

/// Events that a subscriber has not got: what `#[on(missed)]` is told, in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missed {
    /// The run of the node that published them.
    pub publisher: NodeKey,
    /// What they are called: of a `#[message(event)]` the name by which nodes know it, that of the type alone or what `name = "…"` says; of any other type
    /// its whole path. `is::<TheEvent>()` asks for the type.
    pub event: &'static str,
    /// How far they went.
    pub scope: Scope,
    /// How many they are; `None` if nobody knows: their publisher is gone, or had been told that nobody here listens when it published them.
    pub count: Option<u64>,
    /// Why.
    pub why: MissedReason,
}

/// Why events were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissedReason {
    /// The mailbox of the subscriber was full, or takes nothing because the service is paused.
    MailboxFull,
    /// They have not left their publisher: too many waited there for this node, because it could not be reached, stood still or was slow; or they
    /// could not be written, or were too large: an event may have half of `max_message`. The log of the publisher says so. Or it had just been told that nobody
    /// here listens: then they are not counted.
    NotSent,
    /// This node could not read them. The log says why.
    Unreadable,
    /// Their publisher has gone without a word: the last of its events may be missing.
    PublisherLost,
}
