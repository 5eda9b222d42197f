//! One service that can be called.

use std::{fmt, sync::Arc, time::Duration};

use super::{counter::Counter, standing::Standing};
use crate::{
    actor::{AnyCell, Load, ServiceIdentity, ServiceState},
    directory::{
        breakers::BreakerState,
        records::{MethodRecord, NodeRecord, Published, SharedRecord},
    },
    id::{Epoch, MethodId, Pid},
    message::{Reach, Reading},
    office::{Role, Shown},
    planted::{Bug, planted},
};

/// One running service in a [`View`](crate::directory::views::View).
#[derive(Clone)]
pub struct Instance {
    pub(crate) pid: Pid,
    pub(crate) published: Arc<Published>,
    pub(crate) node: Arc<NodeRecord>,
    pub(crate) state: ServiceState,
    /// How large its share of the calls is.
    pub(crate) weight: u16,
    /// No view lists it: it was found by its pid, so what it has published is not known.
    pub(crate) direct: bool,
    /// The link to its node broke, and has not come back yet; or the node says that its workers are late. Chosen last.
    pub(crate) suspect: bool,
    /// The link to its node broke, and has not come back yet.
    pub(crate) out_of_reach: bool,
    /// What it is in its group, if its service is elected.
    pub(crate) standing: Option<Standing>,
    /// The service itself, if it is on this node.
    pub(crate) cell: Option<Arc<dyn AnyCell>>,
    /// How its breaker was when this was made.
    pub(crate) breaker: BreakerState,
    /// Calls that this node waits for.
    pub(crate) in_flight: Counter,
}

impl Instance {
    /// Whether other nodes see it: it has methods for them.
    #[cfg(feature = "testing")]
    pub(crate) fn is_offered(&self) -> bool {
        !self.published.methods.is_empty()
    }

    /// A service of this node.
    pub(crate) fn of_cell(cell: &Arc<dyn AnyCell>, here: Arc<NodeRecord>, state: ServiceState) -> Self {
        let methods = cell.methods().into_iter().filter(|(_, info, ..)| info.reach == Reach::Cluster);
        let methods = methods.map(|(id, _, _, fingerprint)| MethodRecord { id, fingerprint }).collect();
        let contracts = cell.contracts().iter().map(|&name| name.to_owned()).collect();
        let published = Published::new(
            Arc::clone(cell.identity()),
            contracts,
            methods,
            (cell.is_elected(), cell.is_replicated(), cell.member()),
        );
        Self { cell: Some(Arc::clone(cell)), ..Self::of(cell.pid(), published, here, state) }
    }

    /// A service of another node; `old` is what was known of it.
    pub(crate) fn of_record(record: &SharedRecord, node: Arc<NodeRecord>, old: Option<&Self>) -> Self {
        let published = Arc::clone(&record.published);
        let in_flight = old.map(|old| old.in_flight.clone()).unwrap_or_default();
        let (weight, breaker) = (record.weight, in_flight.breaker());
        Self { weight, breaker, in_flight, ..Self::of(record.pid, published, node, record.state) }
    }

    /// One of which no more is known.
    pub(crate) fn new(pid: Pid, identity: Arc<ServiceIdentity>, node: Arc<NodeRecord>, state: ServiceState) -> Self {
        Self::of(pid, Published::new(identity, Vec::new(), Vec::new(), (false, false, None)), node, state)
    }

    fn of(pid: Pid, published: Arc<Published>, node: Arc<NodeRecord>, state: ServiceState) -> Self {
        let (weight, in_flight) = (published.identity.weight(), Counter::default());
        let (direct, suspect, out_of_reach) = (false, false, false);
        let (standing, cell, breaker) = (None, None, BreakerState::Closed);
        Self { pid, published, node, state, weight, direct, suspect, out_of_reach, standing, cell, breaker, in_flight }
    }

    /// Whether `record` says nothing of it that is not known.
    pub(crate) fn is_as_recorded(&self, record: &SharedRecord) -> bool {
        let now = (self.pid, self.state, self.weight);
        now == (record.pid, record.state, record.weight) && self.published == record.published
    }

