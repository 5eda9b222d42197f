//! Calls whose outcome can be asked for.

use serde::{Deserialize, Serialize};

use super::{Epoch, NodeId, NodeKey};

/// Who has numbered a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Asker {
    /// The runtime of this run of a node: it asks by itself.
    Run(NodeKey),
    /// The user, on this node, in whichever run of it: `.once(id)`.
    Node(NodeId),
    /// Whoever acts for a group that owes the call to another service.
    Group(GroupKey),
}

/// The calls that a group owes to one service: they are made one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GroupKey {
    /// A hash of its name.
    pub(crate) group: u64,
    /// A hash of whom they are for.
    pub(crate) lane: u64,
}

/// Which it is of the calls of one asker: they ascend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Serial {
    /// Of a call that a group owes, that of the record which says so; otherwise 0. Where an operator accepts that the end of a log is lost, numbers
    /// are used again: in a later epoch.
    pub(crate) epoch: Epoch,
    pub(crate) number: u64,
}

impl Default for Serial {
    fn default() -> Self {
        0.into()
    }
}

impl From<u64> for Serial {
    fn from(number: u64) -> Self {
        Self { epoch: Epoch(0), number }
    }
}

/// One call, for as long as anybody may ask what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CallId {
    pub(crate) by: Asker,
    pub(crate) serial: Serial,
}

impl CallId {
    /// Of one that no group owes.
    pub(crate) fn new(by: Asker, number: u64) -> Self {
        Self { by, serial: number.into() }
    }

    /// Whether a group owes it: then nobody reads its reply.
    pub(crate) fn is_owed(self) -> bool {
        matches!(self.by, Asker::Group(_))
    }
}

/// The number that the runtime, or a group, gives to a call, and the lowest of those that it may still ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallNumber {
    /// Who owes it, and the epoch of the record that says so. Nothing: it is the runtime's.
    pub(crate) by: Option<(GroupKey, Epoch)>,
    pub(crate) number: u64,
    pub(crate) lowest: u64,
}
