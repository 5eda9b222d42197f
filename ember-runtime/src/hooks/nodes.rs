//! In the life of a node.

use super::{Band, Denied};
use crate::id::NodeKey;

/// What an application says of the life of its node. Registered with
/// [`NodeBuilder::node_hooks`](crate::node::NodeBuilder::node_hooks).
pub trait NodeHooks: Send + Sync + 'static {
    /// Before anything of the node starts. An error keeps it from starting: `start` reports it.
    ///
    /// # Errors
    /// Why the node is not to start.
    fn starting(&self, name: &str) -> Result<(), Denied> {
        let _ = name;
        Ok(())
    }

    /// Its services have started, and it has its place in the cluster.
    fn started(&self, node: NodeKey) {
        let _ = node;
    }

    /// Its shutdown begins: it takes no new work, and finishes what it has.
    fn stopping(&self, node: NodeKey) {
        let _ = node;
    }

    /// Its shutdown has ended, and `late` names what was cut short; or it did not start after all, and `late` says why. Not told of a node
    /// that ends otherwise: dropped, or with its runtime.
    fn stopped(&self, node: NodeKey, late: Option<&str>) {
        let _ = (node, late);
    }

    /// Where it stands among others. What a node does later is told in the reverse order.
    fn band(&self) -> Band {
        Band::Middle
    }
}
