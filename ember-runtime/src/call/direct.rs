//! Services that no view lists, such as spawned ones: their pid says on which node they are.

use std::sync::{Arc, PoisonError};

use super::Router;
use crate::{
    actor::{AnyCell, ServiceIdentity, ServiceState},
    directory::{self, Instance, Interest, NodeRecord, Selector, View},
    error::RefusedReason,
    id::Pid,
};

impl Router {
    /// The service with this number on this node.
    pub(crate) fn cell(&self, number: u64) -> Option<Arc<dyn AnyCell>> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// The service `pid`, which `view` does not list. Only the pid of the selector counts, and, on this node, whether it is
    /// the right kind of service; on another node the callee compares the signature of the method.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn direct(
        &self,
        view: &View,
        selector: &Selector,
        pid: Pid,
        excluded: &[Pid],
    ) -> Result<Instance, RefusedReason> {
        let cell = self.spawned_here(view, selector, pid)?;
        let node = view.node(pid.node.id).ok_or_else(|| directory::no_such_run(view, selector, pid.node))?;
        if excluded.contains(&pid) {
            return Err(RefusedReason::Unreachable("the instance has refused".into()));
        }
        Ok(instance(pid, node, cell, &selector.interest))
    }
}

impl Router {
    /// The service `pid`, which `view` does not list, if it is on this node; none if it is on another.
    ///
    /// # Errors
    /// If it has ended, or its node has; or if it is of another kind.
    pub(super) fn spawned_here(
        &self,
        view: &View,
        selector: &Selector,
        pid: Pid,
    ) -> Result<Option<Arc<dyn AnyCell>>, RefusedReason> {
        if view.node(pid.node.id).is_none_or(|node| node.key != pid.node) {
            return Err(directory::no_such_run(view, selector, pid.node));
        }
        if pid.node != self.key {
            return Ok(None);
        }
        let cell = self.cell(pid.number).ok_or_else(|| directory::ended(view, selector))?;
        if !fulfils(&*cell, &selector.interest) {
            return Err(directory::of_another_kind(view, selector, &cell.identity().name));
        }
        Ok(Some(cell))
    }
}

fn fulfils(cell: &dyn AnyCell, interest: &Interest) -> bool {
    match interest {
        Interest::Service(name) => cell.name() == &**name,
        Interest::Contract(name) => cell.contracts().contains(&&**name),
    }
}

fn instance(pid: Pid, node: &Arc<NodeRecord>, cell: Option<Arc<dyn AnyCell>>, interest: &Interest) -> Instance {
    let identity = cell.as_deref().map(AnyCell::identity).cloned();
    Instance {
        pid,
        identity: identity.unwrap_or_else(|| Arc::new(supposed(pid, node, interest))),
        node: Arc::clone(node),
        state: ServiceState::Running,
        contracts: Arc::default(),
        methods: Arc::default(),
        direct: true,
        suspect: false,
        cell,
        in_flight: Arc::default(),
    }
}

/// What messages say of a service of which only the pid is known.
fn supposed(pid: Pid, node: &NodeRecord, interest: &Interest) -> ServiceIdentity {
    let (Interest::Service(name) | Interest::Contract(name)) = interest;
    ServiceIdentity::supposed(name, pid.number, node.server)
}
