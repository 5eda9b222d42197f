//! A running service as the rest of its node sees it.

use std::{
    any::Any,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio::sync::watch;

use super::{
    CallbackPermit, Service, ServiceIdentity, ServiceState, Table,
    callback::{CallbackJob, RouteFn},
    job::Job,
    keyed::Begin,
};
use crate::{
    error::RefusedReason,
    id::{MethodId, Pid},
    mailbox::{Limits, Mailbox},
    message::{Lane, MethodInfo, RawCall, Reach},
};

/// What a cell is made from.
pub(crate) struct Setup<S: Service> {
    pub(crate) pid: Pid,
    pub(crate) identity: ServiceIdentity,
    pub(crate) table: Arc<Table<S>>,
    pub(crate) limits: Limits,
}

/// A service's mailbox and what is known of it.
pub(crate) struct Cell<S: Service> {
    pid: Pid,
    identity: ServiceIdentity,
    name: Arc<str>,
    pub(crate) table: Arc<Table<S>>,
    pub(crate) mailbox: Arc<Mailbox<Box<dyn Job<S>>>>,
    state: watch::Sender<ServiceState>,
    /// Timers and subscriptions: they end when the service retires.
    attached: Mutex<Vec<Box<dyn Any + Send>>>,
    /// Begins the timers and subscriptions of a module under a key; empty until the service has been registered.
    pub(crate) begin: OnceLock<Begin<S>>,
}

/// A [`Cell`] whose service's type is not known.
pub(crate) trait AnyCell: Send + Sync + 'static {
    fn pid(&self) -> Pid;
    fn name(&self) -> Arc<str>;
    fn identity(&self) -> &ServiceIdentity;
    /// Its state, and a way to wait for another.
    fn state(&self) -> watch::Receiver<ServiceState>;
    /// The contracts that it fulfils.
    fn contracts(&self) -> &[&'static str];
    /// Each method's id, description, full name and fingerprint.
    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)>;
    /// The description of a method, and its `Port<M>`.
    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &(dyn Any + Send + Sync))>;
    /// Queues a call from another node, or refuses it. What is not for other nodes is refused here.
    fn deliver(&self, call: RawCall);
    /// Reserves the place of a callback; beyond the bound if the mailbox is full, because a callback is owed.
    fn reserve_callback(self: Arc<Self>, route: RouteFn, method: &'static str) -> CallbackPermit;
    /// Queues a callback beyond the bounds. `false` if the service takes no new work.
    fn owe_callback(&self, callback: CallbackJob) -> bool;
    /// Refuses user messages (`true`), or takes them again. Nothing happens to a service that is ending.
    fn pause(&self, paused: bool);
    /// Takes no new work; what waits is done, then the service stops.
    fn retire(&self);
    /// Keeps `thing` until the service retires.
    fn attach(&self, thing: Box<dyn Any + Send>);
    fn as_any(&self) -> &dyn Any;
}

impl<S: Service> Cell<S> {
    pub(crate) fn new(setup: Setup<S>) -> Arc<Self> {
        let Setup { pid, identity, table, limits } = setup;
        Arc::new(Self {
            pid,
            name: identity.name.as_str().into(),
            identity,
            table,
            mailbox: Mailbox::new(limits),
            state: watch::Sender::new(ServiceState::Starting),
            attached: Mutex::default(),
            begin: OnceLock::new(),
        })
    }

    pub(super) fn set_state(&self, state: ServiceState) {
        self.state.send_replace(state);
    }

    /// The service has ended: refuses what still waits.
    pub(super) fn end(&self, state: ServiceState) {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for job in self.mailbox.seal(RefusedReason::Stopped) {
            job.refuse(RefusedReason::Stopped);
        }
        self.set_state(state);
    }

    /// Queues a job of the framework's own, beyond the bounds. `false` if the service takes no new work.
    pub(crate) fn owe(&self, lane: Lane, job: Box<dyn Job<S>>) -> bool {
        self.mailbox.push_owed(lane, job).is_ok()
    }
}

impl<S: Service> AnyCell for Cell<S> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    fn identity(&self) -> &ServiceIdentity {
        &self.identity
    }

    fn state(&self) -> watch::Receiver<ServiceState> {
        self.state.subscribe()
    }

    fn contracts(&self) -> &[&'static str] {
        &self.table.contracts
    }

    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)> {
        self.table.methods.iter().map(|entry| (entry.id, entry.info, entry.name.as_str(), entry.fingerprint)).collect()
    }

    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &(dyn Any + Send + Sync))> {
        self.table.find(id).map(|entry| (entry.info, &*entry.port))
    }

    fn deliver(&self, mut call: RawCall) {
        let Some(entry) = self.table.find(call.method) else {
            return call.reply.fail(RefusedReason::UnknownMethod);
        };
        if entry.info.reach != Reach::Cluster {
            return call.reply.fail(RefusedReason::Private);
        }
        let place = self.mailbox.charge(call.payload.len()).and_then(|charge| {
            let permit = self.mailbox.reserve(entry.info.lane)?;
            Ok((permit, charge))
        });
        match place {
            Ok((permit, charge)) => {
                call.credit = Some(Box::new((charge, call.credit.take())));
                if let Err((job, reason)) = permit.fill((entry.raw)(call, entry.name.clone())) {
                    job.refuse(reason);
                }
            }
            Err(reason) => call.reply.fail(reason),
        }
    }

    fn reserve_callback(self: Arc<Self>, route: RouteFn, method: &'static str) -> CallbackPermit {
        CallbackPermit::new(self.mailbox.promise(Lane::User), route, method)
    }

    fn owe_callback(&self, callback: CallbackJob) -> bool {
        self.owe(Lane::User, Box::new(callback))
    }

    fn pause(&self, paused: bool) {
        self.mailbox.pause(paused);
        let (from, to) = if paused {
            (ServiceState::Running, ServiceState::Paused)
        } else {
            (ServiceState::Paused, ServiceState::Running)
        };
        self.state.send_if_modified(|state| {
            let changes = *state == from;
            if changes {
                *state = to;
            }
            changes
        });
    }

    fn retire(&self) {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.mailbox.close(RefusedReason::Retiring);
        self.state.send_if_modified(|state| {
            let live = matches!(state, ServiceState::Starting | ServiceState::Running | ServiceState::Paused);
            if live {
                *state = ServiceState::Retiring;
            }
            live
        });
    }

    fn attach(&self, thing: Box<dyn Any + Send>) {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