    /// Whether nobody who looks at the one could tell it from the other.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            pid,
            published,
            node,
            state,
            weight,
            direct,
            suspect,
            out_of_reach,
            standing,
            cell,
            breaker,
            in_flight,
        } = self;
        (*pid, *state, *weight, *direct) == (other.pid, other.state, other.weight, other.direct)
            && (*suspect, *out_of_reach) == (other.suspect, other.out_of_reach)
            && (*breaker, standing) == (other.breaker, &other.standing)
            && in_flight.ptr_eq(&other.in_flight)
            && cell.is_some() == other.cell.is_some()
            && (published, node) == (&other.published, &other.node)
    }

    /// In words and by pid.
    pub(crate) fn place(&self) -> (String, Pid) {
        (self.to_string(), self.pid)
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Name, id, kind, version, tags.
    pub fn identity(&self) -> &ServiceIdentity {
        &self.published.identity
    }

    /// The node that hosts it.
    pub fn node(&self) -> &NodeRecord {
        &self.node
    }

    /// Its state, as far as this node knows: of a service on another node, what that has told the registry last. Of a process that
    /// was killed this stays as it was until its lease ends; [`is_reachable`](Self::is_reachable) knows it earlier.
    pub fn state(&self) -> ServiceState {
        self.state
    }

    /// How large its share of the calls is, beside the others that match: what [`Node::set_weight`](crate::node::Node::set_weight)
    /// has said last on its node, else its tag `weight` ([`Hosted::weight`](crate::node::Hosted::weight)), else 1. With 0 it has none: it is
    /// called by whoever names it.
    pub fn weight(&self) -> u16 {
        self.weight
    }

    /// Whether this node knows of nothing that keeps its calls from it. `false` from the moment in which the link to its node breaks
    /// or cannot be made (its process was killed, its machine is cut off or stands still) until there is one again, or until
    /// the registry has given it up and it is in no view any more. Whatever its [`state`](Self::state), it is then chosen
    /// only if no other can be. The link is tried again all the while, whether anybody calls or not.
    ///
    /// This is what this node has found out by itself; another one may have another opinion. Nodes make a link when one of them
    /// first calls the other: what was never called counts as reachable. A service of this node always does. A change makes
    /// a new view, for which `Node::wait_for_view` can wait.
    pub fn is_reachable(&self) -> bool {
        !self.out_of_reach
    }

    /// How this node's breaker for it is: [`Breaker`](crate::directory::Breaker) says when that opens. A change makes a new view.
    pub fn breaker(&self) -> BreakerState {
        self.breaker
    }

    /// A call to it, which is no probe, was answered.
    #[inline]
    pub(crate) fn answered(&self) {
        self.in_flight.begin().circuit.answered();
    }

    /// What it is in its group, as far as this node knows; `None` if its service is not elected.
    pub fn role(&self) -> Option<Role> {
        self.standing.as_ref().map(|standing| standing.role)
    }

    /// The epoch in which it is the master; `None` if it is not.
    pub fn epoch(&self) -> Option<Epoch> {
        self.standing.as_ref().filter(|standing| standing.role == Role::Master)?.epoch
    }

    /// Whether its group has a state in common: then its master knows what became of calls.
    #[inline]
    pub(crate) fn is_replicated(&self) -> bool {
        self.standing.is_some() && self.published.replicated
    }

    /// The same instance as the master in this epoch, which another has named. Unless it is known to be of the past.
    pub(crate) fn in_epoch(&self, epoch: Epoch) -> Option<Self> {
        let Standing { office, .. } = self.standing.as_ref().filter(|it| it.office.highest() <= Some(epoch))?;
        let standing = Some(Standing { role: Role::Master, epoch: Some(epoch), office: Arc::clone(office) });
        Some(Self { standing, ..self.clone() })
    }

    /// Whether calls that were made before by this caller still look for the master of its group.
    #[inline]
    pub(crate) fn is_looked_for_by(&self, caller: u64) -> bool {
        match &self.standing {
            Some(standing) => caller != 0 && standing.office.is_looked_for_by(caller),
            None => false,
        }
    }

    /// Whether it was chosen as a master, and this node knows of a later one now: what it says counts no more.
    #[inline]
    pub(crate) fn deposed(&self) -> Option<Epoch> {
        let Standing { office, .. } = self.standing.as_ref()?;
        self.epoch().filter(|epoch| office.highest() > Some(*epoch) && !planted(Bug::ReplyUnchecked))
    }

    /// A master after that of `epoch`, if this node knows of one, whatever this one is now.
    pub(crate) fn master_after(&self, epoch: Epoch) -> Option<Epoch> {
        self.standing.as_ref()?.office.highest().filter(|highest| *highest > epoch)
    }

    /// It has answered as the master of its epoch: whoever says something as the master of an earlier one is late, whether the view
    /// knows of it yet or not.
    pub(crate) fn has_acted(&self) {
        if let (Some(Standing { office, .. }), Some(epoch)) = (&self.standing, self.epoch()) {
            office.raise(epoch);
        }
    }

    /// How much of its group's state the clients of this node have seen, if its service is replicated.
    #[inline]
    pub(crate) fn shown(&self) -> Option<&Arc<Shown>> {
        self.standing.as_ref()?.office.shown()
    }

    /// What a call to it says of how new what it is shown must be, if its service is replicated.
    pub(crate) fn reading(&self, within: Option<Duration>) -> Option<Reading> {
        self.shown().map(|shown| Reading { seen: shown.get(), within })
    }

    /// Whether it runs on this very node.
    pub fn is_local(&self) -> bool {
        self.cell.is_some()
    }

    /// How busy it is. Of a service of this node: now. Of another: as its node said last, which it does over the link between the two every
    /// half second while there is something to say, so that this is up to a second old; nothing without a link, and after one has begun.
    pub fn load(&self) -> Load {
        match &self.cell {
            Some(cell) => cell.load(),
            None => self.in_flight.reported(),
        }
    }

    /// How much it has to do, as far as is known here.
    pub(crate) fn busy(&self) -> usize {
        match &self.cell {
            Some(cell) => cell.load().total(),
            None => self.in_flight.busy(),
        }
    }

    /// How many calls from this node it has not answered yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight.count()
    }

    /// The fingerprint of a method that it has published.
    pub(crate) fn fingerprint(&self, id: MethodId) -> Option<u64> {
        let methods = &self.published.methods;
        let index = methods.binary_search_by_key(&id, |method| method.id).ok()?;
        methods.get(index).map(|method| method.fingerprint)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.identity().name, self.identity().id, self.node.name)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = if self.out_of_reach { " (out of reach)" } else { "" };
        write!(f, "{self} {} {:?}{reach}", self.pid, self.state)
    }
}
