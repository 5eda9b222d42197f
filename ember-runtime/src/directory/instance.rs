//! One service that can be called.

use std::{fmt, sync::Arc};

use super::{InFlight, MethodRecord, NodeRecord, record::Offer};
use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    id::{MethodId, Pid},
    message::Reach,
};

/// One running service in a [`View`](super::View).
#[derive(Clone)]
pub struct Instance {
    pub(crate) pid: Pid,
    pub(crate) identity: Arc<ServiceIdentity>,
    /// That of the identity, if it is one.
    pub(crate) version: Option<semver::Version>,
    pub(crate) node: Arc<NodeRecord>,
    pub(crate) state: ServiceState,
    pub(crate) contracts: Arc<[String]>,
    /// Sorted by id.
    pub(crate) methods: Arc<[MethodRecord]>,
    /// No view lists it: it was found by its pid, so what it has published is not known.
    pub(crate) direct: bool,
    /// The link to its node broke, and has not come back yet; or the node says that its workers are late. Chosen last.
    pub(crate) suspect: bool,
    /// The service itself, if it is on this node.
    pub(crate) cell: Option<Arc<dyn AnyCell>>,
    /// Calls that this node waits for.
    pub(crate) in_flight: Arc<InFlight>,
}

impl Instance {
    /// A service of this node.
    pub(super) fn of_cell(cell: &Arc<dyn AnyCell>, here: Arc<NodeRecord>, state: ServiceState) -> Self {
        let methods = cell.methods().into_iter().filter(|(_, info, ..)| info.reach == Reach::Cluster);
        let methods = methods.map(|(id, _, _, fingerprint)| MethodRecord { id, fingerprint }).collect();
        Self {
            contracts: cell.contracts().iter().map(|&name| name.to_owned()).collect(),
            methods,
            cell: Some(Arc::clone(cell)),
            ..Self::new(cell.pid(), Arc::clone(cell.identity()), here, state)
        }
    }

    /// A service of another node; `old` is what was known of it.
    pub(super) fn of_offer(offer: &Offer, node: Arc<NodeRecord>, old: Option<&Self>) -> Self {
        Self {
            contracts: Arc::clone(&offer.contracts),
            methods: Arc::clone(&offer.methods),
            in_flight: old.map(|old| Arc::clone(&old.in_flight)).unwrap_or_default(),
            ..Self::new(offer.pid, Arc::clone(&offer.identity), node, offer.state)
        }
    }

    /// One of which no more is known.
    pub(crate) fn new(pid: Pid, identity: Arc<ServiceIdentity>, node: Arc<NodeRecord>, state: ServiceState) -> Self {
        Self {
            pid,
            // Once, and not with each call that asks for a version.
            version: identity.version.parse().ok(),
            identity,
            node,
            state,
            contracts: Arc::default(),
            methods: Arc::default(),
            direct: false,
            suspect: false,
            cell: None,
            in_flight: Arc::default(),
        }
    }

    /// Whether nobody who looks at the one could tell it from the other.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let Self { pid, identity, version: _, node, state, contracts, methods, direct, suspect, cell, in_flight } =
            self;
        (*pid, *state, *direct, *suspect) == (other.pid, other.state, other.direct, other.suspect)
            && Arc::ptr_eq(in_flight, &other.in_flight)
            && cell.is_some() == other.cell.is_some()
            && (identity, node, contracts, methods) == (&other.identity, &other.node, &other.contracts, &other.methods)
    }

    /// Its pid.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Name, id, kind, version, tags.
    pub fn identity(&self) -> &ServiceIdentity {
        &self.identity
    }

    /// The node that hosts it.
    pub fn node(&self) -> &NodeRecord {
        &self.node
    }

    /// Its state, as this node knows it.
    pub fn state(&self) -> ServiceState {
        self.state
    }

    /// Whether it runs on this very node.
    pub fn is_local(&self) -> bool {
        self.cell.is_some()
    }

    /// How many calls from this node it has not answered yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight.count()
    }

    /// The fingerprint of a method that it has published.
    pub(crate) fn fingerprint(&self, id: MethodId) -> Option<u64> {
        let index = self.methods.binary_search_by_key(&id, |method| method.id).ok()?;
        self.methods.get(index).map(|method| method.fingerprint)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.identity.name, self.identity.id, self.node.name)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {} {:?}", self.pid, self.state)
    }
}
