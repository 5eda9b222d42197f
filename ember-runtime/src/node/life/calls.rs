//! What a node is asked for by who has it: calls by name, events for other nodes, unique ids, weights, what its pool has done, the workers of its
//! services, and what an operator decides for a group that cannot go on by itself.

use std::sync::Arc;

use serde_json::Value;

use super::running::Node;
use crate::{
    actor::Scope,
    call::CallByName,
    error::{LossRefused, Result},
    event::{Event, EventCounts, EventReach, Receipt},
    id::{Epoch, Pid, UniqueId},
    node::slot::UniqueIds,
    office::GroupName,
    offload::OffloadCounts,
    scale::Workers,
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

    /// Gives `event` to every handler for it of the services, as far as `scope` goes: see [`Cx::publish_to`](crate::actor::Cx::publish_to).
    pub fn publish_to<E: Event>(&self, scope: Scope, event: E) -> Receipt {
        self.inner.services.hub.publish_from_outside(scope, event)
    }

    /// Whom an event of the type `E` would go to now: before the first is published, too.
    pub fn event_reach<E: Event>(&self, scope: Scope) -> EventReach {
        self.inner.services.hub.reach_of::<E>(scope)
    }

    /// How many events have left this node, and come.
    pub fn event_counts(&self) -> EventCounts {
        self.inner.services.hub.event_counts()
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

    /// Gives a registered service of this node another weight: how large its share of the calls is, beside the others that match. Callers on
    /// this node know at once, the others as soon as the registry has told them; it stays until the service ends, also if that is started again. `false`
    /// if no such service is registered here.
    ///
    /// With 0 it gets no calls but of those who name it: by [`pid`](crate::call::Select::pid) or [`id`](crate::call::Select::id), by a key, or as
    /// one of [all](crate::call::Select::all); and as the master of its group. What is under way or waits goes on. See [`Choice`](crate::directory::Choice) for what
    /// a weight is to each choice.
    pub fn set_weight(&self, service: Pid, weight: u16) -> bool {
        self.inner.services.set_weight(service, weight)
    }

    /// What the pool of this node for [offloaded](crate::actor::Cx::offload) work is doing, and has done.
    pub fn offload_counts(&self) -> OffloadCounts {
        self.inner.services.pool.counts()
    }

    /// What the workers of a service of this node are at now; `None` if it has none to count (it is exclusive, or sharded without
    /// `workers`), or does not run here. Of a sharded service the pid of the whole is asked for: its shards have none of their own. It looks at each
    /// shard.
    pub fn workers(&self, service: Pid) -> Option<Workers> {
        let cell = self.inner.services.find(service)?;
        let workers = cell.workers()?;
        let bounds = workers.bounds();
        Some(Workers {
            least: *bounds.start(),
            most: *bounds.end(),
            now: workers.now(),
            busy: workers.busy(),
            waiting: workers.waiting(),
            queued: workers.ready(),
            oldest: workers.oldest(),
        })
    }

    /// Lets so many handlers of a concurrent service of this node run at once, or so many shards of a sharded one be at work, within the bounds
    /// that it has said (`workers = 2..=16`); how many that are then. More begin at once. With fewer, those that run go on to their end, and others
    /// begin when few enough are left. The order of each key stays. Where the service has a [`scale`](crate::node::Hosted::scale), that goes on from
    /// there. `None` as for [`workers`](Self::workers).
    pub fn set_workers(&self, service: Pid, workers: u32) -> Option<u32> {
        let cell = self.inner.services.find(service)?;
        Some(cell.workers()?.set(workers))
    }

    /// The replicated services of this node that take no part in their groups, since those have another `Entry`, `State` or `Output` than this build:
    /// they show nothing, and are not elected. A readiness probe that fails while there is one keeps a rolling deployment from replacing the last that
    /// has the state. A group says what it has a moment after a service has started; the log names them too.
    pub fn left_out(&self) -> Vec<Pid> {
        self.inner.services.router.replicas.left_out()
    }

    /// Accepts that a replicated group has lost what it had acknowledged, so that it has a master again: `goes_on` is the member that goes on with
    /// what it has, and with `None` the group begins anew, with nothing. The epoch that is written; the member is elected in a later one, within a
    /// lease after the registry's last return, or at once.
    ///
    /// For when all members are gone that had all that was acknowledged, or when the registry has come back with less than is known and some of
    /// those who may have it are missing. Until then the group has no master, its calls are `NoMaster` at their deadline, and the log of each
    /// node that has an instance says why, and who has what, once a minute.
    ///
    /// **What it costs:** whatever was acknowledged and is not in that member's state is lost for good, whoever comes back with it later: it drops
    /// what it has, and learns. Callers have been told that it was done. So first try to bring those back who are missing: a process that is
    /// cut off, or that stands still, has its state. A process that has been started again has not.
    ///
    /// # Errors
    /// Nothing has been done, but for [`LossRefused::Unknown`]: see there. It is refused while a member lives that has all of it, and, where none does, for one that has less than
    /// another that lives and has said so.
    ///
    /// # Cancel safety
    /// Dropped, it may be done or not. To ask again does no harm: where the group has a master, that is an error.
    pub async fn accept_loss(&self, group: &GroupName, goes_on: Option<Pid>) -> Result<Epoch, LossRefused> {
        let services = &self.inner.services;
        services.elections.accept_loss(&group.office(services.record.server), goes_on).await
    }
}
