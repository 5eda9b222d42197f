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
}

/// One call, for as long as anybody may ask what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CallId {
    pub(crate) by: Asker,
    pub(crate) number: u64,
}

/// The number that the runtime gives to a call, and the lowest of those that it may still ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallNumber {
    pub(crate) number: u64,
    pub(crate) lowest: u64,
}
