//! A snapshot of the cluster.

use std::sync::Arc;

use crate::{
    directory::{instances::Instance, records::NodeRecord},
    id::{NodeId, NodeKey},
};

/// What this node knows of the cluster, at one moment. Views are numbered; a later one has a higher number.
#[derive(Debug, Default)]
pub struct View {
    number: u64,
    /// Ordered by id.
    nodes: Vec<Arc<NodeRecord>>,
    /// Ordered by pid.
    instances: Vec<Arc<Instance>>,
}

impl View {
    pub(crate) fn new(number: u64, nodes: Vec<Arc<NodeRecord>>, instances: Vec<Arc<Instance>>) -> Self {
        Self { number, nodes, instances }
    }

    /// Its number; grows with every change.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The nodes, this one included, in the order of their ids.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &NodeRecord> {
        self.nodes.iter().map(|node| &**node)
    }

    /// The services, in the order of their pids.
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// The newest run of a node.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Arc<NodeRecord>> {
        let place = self.nodes.binary_search_by_key(&id, |node| node.key.id).ok()?;
        self.nodes.get(place)
    }

    /// Whether an instance of the group whose name has this hash is on this run of a node.
    pub(crate) fn has_one_of(&self, group: u64, node: NodeKey) -> bool {
        let first = self.instances.partition_point(|it| it.pid.node < node);
        let mut there = self.instances[first..].iter().take_while(|it| it.pid.node == node);
        there.any(|it| it.published.office.as_ref().is_some_and(|office| office.hashed() == group))
    }
}
