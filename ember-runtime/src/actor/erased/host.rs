//! The node, as its services see it.

use std::{
    any::{Any, TypeId},
    sync::Arc,
};

use crate::{
    actor::about::ServiceState,
    clock::Clock,
    hooks::{HandlerHooks, Ordered},
    id::{NodeKey, Pid},
    meters::WaitPlace,
    office::OfficeSeat,
    replica::Replica,
    rng::Rng,
};

/// The node, as far as a service needs it.
pub(crate) trait Host: Send + Sync + 'static {
    /// The part of the node that has this type, for the rooms that know it.
    fn part(&self, kind: TypeId) -> Option<Arc<dyn Any + Send + Sync>>;

    /// Where its tasks run.
    fn runtime(&self) -> &tokio::runtime::Handle;

    /// The one source of randomness.
    fn rng(&self) -> &Rng;

    /// The wall clock.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Whether somebody looks how long its handlers keep their threads: not where time is simulated.
    fn is_watched(&self) -> bool;

    /// Where a service shows which handler of it waits, if somebody looks.
    fn place(&self, _: Pid) -> Option<Arc<WaitPlace>> {
        None
    }

    /// Who has a say before handlers start.
    fn handler_hooks(&self) -> &Ordered<dyn HandlerHooks>;

    /// Whether this run of a node belongs to the cluster, as far as is known here.
    fn is_known(&self, node: NodeKey) -> bool;

    /// Whether an instance of the group whose name has this hash is on this run of a node, as far as is known here.
    fn has_one_of(&self, group: u64, node: NodeKey) -> bool;

    /// The right to act of an elected service.
    fn office(&self, pid: Pid) -> Option<Arc<OfficeSeat>>;

    /// What an instance of a replicated service has of its group's log.
    fn replica(&self, pid: Pid) -> Option<Arc<Replica>>;

    /// Whether no service begins any more, and all end.
    fn is_ending(&self) -> bool;

    /// A service is about to be started again: what it had asked of the node, ends.
    fn restarts(&self, pid: Pid);

    /// A service has ended.
    fn ended(&self, pid: Pid, state: ServiceState);
}

impl dyn Host {
    /// The part of the type `T`.
    ///
    /// # Panics
    /// If the node has none: a mistake in this crate.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let part = self.part(TypeId::of::<T>()).and_then(|part| part.downcast().ok());
        part.expect("a node has every part that its services ask for")
    }
}
