//! What is known of the cluster, from the registry, from this node's own services and from the links; each change makes a
//! new [`View`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use super::{Instance, MethodRecord, NodeRecord, View, change::Change, record::Offer};
use crate::{
    actor::{AnyCell, ServiceState},
    id::{Incarnation, NodeId, NodeKey, Pid, PublicKey},
    message::{Reach, ordered},
};

/// The directory of one node.
pub(crate) struct Directory {
    here: Arc<NodeRecord>,
    view: ArcSwap<View>,
    /// The number of the view, for those who look often.
    newest: AtomicU64,
    number: ordered::Sender<u64>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    nodes: BTreeMap<NodeKey, Arc<NodeRecord>>,
    services: BTreeMap<Pid, Instance>,
    suspects: BTreeSet<NodeKey>,
    /// Nodes that say that their workers are held up: chosen last, as suspects are.
    late: BTreeSet<NodeKey>,
    /// Gone from the registry, but their links are up.
    lingering: BTreeSet<NodeKey>,
    local: BTreeMap<Pid, Instance>,
}

impl Directory {
    pub(crate) fn new(here: NodeRecord) -> Self {
        let here = Arc::new(here);
        let directory = Self {
            here,
            view: ArcSwap::default(),
            newest: AtomicU64::new(0),
            number: ordered::Sender::new(0),
            known: Mutex::default(),
        };
        directory.change(|_| ());
        directory
    }

    /// The run of the node whose directory this is.
    pub(super) fn here(&self) -> NodeKey {
        self.here.key
    }

    /// The newest view.
    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Its number. A call that looks at this finds what was known when it was made.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Tells of new views by their number.
    pub(crate) fn changes(&self) -> ordered::Receiver<u64> {
        self.number.subscribe()
    }

    /// Makes a new view of what is known already, so that everybody looks again.
    pub(crate) fn renew(&self) {
        self.change(|_| ());
    }

    /// Enters services of this node as they are now; those that have stopped go. Their states are read with the directory
    /// locked: whoever changes a state and then comes here cannot be overtaken by what was before.
    pub(crate) fn refresh_local(&self, cells: &[Arc<dyn AnyCell>]) {
        let mut known = self.lock();
        let mut news = false;
        for cell in cells {
            let (pid, state) = (cell.pid(), cell.state());
            news |= match known.local.get_mut(&pid) {
                Some(old) if state != ServiceState::Stopped => std::mem::replace(&mut old.state, state) != state,
                Some(_) => known.local.remove(&pid).is_some(),
                None if state == ServiceState::Stopped => false,
                None => known.local.insert(pid, self.local_instance(cell, state)).is_none(),
            };
        }
        if news {
            self.publish(known);
        }
    }

    fn local_instance(&self, cell: &Arc<dyn AnyCell>, state: ServiceState) -> Instance {
        let methods = cell.methods().into_iter().filter(|(_, info, ..)| info.reach == Reach::Cluster);
        Instance {
            pid: cell.pid(),
            identity: Arc::clone(cell.identity()),
            node: Arc::clone(&self.here),
            state,
            contracts: cell.contracts().iter().map(|&name| name.to_owned()).collect(),
            methods: methods.map(|(id, _, _, fingerprint)| MethodRecord { id, fingerprint }).collect(),
            direct: false,
            suspect: false,
            cell: Some(Arc::clone(cell)),
            in_flight: Arc::default(),
        }
    }

    /// Marks a node whose link broke, or clears the mark. A node that the registry has given up already goes for good.
    pub(crate) fn suspect(&self, node: NodeKey, suspect: bool) {
        // Every call that fails says so; only the first makes a new view.
        if !self.lock().is_news(node, suspect) {
            return;
        }
        self.change(|known| {
            // It says nothing any more of how late it is.
            known.late.remove(&node);
            if suspect && known.lingering.contains(&node) {
                known.drop_node(node);
            } else if suspect {
                known.suspects.insert(node);
            } else {
                known.suspects.remove(&node);
            }
        });
    }

    /// Marks a node whose workers are late, though its link is up, or clears the mark.
    pub(crate) fn late(&self, node: NodeKey, is_late: bool) {
        {
            let known = self.lock();
            if !known.nodes.contains_key(&node) || known.late.contains(&node) == is_late {
                return;
            }
        }
        self.change(|known| if is_late { known.late.insert(node) } else { known.late.remove(&node) });
    }

    /// The suspects, with what is known of them.
    pub(crate) fn suspects(&self) -> BTreeMap<NodeKey, Arc<NodeRecord>> {
        let known = self.lock();
        known.suspects.iter().filter_map(|key| Some((*key, Arc::clone(known.nodes.get(key)?)))).collect()
    }

    /// The other runs of this very node that the registry lists.
    #[cfg(feature = "cluster")]
    pub(crate) fn namesakes(&self) -> Vec<Arc<NodeRecord>> {
        let known = self.lock();
        let nodes = known.nodes.values().filter(|record| !record.joining);
        nodes.filter(|record| record.key.id == self.here.key.id).cloned().collect()
    }

    /// By what a run of a node is recognised: also one that has not joined yet, and one that the registry has given up while
    /// its link is up.
    #[cfg(feature = "cluster")]
    pub(crate) fn public_key(&self, node: NodeKey) -> Option<PublicKey> {
        self.lock().nodes.get(&node)?.public_key
    }

