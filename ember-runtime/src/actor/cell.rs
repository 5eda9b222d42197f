//! A running service as the rest of its node sees it.

use std::{
    any::Any,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use super::{
    CallbackPermit, Core, Down, EventFn, Host, Service, ServiceIdentity, ServiceState, Table, TaskJob, Watcher,
    callback::{CallbackJob, RouteFn},
    job::Job,
    keyed::{self, Begin},
    table::SIGNATURE_OF,
};
use crate::{
    error::{RefusedReason, Result},
    id::{MethodId, Pid},
    mailbox::{Limits, Mailbox},
    message::{Keys, Lane, MethodInfo, RawCall, Reach, ReplyBody},
};

/// What a cell is made from.
pub(crate) struct Setup<S: Service> {
    pub(crate) pid: Pid,
    pub(crate) identity: ServiceIdentity,
    pub(crate) table: Arc<Table<S>>,
    pub(crate) limits: Limits,
    /// Runs `started`, and makes timers and subscriptions.
    pub(crate) attach: fn(&Arc<Cell<S>>, &dyn Host) -> Attachments,
    /// Makes the timers and subscriptions of one unit.
    pub(crate) begin: Begin<S>,
}

/// A service's mailbox and what is known of it.
pub(crate) struct Cell<S: Service> {
    pid: Pid,
    identity: Arc<ServiceIdentity>,
    name: Arc<str>,
    pub(crate) table: Arc<Table<S>>,
    pub(crate) mailbox: Arc<Mailbox<Box<dyn Job<S>>>>,
    state: watch::Sender<ServiceState>,
    /// Begins the timers and subscriptions of one unit.
    pub(super) begin: Begin<S>,
    attach: AttachFn<S>,
    attached: Mutex<Attached>,
    /// Counts the starts of the service: what was owed to an earlier one is not given to a later one.
    life: AtomicU64,
}

/// Timers and subscriptions: what ends with the life of a service, by being dropped.
pub(crate) type Attachments = Vec<Box<dyn Any + Send>>;

/// Makes them.
type AttachFn<S> = fn(&Arc<Cell<S>>, &dyn Host) -> Attachments;

#[derive(Default)]
struct Attached {
    things: Attachments,
    /// The node has said that the service may begin its work.
    released: bool,
    /// The service has been started, and has not failed since.
    up: bool,
}

/// A [`Cell`] whose service's type is not known.
pub(crate) trait AnyCell: Send + Sync + 'static {
    fn pid(&self) -> Pid;
    fn name(&self) -> Arc<str>;
    fn identity(&self) -> &Arc<ServiceIdentity>;
    /// Its state, and a way to wait for another.
    fn state(&self) -> watch::Receiver<ServiceState>;
    /// The contracts that it fulfils.
    fn contracts(&self) -> &[&'static str];
    /// Each method's id, description, full name and fingerprint.
    fn methods(&self) -> Vec<(MethodId, &'static MethodInfo, &str, u64)>;
    /// The structure of the types of a method that other nodes may call.
    fn signature(&self, id: MethodId) -> Option<&'static str>;
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
    /// The service may begin its work: `started` runs, timers and subscriptions begin. Once.
    fn release(self: Arc<Self>, host: &dyn Host);
    /// Which of its lives it is in.
    fn life(&self) -> u64;
    /// Tells those of the service who watched, if it still is in this life, that another has ended. Owed: it comes beyond the
    /// mailbox's bound.
    fn down(&self, down: &Down, life: u64, watchers: &[Watcher]);
    /// Whether a watcher has an `#[on(down)]`.
    fn hears(&self, watcher: &Watcher) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<S: Service> Cell<S> {
    pub(crate) fn new(setup: Setup<S>) -> Arc<Self> {
        let Setup { pid, identity, table, limits, attach, begin } = setup;
        Arc::new(Self {
            pid,
            name: identity.name.as_str().into(),
            identity: Arc::new(identity),
            table,
            mailbox: Mailbox::new(limits),
            state: watch::Sender::new(ServiceState::Starting),
            begin,
            attach,
            attached: Mutex::default(),
            life: AtomicU64::new(0),
        })
    }

    fn attached(&self) -> MutexGuard<'_, Attached> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service has been started: it runs, unless it is paused or retires already.
    pub(super) fn up(self: &Arc<Self>, host: &dyn Host) {
        let live = if self.mailbox.is_paused() { ServiceState::Paused } else { ServiceState::Running };
        self.change_state(&[ServiceState::Starting], live);
        let mut attached = self.attached();
        attached.up = true;
        if attached.released {
            attached.things = (self.attach)(self, host);
        }
    }

    /// The service has failed, and is to be started again: its timers and subscriptions end, its mailbox stays.
    pub(super) fn fall(&self) {
        self.life.fetch_add(1, Ordering::Relaxed);
        self.let_go();
        self.change_state(&[ServiceState::Running, ServiceState::Paused], ServiceState::Starting);
    }

    /// The service has ended: refuses what still waits.
    pub(super) fn end(&self, state: ServiceState) {
        self.let_go();
        for job in self.mailbox.seal(RefusedReason::Stopped) {
            job.refuse(RefusedReason::Stopped);
        }
        self.state.send_replace(state);
    }

    fn let_go(&self) {
        let mut attached = self.attached();
        attached.up = false;
        let things = mem::take(&mut attached.things);
        drop((attached, things));
    }

    fn change_state(&self, from: &[ServiceState], to: ServiceState) {
        self.state.send_if_modified(|state| {
            let changes = from.contains(state);
            if changes {
                *state = to;
            }
            changes
        });
    }

    /// Answers a caller whose fingerprint differs, so that it can say how. Needs neither the service nor its mailbox.
    fn tell_signature(&self, call: RawCall) {
        let id = call.payload.first_chunk().map(|&bytes| MethodId(u32::from_le_bytes(bytes)));
        match id.and_then(|id| self.signature(id)) {
            Some(text) => call.reply.send(ReplyBody::Value(&mut |out| {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            })),
            None => call.reply.fail(RefusedReason::UnknownMethod),
        }
    }

    /// Queues a job of the framework's own, beyond the bounds. `false` if the service takes no new work.
    pub(crate) fn owe(&self, lane: Lane, job: Box<dyn Job<S>>) -> bool {
        self.mailbox.push_owed(lane, job).is_ok()
    }
}

/// A `down` on its way to one hook.
struct Delivery<S: Service> {
    down: Down,
    run: EventFn<S>,
    /// The field with modules under keys, if it is for these.
    field: Option<usize>,
    watchers: Vec<Watcher>,
}

impl<S: Service> Delivery<S> {
    /// Tells the service or a module in a field of it, or those modules of a field that holds them under keys who watched.
    async fn deliver(&self, service: &mut S, core: &mut Core) -> Result<()> {
        let receivers = match self.field {
            None => vec![Keys::default()],
            Some(field) => {
                let cell = Arc::clone(&core.cell);
                let cell = cell.as_any().downcast_ref::<Cell<S>>();
                let mut modules = cell.map(|cell| keyed::modules(service, cell, field)).unwrap_or_default();
                modules.retain(|keys| self.watchers.contains(&Watcher::at(keys)));
                modules
            }
        };
        let mut result = Ok(());
        for keys in receivers {
            core.keys = keys;
            result = result.and((self.run)(service, core, &self.down).await);
        }
        result
    }
}

impl<S: Service> AnyCell for Cell<S> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    fn identity(&self) -> &Arc<ServiceIdentity> {
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

    fn signature(&self, id: MethodId) -> Option<&'static str> {
        let entry = self.table.find(id).filter(|entry| entry.info.reach == Reach::Cluster)?;
        Some((entry.signature)())
    }

    fn port(&self, id: MethodId) -> Option<(&'static MethodInfo, &(dyn Any + Send + Sync))> {
        self.table.find(id).map(|entry| (entry.info, &*entry.port))
    }

    fn deliver(&self, mut call: RawCall) {
        let Some(entry) = self.table.find(call.method) else {
            return match call.method {
                SIGNATURE_OF => self.tell_signature(call),
                _ => call.reply.fail(RefusedReason::UnknownMethod),
            };
        };
        if entry.info.reach != Reach::Cluster {
            return call.reply.fail(RefusedReason::Private);
        }
        if call.fingerprint.is_some_and(|fingerprint| fingerprint != entry.fingerprint) {
            // The caller knows its own side, and fills it in.
            let callee = RefusedReason::side((entry.signature)(), &self.identity.version);
            return call.reply.fail(RefusedReason::SignatureMismatch { caller: "another signature".into(), callee });
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
        if paused {
            self.change_state(&[ServiceState::Running], ServiceState::Paused);
        } else {
            self.change_state(&[ServiceState::Paused], ServiceState::Running);
        }
    }

    fn retire(&self) {
        self.let_go();
        self.mailbox.close(RefusedReason::Retiring);
        self.change_state(
            &[ServiceState::Starting, ServiceState::Running, ServiceState::Paused],
            ServiceState::Retiring,
        );
    }

    fn release(self: Arc<Self>, host: &dyn Host) {
        let mut attached = self.attached();
        if !mem::replace(&mut attached.released, true) && attached.up {
            attached.things = (self.attach)(&self, host);
        }
    }

    fn life(&self) -> u64 {
        self.life.load(Ordering::Relaxed)
    }

    fn down(&self, down: &Down, life: u64, watchers: &[Watcher]) {
        let keyed = self.table.keyed.iter().enumerate();
        let keyed = keyed.flat_map(|(index, part)| part.downs.iter().map(move |hook| (Some(index), hook)));
        let all = self.table.downs.iter().map(|hook| (None, hook)).chain(keyed);
        let concerns = |field: &Option<usize>| watchers.iter().any(|watcher| watcher.is_service() == field.is_none());
        for (field, &(name, run)) in all.filter(|(field, _)| concerns(field)) {
            let watchers = if field.is_some() { watchers.to_vec() } else { Vec::new() };
            let job = TaskJob {
                name,
                life: Some(life),
                data: Delivery { down: down.clone(), run, field, watchers },
                run: |it: &Delivery<S>, service, core| Box::pin(it.deliver(service, core)),
            };
            // Refused only if this service is ending itself.
            self.owe(Lane::User, Box::new(job));
        }
    }

    fn hears(&self, watcher: &Watcher) -> bool {
        if watcher.is_service() {
            return !self.table.downs.is_empty();
        }
        self.table.keyed.iter().any(|part| !part.downs.is_empty())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
