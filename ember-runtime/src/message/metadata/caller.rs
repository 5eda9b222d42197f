//! Where the work of a handler comes from.

use std::fmt;

use crate::id::{NodeKey, Pid};

/// Who made a call: a node, and the service on it whose handler made it, if one did. Which node it is, the link says that the call
/// came by; which of that node's services, that node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller {
    node: NodeKey,
    /// 0 if no service made it.
    number: u64,
}

impl Caller {
    /// The node that the call came from: that of the handler, if it did not come over a link.
    pub fn node(&self) -> NodeKey {
        self.node
    }

    /// The service whose handler made the call. `None` if it was made outside of handlers: by a client in `main`, say, or in a task
    /// that a handler has spawned.
    pub fn service(&self) -> Option<Pid> {
        (self.number != 0).then_some(Pid { node: self.node, number: self.number })
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.service() {
            Some(pid) => pid.fmt(f),
            None => self.node.fmt(f),
        }
    }
}

/// Where the work of a handler comes from: as small as it can be, for it is noted for each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum CameFrom {
    /// No call: hooks, timers, events, callbacks.
    #[default]
    Own,
    /// The number of a service of this node, or 0.
    Here(u64),
    /// The same of the node that is noted beside it.
    Elsewhere(u64),
}

impl CameFrom {
    /// Of a handler on the node `here`, of whose callers elsewhere the last was on the node `peer`.
    pub(crate) fn caller(self, here: NodeKey, peer: Option<NodeKey>) -> Option<Caller> {
        match self {
            Self::Own => None,
            Self::Here(number) => Some(Caller { node: here, number }),
            Self::Elsewhere(number) => peer.map(|node| Caller { node, number }),
        }
    }
}
