//! All that is known of the cluster, and what of it counts: the newest run of each node, and the services of those. A change
//! costs what it is about.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    news::{Departed, News},
    offices::Offices,
    passage::Passage,
    view::View,
};
use crate::{
    actor::{AnyCell, ServiceState},
    directory::{
        instances::{Groups, Instance},
        records::{NodeRecord, SharedRecord},
    },
    id::{Incarnation, NodeId, NodeKey, Pid},
};

pub(crate) struct Listing {
    here: Arc<NodeRecord>,
    /// All runs of all others.
    nodes: BTreeMap<NodeKey, Arc<NodeRecord>>,
    /// The newest run of each, and this one: older ones are dead, even if the registry has not noticed yet.
    current: BTreeMap<NodeId, Arc<NodeRecord>>,
    /// All services, of this node and of others. Those whose node counts are listed: they can be called.
    pub(super) services: BTreeMap<Pid, Arc<Instance>>,
    suspects: BTreeSet<NodeKey>,
    /// Those of the suspects at whose addresses nobody listens: their processes have ended.
    deserted: BTreeSet<NodeKey>,
    /// Nodes that say that their workers are held up: chosen last, as suspects are.
    late: BTreeSet<NodeKey>,
    /// Gone from the registry, but their links are up.
    lingering: BTreeSet<NodeKey>,
    groups: Arc<Groups>,
    pub(super) offices: Offices,
    /// For those who wait for what becomes of one node.
    pub(crate) news: News,
    /// Whether anything is other than when this was asked last.
    pub(super) changed: bool,
}

impl Listing {
    pub(crate) fn new(here: Arc<NodeRecord>, groups: Arc<Groups>) -> Self {
        Self {
            nodes: BTreeMap::new(),
            current: BTreeMap::from([(here.key.id, Arc::clone(&here))]),
            here,
            services: BTreeMap::new(),
            suspects: BTreeSet::new(),
            deserted: BTreeSet::new(),
            late: BTreeSet::new(),
            lingering: BTreeSet::new(),
            groups,
            offices: Offices::default(),
            news: News::default(),
            changed: true,
        }
    }

    /// Takes it for changed, so that all who wait look again.
    pub(crate) fn touch(&mut self) {
        self.changed = true;
        self.news.note_all();
    }

