//! Services that no view lists, such as spawned ones: their pid says on which node they are.

use std::{any::Any, sync::Arc};

use super::router::Router;
use crate::{
    actor::{AnyCell, Cell, Front, Service, ServiceIdentity, ServiceState},
    directory::{self, Instance, Interest, NodeRecord, Selector},
    error::RefusedReason,
    id::{NodeKey, Pid},
};

impl Router {
    /// The pid that is asked for, if the view does not list it.
    pub(crate) fn unlisted(&self, selector: &Selector) -> Option<Pid> {
        selector.pid.filter(|pid| !self.directory().lists(*pid))
    }

    /// The service `pid`, which the view does not list. Only the pid of the selector counts, and, on this node, whether it is
    /// the right kind of service; on another node the callee compares the signature of the method.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn direct(&self, selector: &Selector, pid: Pid, excluded: &[Pid]) -> Result<Instance, RefusedReason> {
        let cell = self.spawned_here(selector, pid)?;
        let node = self.run(selector, pid.node)?;
        if excluded.contains(&pid) {
            return Err(RefusedReason::Unreachable("the instance has refused".into()));
        }
        Ok(instance(pid, node, cell, &selector.interest))
    }

    /// The service `pid`, which the view does not list, if it is on this node; none if it is on another.
    ///
    /// # Errors
    /// If it has ended, or is of another kind.
    pub(crate) fn spawned_here(
        &self,
        selector: &Selector,
        pid: Pid,
    ) -> Result<Option<Arc<dyn AnyCell>>, RefusedReason> {
        if pid.node != self.key {
            return Ok(None);
        }
        let view = || self.directory().view();
        let cell = self.cells.get(pid.number).ok_or_else(|| directory::ended(&view(), selector))?;
        if !fulfils(&*cell, &selector.interest) {
            return Err(directory::of_another_kind(&view(), selector, &cell.identity().name));
        }
        Ok(Some(cell))
    }

    /// The services of this node of a type, in the order of their start: as the view has them, if it lists them. A sharded one is one.
    pub(crate) fn of_class<S: Service>(&self) -> Vec<Arc<Instance>> {
        let here = self.directory().record();
        let is_one = |cell: &dyn Any| if S::SPEC.shards > 0 { cell.is::<Front<S>>() } else { cell.is::<Cell<S>>() };
        let cells = self.cells.all().into_iter().filter(|cell| is_one(cell.as_any()));
        let all = cells.map(|cell| {
            self.directory().listed(cell.pid()).unwrap_or_else(|| {
                let (pid, state) = (cell.pid(), cell.state());
                let unlisted = Instance::new(pid, Arc::clone(cell.identity()), Arc::clone(here), state);
                Arc::new(Instance { direct: true, cell: Some(cell), ..unlisted })
            })
        });
        all.collect()
    }

    /// A run of a node, if it is the newest.
    fn run(&self, selector: &Selector, key: NodeKey) -> Result<Arc<NodeRecord>, RefusedReason> {
        let node = self.directory().node(key.id).filter(|node| node.key == key);
        node.ok_or_else(|| directory::no_such_run(&self.directory().view(), selector, key))
    }
}

fn fulfils(cell: &dyn AnyCell, interest: &Interest) -> bool {
    match interest {
        Interest::Service(name) => cell.name() == &**name,
        Interest::Contract(name) => cell.contracts().contains(&&**name),
    }
}

fn instance(pid: Pid, node: Arc<NodeRecord>, cell: Option<Arc<dyn AnyCell>>, interest: &Interest) -> Instance {
    let identity = cell.as_deref().map(AnyCell::identity).cloned();
    let identity = identity.unwrap_or_else(|| Arc::new(supposed(pid, &node, interest)));
    Instance { direct: true, cell, ..Instance::new(pid, identity, node, ServiceState::Running) }
}

/// What messages say of a service of which only the pid is known.
fn supposed(pid: Pid, node: &NodeRecord, interest: &Interest) -> ServiceIdentity {
    let (Interest::Service(name) | Interest::Contract(name)) = interest;
    ServiceIdentity::supposed(name, pid.number, node.server)
}