    /// Whether the registry lists a run of this node.
    #[cfg(feature = "cluster")]
    pub(crate) fn lists_node(&self, node: NodeId) -> bool {
        let known = self.lock();
        let runs = |incarnation| NodeKey { id: node, incarnation: Incarnation(incarnation) };
        let listed = known.nodes.range(runs(0)..=runs(u64::MAX));
        listed.into_iter().any(|(key, _)| !known.lingering.contains(key))
    }

    /// The peers that the registry listed last, lingering ones left out.
    pub(crate) fn registered(&self) -> BTreeSet<NodeKey> {
        let known = self.lock();
        known.nodes.keys().filter(|key| !known.lingering.contains(key)).copied().collect()
    }

    /// Applies what the registry says, in its order.
    pub(super) fn apply(&self, changes: Vec<Change>, link_is_up: &dyn Fn(NodeKey) -> bool) -> Applied {
        let here = self.here.key;
        let mut applied = Applied::default();
        if changes.is_empty() {
            return applied;
        }
        self.change(|known| {
            for change in changes {
                match change {
                    Change::Node(node) if node.key != here => {
                        applied.returned |= known.lingering.remove(&node.key);
                        known.put_node(node);
                    }
                    Change::NodeGone(key) if key != here => {
                        if link_is_up(key) {
                            if known.nodes.contains_key(&key) {
                                known.lingering.insert(key);
                            }
                        } else {
                            known.drop_node(key);
                            applied.gone.push(key);
                        }
                    }
                    Change::Service(offer) if offer.pid.node != here => known.put_service(&offer),
                    Change::ServiceGone(pid) if !known.lingering.contains(&pid.node) => {
                        known.services.remove(&pid);
                    }
                    // Of this node only it knows better.
                    _ => {}
                }
            }
        });
        applied
    }

    /// How many entries there are for other nodes, of every sort.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        let known = self.lock();
        known.nodes.len() + known.services.len() + known.suspects.len() + known.lingering.len()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.lock();
        let result = change(&mut known);
        self.publish(known);
        result
    }

    /// Makes a new view of what is known now.
    fn publish(&self, known: MutexGuard<'_, Known>) {
        let number = self.view.load().number() + 1;
        self.view.store(Arc::new(known.view(number, &self.here)));
        self.newest.store(number, Ordering::Release);
        drop(known);
        self.number.send_replace(number);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of changes.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The nodes that are gone for good.
    pub(super) gone: Vec<NodeKey>,
    /// One is in the registry again that had only been kept because of its link.
    pub(super) returned: bool,
}

impl Known {
    fn put_node(&mut self, node: Arc<NodeRecord>) {
        let first = Pid { node: node.key, number: 0 };
        for (_, instance) in self.services.range_mut(first..).take_while(|(pid, _)| pid.node == node.key) {
            instance.node = Arc::clone(&node);
        }
        self.nodes.insert(node.key, node);
    }

    /// Whether a mark would change anything. Nobody chooses a node that has not joined yet, so that it is no suspect.
    fn is_news(&self, node: NodeKey, suspect: bool) -> bool {
        let listed = self.nodes.get(&node).is_some_and(|record| !record.joining || self.lingering.contains(&node));
        listed && self.suspects.contains(&node) != suspect
    }

    fn drop_node(&mut self, key: NodeKey) {
        self.nodes.remove(&key);
        self.lingering.remove(&key);
        self.suspects.remove(&key);
        self.late.remove(&key);
        self.services.retain(|pid, _| pid.node != key);
    }

    fn put_service(&mut self, offer: &Offer) {
        let Some(node) = self.nodes.get(&offer.pid.node) else { return };
        let in_flight = self.services.get(&offer.pid).map(|old| Arc::clone(&old.in_flight)).unwrap_or_default();
        let instance = Instance {
            pid: offer.pid,
            identity: Arc::clone(&offer.identity),
            node: Arc::clone(node),
            state: offer.state,
            contracts: Arc::clone(&offer.contracts),
            methods: Arc::clone(&offer.methods),
            direct: false,
            suspect: false,
            cell: None,
            in_flight,
        };
        self.services.insert(offer.pid, instance);
    }

    /// The newest incarnation of each node counts; older ones are dead, even if the registry has not noticed yet.
    fn view(&self, number: u64, here: &Arc<NodeRecord>) -> View {
        let mut nodes = BTreeMap::<NodeId, Arc<NodeRecord>>::new();
        for record in self.nodes.values().filter(|record| !record.joining) {
            nodes.insert(record.key.id, Arc::clone(record));
        }
        nodes.insert(here.key.id, Arc::clone(here));
        let current = |pid: &Pid| nodes.get(&pid.node.id).is_some_and(|record| record.key == pid.node);
        let avoided = |node: &NodeKey| self.suspects.contains(node) || self.late.contains(node);
        let remote = self
            .services
            .values()
            .filter(|it| current(&it.pid))
            .map(|instance| Instance { suspect: avoided(&instance.pid.node), ..instance.clone() });
        let mut instances: Vec<_> = self.local.values().cloned().chain(remote).map(Arc::new).collect();
        instances.sort_by_key(|instance| instance.pid);
        View::new(number, nodes, instances)
    }
}