    /// Whether anything has changed since this was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn view(&self, number: u64) -> View {
        let mut instances = Vec::with_capacity(self.services.len());
        instances.extend(self.all_listed().cloned());
        View::new(number, self.current.values().cloned().collect(), instances)
    }

    /// How many services there are, listed or not.
    pub(crate) fn services(&self) -> usize {
        self.services.len()
    }

    /// All that are listed, in the order of their pids.
    pub(crate) fn all_listed(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.services.values().filter(|it| self.counts(it.pid.node))
    }

    /// The run of the node whose listing this is.
    #[cfg(feature = "cluster")]
    pub(super) fn here(&self) -> NodeKey {
        self.here.key
    }

    pub(crate) fn current(&self, id: NodeId) -> Option<&Arc<NodeRecord>> {
        self.current.get(&id)
    }

    /// The newest runs of all others.
    pub(super) fn peers(&self) -> Vec<NodeKey> {
        self.current.values().map(|node| node.key).filter(|key| *key != self.here.key).collect()
    }

    pub(crate) fn listed(&self, pid: Pid) -> Option<&Arc<Instance>> {
        self.services.get(&pid).filter(|_| self.counts(pid.node))
    }

    /// Whether a run of a node is the one whose services are listed.
    fn counts(&self, node: NodeKey) -> bool {
        self.current.get(&node.id).is_some_and(|record| record.key == node)
    }

    /// A run of another node, also one that has not joined yet.
    pub(crate) fn node(&self, key: NodeKey) -> Option<&Arc<NodeRecord>> {
        self.nodes.get(&key)
    }

    /// All known runs of a node, but for this one.
    pub(crate) fn runs(&self, id: NodeId) -> impl DoubleEndedIterator<Item = &Arc<NodeRecord>> {
        let run = |number| NodeKey { id, incarnation: Incarnation(number) };
        self.nodes.range(run(0)..=run(u64::MAX)).map(|(_, record)| record)
    }

    /// How many entries there are for other nodes, of every sort.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        let Self { nodes, suspects, deserted, late, lingering, .. } = self;
        let marks = suspects.len() + deserted.len() + late.len() + lingering.len();
        nodes.len() + self.registered_services().count() + marks
    }

    pub(crate) fn suspects(&self) -> BTreeMap<NodeKey, Arc<NodeRecord>> {
        self.suspects.iter().filter_map(|key| Some((*key, Arc::clone(self.nodes.get(key)?)))).collect()
    }

    /// The peers that the registry listed last.
    pub(crate) fn registered(&self) -> BTreeSet<NodeKey> {
        self.nodes.keys().filter(|key| self.is_registered(**key)).copied().collect()
    }

    pub(crate) fn is_registered(&self, key: NodeKey) -> bool {
        self.nodes.contains_key(&key) && !self.lingering.contains(&key)
    }

    /// How many they are; those that linger are known, too.
    pub(crate) fn registered_count(&self) -> usize {
        self.nodes.len() - self.lingering.len()
    }

    /// The services of others, whether their nodes count or not.
    pub(crate) fn registered_services(&self) -> impl Iterator<Item = Pid> {
        self.services.keys().copied().filter(|pid| pid.node != self.here.key)
    }

    /// Enters a service, in place of what was said of it, or removes it.
    pub(crate) fn list(&mut self, pid: Pid, instance: Option<Arc<Instance>>) {
        let instance = match instance {
            Some(instance) => Some(self.seated(instance)),
            None => {
                self.unseat(pid);
                None
            }
        };
        let old = self.services.get(&pid);
        let same = match (old, &instance) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old.says_the_same(new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if same {
            return;
        }
        let old = match &instance {
            Some(new) => self.services.insert(pid, Arc::clone(new)),
            None => self.services.remove(&pid),
        };
        if self.counts(pid.node) {
            self.groups.change(pid, old.as_deref(), instance.as_ref());
            self.changed = true;
        }
    }

    /// Lists a service of this node, unless it has stopped.
    pub(crate) fn enter_local(&mut self, cell: &Arc<dyn AnyCell>) {
        let state = cell.state();
        let here = Arc::clone(&self.here);
        let instance = (state != ServiceState::Stopped).then(|| Arc::new(Instance::of_cell(cell, here, state)));
        self.list(cell.pid(), instance);
    }

    /// Lists a service of this node that is listed as it is now, or no longer, if it has stopped.
    pub(crate) fn list_local(&mut self, cell: &Arc<dyn AnyCell>) {
        let (pid, state) = (cell.pid(), cell.state());
        let instance = match self.services.get(&pid) {
            _ if state == ServiceState::Stopped => None,
            Some(old) if old.state == state => return,
            Some(old) => Some(Instance { state, ..Instance::clone(old) }),
            None => return,
        };
        self.list(pid, instance.map(Arc::new));
    }

    pub(crate) fn name_of(&self, node: NodeKey) -> Option<&str> {
        self.nodes.get(&node).map(|record| &*record.name)
    }

    /// Whether it had been given up, and only kept because of its link.
    pub(crate) fn put_node(&mut self, record: Arc<NodeRecord>) -> bool {
        let key = record.key;
        let returned = self.lingering.remove(&key);
        self.changed |= returned;
        let known = self.nodes.get(&key);
        self.news.passages.extend(Passage::of(known.map(|known| &**known), &record));
        if known.is_none_or(|known| *known != record) {
            let services = if known.is_some() { self.services_of(key) } else { Vec::new() };
            for service in services {
                let node = Arc::clone(&record);
                self.list(service.pid, Some(Arc::new(Instance { node, ..Instance::clone(&service) })));
            }
            self.nodes.insert(key, record);
            self.news.returned(key);
            self.count(key.id);
        }
        returned
    }

    /// How a run of a node has left, or is about to.
    pub(crate) fn departed(&self, key: NodeKey) -> Option<Departed> {
        match self.nodes.get(&key) {
            Some(record) => record.leaving.then_some(Departed::InOrder),
            None => self.news.how_departed(key),
        }
    }

    pub(crate) fn drop_node(&mut self, key: NodeKey) {
        let known = self.nodes.remove(&key);
        if let Some(known) = &known {
            self.news.departed(key, if known.leaving { Departed::InOrder } else { Departed::Lost });
            self.news.passages.push(Passage { node: Arc::clone(known), what: self.why_gone(known) });
        }
        self.lingering.remove(&key);
        self.suspects.remove(&key);
        self.deserted.remove(&key);
        self.late.remove(&key);
        for service in self.services_of(key) {
            self.list(service.pid, None);
        }
        if known.is_some() {
            self.count(key.id);
        }
    }

    fn why_gone(&self, node: &NodeRecord) -> &'static str {
        let key = node.key;
        let newest = self.current.get(&key.id).map_or(key, |newest| newest.key);
        match () {
            () if node.leaving => "left",
            () if newest > key => "lost: it has been started anew",
            () if self.deserted.contains(&key) => "lost: its process has ended, for nobody listens at its address",
            () if self.suspects.contains(&key) => "lost: its link is down, and the registry has it no more",
            () => "lost: the registry has it no more, for its lease has ended or the data are gone",
        }
    }

    /// The registry has given up a node whose link is up.
    pub(crate) fn linger(&mut self, key: NodeKey) {
        if self.nodes.contains_key(&key) {
            self.changed |= self.lingering.insert(key);
        }
    }

    pub(crate) fn is_lingering(&self, key: NodeKey) -> bool {
        self.lingering.contains(&key)
    }

    /// Whether a mark would change anything. Nobody chooses a node that has not joined yet, so that it is no suspect.
    pub(crate) fn is_news(&self, node: NodeKey, suspect: bool) -> bool {
        let listed = self.nodes.get(&node).is_some_and(|record| !record.joining || self.lingering.contains(&node));
        listed && self.suspects.contains(&node) != suspect
    }

    /// Marks a node whose link broke, or clears the mark. It says nothing any more of how late it is.
    pub(crate) fn suspect(&mut self, node: NodeKey, suspect: bool) {
        self.news.note(node.id);
        let unsaid = self.late.remove(&node) | (!suspect && self.deserted.remove(&node));
        self.changed |= unsaid | if suspect { self.suspects.insert(node) } else { self.suspects.remove(&node) };
        self.mark(node);
    }

    /// Marks a suspect at whose address nobody listens any more, until it is no suspect.
    #[cfg(feature = "cluster")]
    pub(crate) fn desert(&mut self, node: NodeKey) {
        self.changed |= self.suspects.contains(&node) && self.deserted.insert(node);
        self.news.note(node.id);
    }

    pub(crate) fn is_deserted(&self, node: NodeKey) -> bool {
        self.deserted.contains(&node)
    }

    /// Marks a node whose workers are late, or clears the mark.
    pub(crate) fn late(&mut self, node: NodeKey, is_late: bool) {
        if self.nodes.contains_key(&node) && (if is_late { self.late.insert(node) } else { self.late.remove(&node) }) {
            self.changed = true;
            self.mark(node);
        }
    }

    /// Takes over how the breaker of a service is now.
    pub(crate) fn mark_breaker(&mut self, pid: Pid) {
        let Some(old) = self.services.get(&pid) else { return };
        let breaker = old.in_flight.breaker();
        if old.breaker != breaker {
            let new = Instance { breaker, ..Instance::clone(old) };
            self.list(pid, Some(Arc::new(new)));
        }
    }

    pub(crate) fn put_service(&mut self, record: &SharedRecord) {
        let Some(node) = self.nodes.get(&record.pid.node) else { return };
        let old = self.services.get(&record.pid);
        if old.is_some_and(|old| old.is_as_recorded(record)) {
            return;
        }
        let instance = Instance::of_record(record, Arc::clone(node), old.map(|old| &**old));
        self.list(record.pid, Some(Arc::new(self.marked(instance))));
    }

    pub(crate) fn drop_service(&mut self, pid: Pid) {
        self.list(pid, None);
    }

    /// Finds out anew which run of a node counts.
    fn count(&mut self, id: NodeId) {
        self.news.note(id);
        if id == self.here.key.id {
            self.changed = true;
            return;
        }
        let newest = self.runs(id).rev().find(|record| !record.joining).cloned();
        let old = match &newest {
            Some(newest) => self.current.insert(id, Arc::clone(newest)),
            None => self.current.remove(&id),
        };
        self.changed = true;
        let [old, new] = [old, newest].map(|record| record.map(|record| record.key));
        for key in [old, new].into_iter().flatten() {
            self.groups.node_changed(id, Pid { node: key, number: 0 });
        }
        if old == new {
            return;
        }
        for service in old.map(|key| self.services_of(key)).unwrap_or_default() {
            self.groups.change(service.pid, Some(&service), None);
        }
        for service in new.map(|key| self.services_of(key)).unwrap_or_default() {
            self.groups.change(service.pid, None, Some(&service));
        }
    }

    /// The same service, with what is thought of its node.
    fn marked(&self, instance: Instance) -> Instance {
        let out_of_reach = self.suspects.contains(&instance.pid.node);
        let suspect = out_of_reach || self.late.contains(&instance.pid.node);
        Instance { suspect, out_of_reach, ..instance }
    }

    /// Passes on to the services of a node what is thought of it.
    fn mark(&mut self, node: NodeKey) {
        for service in self.services_of(node) {
            self.list(service.pid, Some(Arc::new(self.marked(Instance::clone(&service)))));
        }
    }

    pub(super) fn services_of(&self, node: NodeKey) -> Vec<Arc<Instance>> {
        let pid = |number| Pid { node, number };
        self.services.range(pid(0)..=pid(u64::MAX)).map(|(_, service)| Arc::clone(service)).collect()
    }
}
