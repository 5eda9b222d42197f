//! The front of a sharded service, as the rest of the node sees it: what is asked of the service is asked of all shards, and a call
//! goes to one of them.

use std::{any::Any, fmt, sync::Arc, task::Context};

use tokio::sync::watch;

use super::arrivals;
use crate::{
    actor::{
        about::{Down, Load, Notice, ServiceIdentity, ServiceState, Shard, Watcher},
        cell::{Cell, Front},
        erased::{AnyCell, CallbackPermit, Host, OnTheSpot, Owed, Refused, RouteFn, Workers},
        service::Service,
        turn::CallCounts,
    },
    error::RefusedReason,
    id::{MethodId, Pid},
    message::{Arrivals, Envelope, MethodInfo, MethodRef, RawCall},
    office::Appointment,
};

/// The cell that a call goes to: that of the service, or of the shard that has its key.
///
/// # Errors
/// It has none, or would wait for itself. Or this is a shard, and the key is another's.
#[inline]
pub(super) fn cell_for<'a, S: Service>(
    cell: &'a dyn AnyCell,
    envelope: Option<&Envelope>,
    index: usize,
) -> Result<&'a Cell<S>, RefusedReason> {
    if const { S::SPEC.shards > 0 } {
        return shard_for(cell, envelope, index);
    }
    cell.as_any().downcast_ref().ok_or(RefusedReason::UnknownMethod)
}

fn shard_for<'a, S: Service>(
    cell: &'a dyn AnyCell,
    envelope: Option<&Envelope>,
    index: usize,
) -> Result<&'a Cell<S>, RefusedReason> {
    let name = |cell: &'a Cell<S>| cell.blueprint.table.methods.get(index).map_or("", |entry| &*entry.name);
    if let Some(front) = cell.as_any().downcast_ref::<Front<S>>() {
        return front.shard_of(envelope, name(&front.shards[0])).map(|shard| &**shard);
    }
    let shard: &Cell<S> = cell.as_any().downcast_ref().ok_or(RefusedReason::UnknownMethod)?;
    shard.has_own_key(envelope, name(shard)).map(|()| shard)
}

impl<S: Service> AnyCell for Front<S> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn name(&self) -> &'static str {
        S::SPEC.name
    }

    fn identity(&self) -> &Arc<ServiceIdentity> {
        self.identity.of(&S::SPEC, self.pid, self.server)
    }

    fn state(&self) -> ServiceState {
        self.states.now()
    }

    fn states(&self) -> watch::Receiver<ServiceState> {
        self.states.subscribe()
    }

    fn on_change(&self, notice: Notice) {
        self.states.on_change(notice);
    }

    fn call_counts(&self) -> CallCounts {
        self.shards.iter().map(|shard| shard.call_counts()).sum()
    }

    fn load(&self) -> Load {
        self.shards.iter().map(|shard| shard.load()).sum()
    }

    fn shard(&self) -> Option<Shard> {
        None
    }

    fn has_shards(&self) -> bool {
        true
    }

    fn workers(&self) -> Option<&dyn Workers> {
        Self::workers(self)
    }

    fn overran(&self, _: u64) {}

    fn contracts(&self) -> &[&'static str] {
        self.shards[0].contracts()
    }

    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)> {
        self.shards[0].methods()
    }

    fn signature(&self, id: MethodId) -> Option<&'static str> {
        self.shards[0].signature(id)
    }

    fn describe(&self, id: MethodId) -> Option<MethodRef> {
        self.shards[0].describe(id)
    }

    fn accept(&self, call: RawCall<'static>, index: usize) {
        let name = self.shards[0].blueprint.table.methods.get(index).map_or("", |entry| &*entry.name);
        match self.shard_of(call.envelope.as_deref(), name) {
            Ok(shard) => shard.accept(call, index),
            Err(reason) => call.reply.fail(reason),
        }
    }

    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &'static (dyn Any + Send + Sync), usize)> {
        self.shards[0].port(id)
    }

    fn deliver(&self, calls: &mut dyn Arrivals<'_>, which: OnTheSpot, task: &mut Context<'_>) {
        arrivals::deliver_to_shards(self, calls, which, task);
    }

    // What a handler asks for, it asks for as the shard that it runs in, whose cell it knows. Of the front nobody asks it.
    fn reserve_callback(
        self: Arc<Self>,
        route: RouteFn,
        method: &'static str,
    ) -> Result<CallbackPermit, RefusedReason> {
        Arc::clone(&self.shards[0]).reserve_callback(route, method)
    }

    fn owe_refusals(&self) {}

    fn owe_refused(&self, _: Owed, _: &mut Refused) {}

    fn owe_callback(&self, _: Owed) -> bool {
        false
    }

    fn work(&self) -> Option<usize> {
        // Each shard is asked by itself.
        None
    }

    fn pause(&self, paused: bool) {
        self.shards.iter().for_each(|shard| shard.pause(paused));
        self.join();
    }

    fn retire(&self) {
        self.retire_all();
        self.join();
    }

    fn retire_here(&self) -> bool {
        // Each shard has a driver, which sees to its end.
        self.retire();
        false
    }

    fn stops_alone(&self) -> bool {
        self.is_stopped_alone()
    }

    fn abort(&self) {
        self.shards.iter().for_each(|shard| shard.abort());
        self.join();
    }

    fn is_cut(&self) -> bool {
        self.shards.iter().any(|shard| shard.is_cut())
    }

    fn release(self: Arc<Self>, host: &dyn Host) {
        self.shards.iter().for_each(|shard| Arc::clone(shard).release(host));
    }

    fn life(&self) -> u64 {
        0
    }

    fn down(&self, _: &Down, _: u64, _: &[Watcher]) {}

    fn appoint(&self, _: Appointment) {}

    fn is_elected(&self) -> bool {
        false
    }

    fn is_replicated(&self) -> bool {
        false
    }

    fn member(&self) -> Option<Pid> {
        None
    }

    fn hears(&self, _: &Watcher) -> bool {
        false
    }
}

impl<S: Service> fmt::Debug for Front<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, of {} shards", S::SPEC.name, self.pid, self.shards.len())
    }
}
