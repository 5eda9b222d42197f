//! Calls whose outcome can be asked for.

use serde::{Deserialize, Serialize};

use super::{NodeId, NodeKey};

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

/// A row of calls that a group owes, to one service each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GroupKey {
    /// A hash of its name, and of whom the calls are for.
    pub(crate) group: u64,
    /// The epoch in which it began to count.
    pub(crate) since: u64,
}

/// One call, for as long as anybody may ask what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CallId {
    pub(crate) by: Asker,
    pub(crate) number: u64,
}

/// The number that the runtime, or a group, gives to a call, and the lowest of those that it may still ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallNumber {
    /// Nothing: the runtime.
    pub(crate) by: Option<GroupKey>,
    pub(crate) number: u64,
    pub(crate) lowest: u64,
}
