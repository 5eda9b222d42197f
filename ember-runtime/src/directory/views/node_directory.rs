//! What is known of the cluster, from the registry, from this node's own services and from the links. What callers look at is
//! kept up with each change; a [`View`] of all of it is made when somebody asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use super::{listing::Listing, news::Departed, nobody, offices::OfficeNow, passage::Passage, view::View};
use crate::{
    actor::{AnyCell, ServiceState},
    directory::{
        instances::{Chance, Group, Groups, Instance, Interest, OfficeSeen, Selector, Terms, choose},
        records::{ClusterChange, MasterRecord, NodeRecord, OfficePart, Written},
    },
    error::RefusedReason,
    id::{NodeId, NodeKey, Pid, PublicKey},
    office::{OfficeName, Shown},
    sync::{lock, ordered},
};

/// The directory of one node.
pub(crate) struct Directory {
    here: Arc<NodeRecord>,
    known: Mutex<Listing>,
    groups: Arc<Groups>,
    /// How often something has changed; the number of the newest view.
    newest: AtomicU64,
    /// Told of each change.
    changed: ordered::Sender<()>,
    /// The last view that somebody asked for.
    view: ArcSwap<View>,
    /// Whether all services that the node was built with have started.
    begun: AtomicBool,
}

impl Directory {
    pub(crate) fn new(here: NodeRecord) -> Self {
        let (here, groups) = (Arc::new(here), Arc::<Groups>::default());
        let directory = Self {
            known: Mutex::new(Listing::new(Arc::clone(&here), Arc::clone(&groups))),
            here,
            groups,
            newest: AtomicU64::new(0),
            changed: ordered::Sender::new(()),
            view: ArcSwap::default(),
            begun: AtomicBool::new(false),
        };
        directory.change(|_| ());
        directory
    }

    /// The run of the node whose directory this is.
    pub(crate) fn here(&self) -> NodeKey {
        self.here.key
    }

    /// All services that the node was built with have started.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// The name of another node, while anything is known of it.
    pub(crate) fn name_of(&self, node: NodeKey) -> Option<String> {
        self.lock().name_of(node).map(str::to_owned)
    }

    /// The newest view.
    pub(crate) fn view(&self) -> Arc<View> {
        let made = self.view.load_full();
        if made.number() == self.newest.load(Ordering::Acquire) {
            return made;
        }
        drop(made);
        let known = self.lock();
        let (made, newest) = (self.view.load_full(), self.newest.load(Ordering::Acquire));
        // Another may have made it meanwhile.
        if made.number() == newest {
            return made;
        }
        let view = Arc::new(known.view(newest));
        let last = self.view.swap(Arc::clone(&view));
        // What nobody has any more is dropped with nothing locked.
        drop(known);
        drop((made, last));
        view
    }

    /// The number of the newest view, which nobody may have asked for yet.
    #[cfg(feature = "cluster")]
    pub(crate) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Tells of new views.
    pub(crate) fn changes(&self) -> ordered::Receiver<()> {
        self.changed.subscribe()
    }

    /// Tells of changes of what is known of one node, but for its services.
    pub(crate) fn news_of(&self, node: NodeId) -> ordered::Receiver<()> {
        self.lock().news.of(node)
    }

    /// How a run of a node has left, or is about to, if that is known.
    pub(crate) fn departed(&self, node: NodeKey) -> Option<Departed> {
        self.lock().departed(node)
    }

    /// The node has ended: nothing is remembered any more, and all who wait look again.
    pub(crate) fn close(&self) {
        self.groups.close();
        self.change(Listing::touch);
    }

    /// Those whom `interest` names.
    pub(crate) fn group(&self, interest: &Interest) -> Arc<Group> {
        self.groups.find(interest).unwrap_or_else(|| {
            // Locked: nobody joins or leaves while they are looked through.
            let known = self.lock();
            self.groups.of(interest, known.services(), known.all_listed())
        })
    }

    /// What changes with everything that is said of a node.
    pub(crate) fn node_group(&self, node: NodeId) -> Arc<Group> {
        self.groups.of_node(node)
    }

    /// The newest run of a node.
    pub(crate) fn node(&self, id: NodeId) -> Option<Arc<NodeRecord>> {
        self.lock().current(id).cloned()
    }

    /// This node, as it was when it was started.
    pub(crate) fn record(&self) -> &Arc<NodeRecord> {
        &self.here
    }

    /// Whether the view lists this service.
    pub(crate) fn lists(&self, pid: Pid) -> bool {
        self.lock().listed(pid).is_some()
    }

    /// This service, if the view lists it.
    pub(crate) fn listed(&self, pid: Pid) -> Option<Arc<Instance>> {
        self.lock().listed(pid).cloned()
    }

