//! A cell as the rest of the node sees it, to which its type is not known.

use std::{any::Any, fmt, sync::Arc, task::Context};

use tokio::sync::watch;

use super::{appoint, arrivals, downs, promised::promise};
use crate::{
    actor::{
        about::{Down, Load, Notice, ServiceIdentity, ServiceState, Shard, Watcher},
        cell::Cell,
        erased::{AnyCell, CallbackPermit, Host, OnTheSpot, Owed, Refused, RouteFn, Workers},
        service::Service,
        turn::CallCounts,
        work::{Post, TellRefused},
    },
    error::RefusedReason,
    id::{MethodId, Pid},
    message::{Arrivals, Lane, MethodInfo, MethodRef, Named, RawCall, Reach},
    office::Appointment,
};

impl<S: Service> AnyCell for Cell<S> {
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
        self.counts.read()
    }

    fn load(&self) -> Load {
        // The driver of a concurrent one has the turn as long as it is up.
        let running = match self.workers() {
            Some(workers) => workers.busy() as usize,
            None => usize::from(!self.turn.is_at_rest()),
        };
        Load::new(running, self.mailbox.waiting())
    }

    fn shard(&self) -> Option<Shard> {
        self.identity.shard()
    }

    fn workers(&self) -> Option<&dyn Workers> {
        self.together.is_some().then_some(self as _)
    }

    fn overran(&self, ticks: u64) {
        self.counts.overran(ticks);
    }

    fn contracts(&self) -> &[&'static str] {
        &self.blueprint.table.contracts
    }

    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)> {
        self.blueprint
            .table
            .methods
            .iter()
            .map(|entry| (entry.id, entry.info, entry.name.as_str(), entry.fingerprint))
            .collect()
    }

    fn signature(&self, id: MethodId) -> Option<&'static str> {
        let entry = self.blueprint.table.find(id).filter(|entry| entry.info.reach == Reach::Cluster)?;
        Some(entry.text())
    }

    fn describe(&self, id: MethodId) -> Option<MethodRef> {
        let entry = self.blueprint.table.find(id).filter(|entry| entry.info.reach == Reach::Cluster)?;
        MethodRef::of(&entry.name, entry.info, (entry.signature)())
    }

    fn accept(&self, call: RawCall<'static>, index: usize) {
        match self.blueprint.table.methods.get(index) {
            Some(entry) => {
                if let Err(reason) = self.has_own_key(call.envelope.as_deref(), &entry.name) {
                    return call.reply.fail(reason);
                }
                if let Some(call) = arrivals::admit(self, call, (index, entry)) {
                    arrivals::queue(self, call, index, entry);
                }
            }
            None => call.reply.fail(RefusedReason::UnknownMethod),
        }
    }

    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &'static (dyn Any + Send + Sync), usize)> {
        let index = self.blueprint.table.index(id)?;
        self.blueprint.table.methods.get(index).map(|entry| (entry.info, entry.port, index))
    }

    fn deliver(&self, calls: &mut dyn Arrivals<'_>, which: OnTheSpot, task: &mut Context<'_>) {
        arrivals::deliver(self, calls, which, task);
    }

    fn reserve_callback(
        self: Arc<Self>,
        route: RouteFn,
        method: &'static str,
    ) -> Result<CallbackPermit, RefusedReason> {
        self.tries(|| self.mailbox.promise(Lane::User))?;
        Ok(promise(self, route, method))
    }

    fn owe_refusals(&self) {
        let _ended = self.mailbox.put_last(Lane::User, Post::Job(Box::new(TellRefused)));
        self.notice();
    }

    fn owe_refused(&self, callback: Owed, Refused(waiting): &mut Refused) {
        if self.together.is_some() {
            // By itself: any worker runs it, and between two there are others.
            let _ended = self.mailbox.put_last(Lane::User, Post::Job(Box::new(callback)));
            return self.notice();
        }
        waiting.push(callback);
        if waiting.len() == 1 {
            self.owe_refusals();
        }
    }

    fn owe_callback(&self, callback: Owed) -> bool {
        self.owe(Lane::User, Box::new(callback))
    }

    fn work(&self) -> Option<usize> {
        let waiting = self.mailbox.waiting();
        if let Some(workers) = self.workers() {
            return (waiting > 0 || workers.busy() > 0).then_some(waiting);
        }
        (waiting > 0 || !self.turn.is_at_rest()).then_some(waiting)
    }

    fn pause(&self, paused: bool) {
        self.set_paused(paused);
    }

    fn retire(&self) {
        self.begin_to_end();
        self.notice();
    }

    fn retire_here(&self) -> bool {
        self.end_idle()
    }

    fn stops_alone(&self) -> bool {
        self.is_stopped_alone()
    }

    fn abort(&self) {
        self.abort_driver();
    }

    fn resumes(&self) -> bool {
        Self::resumes(self)
    }

    fn is_cut(&self) -> bool {
        self.is_aborted()
    }

    fn release(self: Arc<Self>, host: &dyn Host) {
        self.set_released(host);
    }

    fn life(&self) -> u64 {
        self.lives()
    }

    fn down(&self, down: &Down, life: u64, watchers: &[Watcher]) {
        downs::down(self, down, life, watchers);
    }

    fn appoint(&self, appointment: Appointment) {
        appoint::appoint(self, appointment);
    }

    fn is_elected(&self) -> bool {
        S::SPEC.elected
    }

    fn is_replicated(&self) -> bool {
        S::REPLICA.is_some()
    }

    fn member(&self) -> Option<Pid> {
        if !S::SPEC.elected {
            return None;
        }
        self.host.upgrade()?.replica(self.pid)?.name()
    }

    fn hears(&self, watcher: &Watcher) -> bool {
        downs::hears(self, watcher)
    }
}

impl<S: Service> Named for Cell<S> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn name(&self) -> &'static str {
        S::SPEC.name
    }

    fn link(&self) -> Pid {
        self.waits_as()
    }
}

impl<S: Service> fmt::Debug for Cell<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", S::SPEC.name, self.pid)
    }
}
