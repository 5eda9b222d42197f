//! Unique ids that a node is asked for.

use super::running::Node;
use crate::{error::Result, id::UniqueId, node::slot::UniqueIds};

impl Node {
    /// An id that no other node of the cluster makes, larger than all that this node has made before. The first takes one or two round trips to the
    /// registry, all others are made at once. What is promised, and what is not, says [`UniqueIds`].
    ///
    /// # Errors
    /// As [`UniqueIds::next`].
    ///
    /// # Cancel safety
    /// Safe: an id that nobody took is left out.
    pub async fn unique_id(&self) -> Result<UniqueId> {
        self.unique_ids().next().await
    }

    /// What makes such ids, to keep and to hand on; also for code that is not `async`. Nothing happens before one is asked for.
    pub fn unique_ids(&self) -> UniqueIds {
        UniqueIds::new(&self.inner.services.ids)
    }
}
