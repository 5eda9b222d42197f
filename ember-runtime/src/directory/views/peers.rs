//! The other nodes, for those who say something to all of them.

use super::node_directory::Directory;
use crate::id::NodeKey;

impl Directory {
    /// The newest runs of all other nodes.
    pub(crate) fn peers(&self) -> Vec<NodeKey> {
        self.change(|known| known.peers())
    }
}
