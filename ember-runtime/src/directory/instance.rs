//! One service that can be called.

use std::{fmt, sync::Arc};

use super::{InFlight, MethodRecord, NodeRecord};
use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    id::{MethodId, Pid},
};

/// One running service in a [`View`](super::View).
#[derive(Clone)]
pub struct Instance {
    pub(crate) pid: Pid,
    pub(crate) identity: Arc<ServiceIdentity>,
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
