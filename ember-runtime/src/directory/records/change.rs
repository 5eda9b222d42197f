//! What a key of the registry says of the cluster.

use std::sync::Arc;

use super::{
    claim::{ClaimRecord, RoundRecord},
    master::{EpochRecord, MasterRecord, Written},
    record::{NodeRecord, SharedRecord},
};
use crate::{
    id::{NodeKey, Pid},
    office::OfficeName,
    replica::Member,
};

/// One change of the cluster, as the registry tells it.
#[derive(Debug, Clone)]
pub(crate) enum ClusterChange {
    Node(Arc<NodeRecord>),
    Service(SharedRecord),
    NodeGone(NodeKey),
    ServiceGone(Pid),
    /// The master of a group, or that there is none.
    Master(OfficeName, Option<Written<MasterRecord>>),
    /// Its highest epoch, or that none is written.
    Epoch(OfficeName, Option<Written<EpochRecord>>),
    /// The round that claims answer, or that there is none.
    Round(OfficeName, Option<Written<RoundRecord>>),
    /// What a member of its group claims, or that it claims nothing.
    Claim(OfficeName, Member, Option<Written<ClaimRecord>>),
}

/// What a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Node(NodeKey),
    Service(Pid),
}

impl Subject {
    /// `None` for a key of another kind, or of one that is not known here.
    pub(crate) fn of(key: &str, prefix: &str) -> Option<Self> {
        match key.strip_prefix(prefix)?.split_once('/')? {
            ("nodes", name) => node_key(name).map(Self::Node),
            ("services", name) => pid(name).map(Self::Service),
            _ => None,
        }
    }

    /// The run of the node that writes it.
    pub(crate) fn node(self) -> NodeKey {
        match self {
            Self::Node(node) => node,
            Self::Service(pid) => pid.node,
        }
    }

    pub(crate) fn gone(self) -> ClusterChange {
        match self {
            Self::Node(node) => ClusterChange::NodeGone(node),
            Self::Service(pid) => ClusterChange::ServiceGone(pid),
        }
    }
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
