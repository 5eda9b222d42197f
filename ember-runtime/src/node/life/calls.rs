//! What a node is asked for by who has it: calls by name, unique ids, the workers of a service, and what its pool has done.

use std::sync::Arc;

use serde_json::Value;

use super::running::Node;
use crate::{
    actor::WorkerCounts,
    call::CallByName,
    error::Result,
    id::{Pid, UniqueId},
    node::slot::UniqueIds,
    offload::OffloadCounts,
};

impl Node {
    /// Calls a method by the names of its service and its own, with JSON: also of services that this program does not link.
    ///
    /// The service's node says what the method takes and returns, and the arguments are checked against that: `args` is an object with
    /// their names, or a list in their order (`null` if there are none). A method of a module has the module's name before its own,
    /// `bag.rpc_drop`; one of a contract that of the contract, `Buys.rpc_buy`. Modules under keys are not reached so.
    ///
    /// Values look as serde writes them in JSON. Types with functions of their own for serde, and those of which only the name is
    /// known, are refused.
    ///
    /// # Errors
    /// As for any call; `NotExecuted(NotByName)` if the service has no such method for other nodes, with the names of those that it has, or
    /// if it returns a stream; `NotExecuted(Undecodable)` if the arguments do not fit, with the way to what does not, such as
    /// `` `command.Sell.price`: expected … ``. The error of the method comes as JSON too.
    ///
    /// # Cancel safety
    /// As [`Call`](crate::call::Call).
    pub fn call(&self, service: impl Into<String>, method: impl Into<String>, args: Value) -> CallByName {
        CallByName::new(Arc::clone(&self.inner.services.router), service.into(), method.into(), args)
    }

    /// An id that no other node of the cluster makes, larger than all that this node has made before. The first takes one or two round trips to the
    /// registry, all others are made at once. What is promised, and what is not, says [`UniqueIds`].
    ///
    /// # Errors
    /// As [`UniqueIds::next`].
    ///
    /// # Cancel safety
    /// Safe: an id that nobody took is left out.
    pub async fn unique_id(&self) -> Result<UniqueId> {
        self.unique_ids().next().await
    }

    /// What makes such ids, to keep and to hand on; also for code that is not `async`. Nothing happens before one is asked for.
    pub fn unique_ids(&self) -> UniqueIds {
        UniqueIds::new(&self.inner.services.ids)
    }

    /// What the pool of this node for [offloaded](crate::actor::Cx::offload) work is doing, and has done.
    pub fn offload_counts(&self) -> OffloadCounts {
        self.inner.services.pool.counts()
    }

    /// How many handlers of a concurrent service of this node run at once, and what waits for them. `None` if no such service runs here, or one
    /// whose handlers run one at a time.
    pub fn worker_counts(&self, service: Pid) -> Option<WorkerCounts> {
        let cell = self.inner.services.find(service)?;
        Some(cell.workers()?.counts())
    }

    /// Lets so many handlers of a concurrent service of this node run at once, within the bounds that it has said (`workers = 2..=16`); how many
    /// that are then. More begin at once. With fewer, those that run go on to their end, and others begin when few enough are left. The order of
    /// each key stays. `None` as for [`worker_counts`](Self::worker_counts).
    pub fn set_workers(&self, service: Pid, workers: u32) -> Option<u32> {
        let cell = self.inner.services.find(service)?;
        Some(cell.workers()?.set(workers))
    }
}