    /// Whether this service is about to end, as far as the registry says, or its whole node.
    pub(crate) fn is_ending(&self, pid: Pid) -> bool {
        let known = self.lock();
        known.node(pid.node).is_some_and(|node| node.retiring)
            || known.listed(pid).is_some_and(|it| it.state == ServiceState::Retiring && !it.node.retired)
    }

    /// One of the instances that match, found by looking at each; with the number of the probe that the call is, if it is one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn choose(&self, terms: &Terms<'_>, by: &Chance<'_>) -> Result<Picked, RefusedReason> {
        let group = self.group(&terms.selector.interest);
        let members = group.read();
        if terms.selector.balancer().is_some() {
            // It is the user's: it is asked with nothing locked.
            let seen: Vec<_> = members.iter().cloned().collect();
            drop(members);
            let chosen = choose(seen.iter(), terms, by).map(|(instance, probe)| (Arc::clone(instance), probe));
            return chosen.map_err(|refused| refused.unwrap_or_else(|| self.no_target(&seen, terms.selector)));
        }
        match choose(members.iter(), terms, by) {
            Ok((instance, probe)) => Ok((Arc::clone(instance), probe)),
            Err(Some(refused)) => Err(refused),
            Err(None) => {
                let seen: Vec<_> = members.iter().cloned().collect();
                drop(members);
                Err(self.no_target(&seen, terms.selector))
            }
        }
    }

    fn no_target(&self, seen: &[Arc<Instance>], selector: &Selector) -> RefusedReason {
        let begun = self.begun.load(Ordering::Relaxed);
        nobody::no_target(&self.view(), seen, selector, self.here.key.id, begun)
    }

    /// Enters a service of this node.
    pub(crate) fn enter_local(&self, cell: &Arc<dyn AnyCell>) {
        self.change(|known| known.enter_local(cell));
    }

    /// A service of this node is not seen any more. What is noted of it later changes nothing.
    pub(crate) fn remove_local(&self, pid: Pid) {
        self.change(|known| known.list(pid, None));
    }

    /// Shows services of this node that were entered as they are now; those that have stopped go. Their states are read with the
    /// directory locked: whoever changes a state and then comes here cannot be overtaken by what was before.
    pub(crate) fn refresh_local(&self, cells: &[Arc<dyn AnyCell>]) {
        self.change(|known| cells.iter().for_each(|cell| known.list_local(cell)));
    }

    /// Marks a node whose link broke, or clears the mark. A node that the registry has given up already goes for good.
    pub(crate) fn suspect(&self, node: NodeKey, suspect: bool) {
        // Every call that fails says so; only the first changes anything.
        self.change(|known| mark(known, node, suspect));
    }

    /// Nobody listens at the address of this node any more: its process has ended, and nobody else is this run of it.
    #[cfg(feature = "cluster")]
    pub(crate) fn desert(&self, node: NodeKey) {
        self.change(|known| {
            mark(known, node, true);
            known.desert(node);
        });
    }

    /// Whether this run of a node is known, whether views list it or not.
    pub(crate) fn knows(&self, node: NodeKey) -> bool {
        node == self.here.key || self.lock().node(node).is_some()
    }

    /// Whether the process of this node has ended, though the registry may list it for a while.
    pub(crate) fn is_deserted(&self, node: NodeKey) -> bool {
        self.lock().is_deserted(node)
    }

    /// Marks a node whose workers are late, though its link is up, or clears the mark.
    pub(crate) fn late(&self, node: NodeKey, is_late: bool) {
        self.change(|known| known.late(node, is_late));
    }

    /// Takes over how the breaker of a service is now.
    pub(crate) fn mark_breaker(&self, pid: Pid) {
        self.change(|known| known.mark_breaker(pid));
    }

    /// The suspects, with what is known of them.
    pub(crate) fn suspects(&self) -> BTreeMap<NodeKey, Arc<NodeRecord>> {
        self.lock().suspects()
    }

    /// The other runs of this very node that the registry lists.
    #[cfg(feature = "cluster")]
    pub(crate) fn namesakes(&self) -> Vec<Arc<NodeRecord>> {
        self.lock().runs(self.here.key.id).filter(|record| !record.joining).cloned().collect()
    }

    /// By what a run of a node is recognised: also one that has not joined yet, and one that the registry has given up while
    /// its link is up.
    #[cfg(feature = "cluster")]
    pub(crate) fn public_key(&self, node: NodeKey) -> Option<PublicKey> {
        self.lock().node(node)?.public_key
    }

    /// The newest run of this node that the registry lists.
    #[cfg(feature = "cluster")]
    pub(crate) fn newest_run(&self, node: NodeId) -> Option<crate::id::Incarnation> {
        let known = self.lock();
        known
            .runs(node)
            .map(|record| record.key)
            .filter(|&key| !known.is_lingering(key))
            .map(|key| key.incarnation)
            .max()
    }

    /// The peers that the registry listed last, lingering ones left out.
    pub(crate) fn registered(&self) -> BTreeSet<NodeKey> {
        self.lock().registered()
    }

    /// How many peers the registry listed last, and those of them that are among `nodes`.
    pub(crate) fn registered_of(&self, nodes: BTreeSet<NodeKey>) -> (usize, Vec<NodeKey>) {
        let known = self.lock();
        (known.registered_count(), nodes.into_iter().filter(|key| known.is_registered(*key)).collect())
    }

    /// The services of peers that the registry listed last.
    pub(crate) fn registered_services(&self) -> Vec<Pid> {
        self.lock().registered_services().collect()
    }

    /// What is known of an office.
    pub(crate) fn office(&self, office: &OfficeName) -> OfficeNow {
        self.lock().offices().now(office)
    }

    /// How much of a group's state the clients here have seen.
    pub(crate) fn shown(&self, office: &OfficeName) -> Arc<Shown> {
        self.lock().shown(office)
    }

    /// The office whose master a selector is for, if those that it names elect one.
    pub(crate) fn office_of(&self, selector: &Selector) -> Option<Arc<OfficeSeen>> {
        let group = self.group(&selector.interest);
        let members = group.read();
        let elected = members.iter().find_map(|it| it.standing.as_ref().filter(|_| selector.names(it)));
        elected.map(|standing| Arc::clone(&standing.office))
    }

    /// The offices that the registry gives to services of a run of a node.
    pub(crate) fn offices_at(&self, node: NodeKey) -> Vec<(OfficeName, Written<MasterRecord>)> {
        self.lock().offices().at(node)
    }

    /// How many offices each node holds.
    pub(crate) fn offices_held(&self) -> BTreeMap<NodeKey, usize> {
        self.lock().offices().held()
    }

    /// What the registry has of offices.
    pub(crate) fn offices_written(&self) -> BTreeSet<(OfficeName, OfficePart)> {
        self.lock().offices().written()
    }

    /// Applies what the registry says, in its order.
    pub(crate) fn apply(&self, changes: Vec<ClusterChange>, link_is_up: &dyn Fn(NodeKey) -> bool) -> Applied {
        let here = self.here.key;
        let mut applied = Applied::default();
        self.change(|known| {
            for change in changes {
                match change {
                    ClusterChange::Node(node) if node.key != here => applied.returned |= known.put_node(node),
                    ClusterChange::NodeGone(key) if key != here && link_is_up(key) => known.linger(key),
                    ClusterChange::NodeGone(key) if key != here => {
                        known.drop_node(key);
                        applied.gone.push(key);
                    }
                    ClusterChange::Service(service) if service.pid.node != here => known.put_service(&service),
                    ClusterChange::ServiceGone(pid) if pid.node != here && !known.is_lingering(pid.node) => {
                        known.drop_service(pid);
                    }
                    ClusterChange::Master(office, master) => known.put_master(&office, master),
                    ClusterChange::Epoch(office, epoch) => known.put_epoch(&office, epoch),
                    ClusterChange::Round(office, round) => known.put_round(&office, round),
                    ClusterChange::Claim(office, by, claim) => known.put_claim(&office, by, claim),
                    // Of this node only it knows better.
                    _ => {}
                }
            }
        });
        applied
    }

    /// How many entries there are for other nodes, of every sort.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.lock().kept()
    }

    /// Callers find what has changed before the view has another number, and those who wait for it are woken.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Listing) -> T) -> T {
        let mut known = self.lock();
        let result = change(&mut known);
        let (news, passages) = (known.news.take(), std::mem::take(&mut known.news.passages));
        if known.take_changed() {
            self.newest.fetch_add(1, Ordering::AcqRel);
            drop(known);
            self.changed.send_replace(());
        } else {
            drop(known);
        }
        news.iter().for_each(|of| of.send_replace(()));
        passages.iter().for_each(Passage::log);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Listing> {
        lock(&self.known)
    }
}

fn mark(known: &mut Listing, node: NodeKey, suspect: bool) {
    match known.is_news(node, suspect) {
        true if suspect && known.is_lingering(node) => known.drop_node(node),
        true => known.suspect(node, suspect),
        false => {}
    }
}

/// Who is chosen, and the number of the probe that the call is, if it is one.
type Picked = (Arc<Instance>, Option<u64>);

/// What came of changes.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The nodes that are gone for good.
    pub(crate) gone: Vec<NodeKey>,
    /// One is in the registry again that had only been kept because of its link.
    pub(crate) returned: bool,
}
