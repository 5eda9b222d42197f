//! What a key of the registry says of the cluster.

use std::sync::Arc;

use super::{NodeRecord, reading, record::SharedRecord};
use crate::{
    id::{NodeKey, Pid},
    registry::{Event, SharedEvent},
};

/// One change of the cluster, as the registry tells it.
#[derive(Debug, Clone)]
pub(super) enum ClusterChange {
    Node(Arc<NodeRecord>),
    Service(SharedRecord),
    NodeGone(NodeKey),
    ServiceGone(Pid),
}

/// What a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Node(NodeKey),
    Service(Pid),
}

impl Subject {
    /// `None` for a key of another kind, or of one that is not known here.
    pub(super) fn of(key: &str, prefix: &str) -> Option<Self> {
        match key.strip_prefix(prefix)?.split_once('/')? {
            ("nodes", name) => node_key(name).map(Self::Node),
            ("services", name) => pid(name).map(Self::Service),
            _ => None,
        }
    }

    /// The run of the node that writes it.
    pub(super) fn node(self) -> NodeKey {
        match self {
            Self::Node(node) => node,
            Self::Service(pid) => pid.node,
        }
    }

    fn gone(self) -> ClusterChange {
        match self {
            Self::Node(node) => ClusterChange::NodeGone(node),
            Self::Service(pid) => ClusterChange::ServiceGone(pid),
        }
    }
}

impl ClusterChange {
    /// What `event` says, read once for all who hear of it.
    pub(super) fn of_shared(event: &SharedEvent, prefix: &str) -> Option<(Subject, Self)> {
        let read = event.made(|event| Made { prefix: prefix.len(), change: Self::of(event, prefix) });
        match read {
            // Prefixes of the same length are the same, for the same key.
            Some(made) if made.prefix == prefix.len() => made.change.clone(),
            _ => Self::of(event, prefix),
        }
    }

    /// What `event` says, with what it is about; what cannot be read is reported and left out. `prefix` is the cluster's.
    pub(super) fn of(event: &Event, prefix: &str) -> Option<(Subject, Self)> {
        let key = match event {
            Event::Put(entry) => &entry.key,
            Event::Delete { key, .. } => key,
        };
        let subject = Subject::of(key, prefix)?;
        let change = match event {
            // A record under a key that is not its own says nothing.
            Event::Put(entry) => reading::read(entry, subject),
            Event::Delete { .. } => Some(subject.gone()),
        };
        if change.is_none() {
            tracing::warn!(target: "ember::cluster", %key, "this entry of the registry could not be read: left out");
        }
        Some((subject, change?))
    }
}

/// What was read of an event.
struct Made {
    /// How long the prefix was: the same key may mean something else to another cluster.
    prefix: usize,
    change: Option<(Subject, ClusterChange)>,
}

/// `id.incarnation`, both hexadecimal.
fn node_key(text: &str) -> Option<NodeKey> {
    let (id, incarnation) = text.split_once('.')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(NodeKey { id: crate::id::NodeId(number(id)?), incarnation: crate::id::Incarnation(number(incarnation)?) })
}

/// `id.incarnation/number`.
fn pid(text: &str) -> Option<Pid> {
    let (node, number) = text.split_once('/')?;
    Some(Pid { node: node_key(node)?, number: number.parse().ok()? })
}
