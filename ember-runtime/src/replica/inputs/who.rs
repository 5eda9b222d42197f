//! Who it is that says all that.

use crate::id::{Incarnation, NodeId, NodeKey, Pid};

pub(super) fn pid(of: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(of), incarnation: Incarnation(1) }, number: 1 }
}
