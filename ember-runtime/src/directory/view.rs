//! A snapshot of the cluster.

use std::{collections::BTreeMap, sync::Arc};

use super::{Instance, Interest, NodeRecord};
use crate::id::{NodeId, Pid};

/// What this node knows of the cluster, at one moment. Views are numbered; a later one has a higher number.
#[derive(Debug, Default)]
pub struct View {
    number: u64,
    nodes: BTreeMap<NodeId, Arc<NodeRecord>>,
    /// Ordered by pid.
    instances: Vec<Arc<Instance>>,
    by_service: BTreeMap<String, Vec<usize>>,
    by_contract: BTreeMap<String, Vec<usize>>,
}

impl View {
    pub(crate) fn new(number: u64, nodes: BTreeMap<NodeId, Arc<NodeRecord>>, instances: Vec<Arc<Instance>>) -> Self {
        let mut by_service = BTreeMap::<String, Vec<usize>>::new();
        let mut by_contract = BTreeMap::<String, Vec<usize>>::new();
        for (index, instance) in instances.iter().enumerate() {
            by_service.entry(instance.identity.name.clone()).or_default().push(index);
            for contract in instance.contracts.iter() {
                by_contract.entry(contract.clone()).or_default().push(index);
            }
        }
        Self { number, nodes, instances, by_service, by_contract }
    }

    /// Its number; grows with every change.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The nodes, this one included, in the order of their ids.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &NodeRecord> {
        self.nodes.values().map(|node| &**node)
    }

    /// The services, in the order of their pids.
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// The newest run of a node.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Arc<NodeRecord>> {
        self.nodes.get(&id)
    }

    /// Whether it lists this service.
    pub(crate) fn lists(&self, pid: Pid) -> bool {
        self.instances.binary_search_by_key(&pid, |instance| instance.pid).is_ok()
    }

    /// Those that `interest` names.
    pub(crate) fn of_interest(&self, interest: &Interest) -> impl Iterator<Item = &Arc<Instance>> {
        let found = match interest {
            Interest::Service(name) => self.by_service.get(&**name),
            Interest::Contract(name) => self.by_contract.get(&**name),
        };
        found.into_iter().flatten().filter_map(|&index| self.instances.get(index))
    }
}
