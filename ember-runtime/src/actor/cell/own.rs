//! A running service as the rest of its node sees it.

use std::{
    any::Any,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    Body, Core, Host, Place, Service, Table,
    driver::Driver,
    job::Job,
    waiting::{Calls, Post},
};
use crate::{
    actor::{
        about::{Identity, OnPanic, Particulars, ServiceState, States, Supervision},
        turn::{Counts, Turn},
    },
    error::RefusedReason,
    id::Pid,
    mailbox::{Limits, Mailbox},
    message::Lane,
};

/// What a cell is made from.
pub(crate) struct Setup<S: Service> {
    pub(crate) pid: Pid,
    pub(crate) particulars: Particulars,
    /// The server id of the node.
    pub(crate) server: u32,
    pub(crate) table: Arc<Table<S>>,
    pub(crate) limits: Limits,
    pub(crate) supervision: Supervision,
    /// The node, while it lives.
    pub(crate) host: Weak<dyn Host>,
}

/// A service, its mailbox, and what is known of it. In this order the counts, which whoever runs the service writes for each
/// message, are far from what senders write for each, the head of the mailbox and the turn: with all that is seldom written
/// between them, wherever the cell begins, they are never in one line of memory, for which threads that write to it would wait.
#[repr(C)]
pub(crate) struct Cell<S: Service> {
    pub(super) mailbox: Mailbox<Post<S>, Calls<S>>,
    /// Whose turn it is to use the service. Shut unless the service is up and its mailbox open.
    pub(super) turn: Turn<Place<S>>,
    pub(super) driver: Driver,
    pub(super) pid: Pid,
    pub(super) identity: Identity,
    pub(crate) table: Arc<Table<S>>,
    /// None if it is the default of a service without a factory.
    supervision: Option<Box<Supervision>>,
    pub(super) host: Weak<dyn Host>,
    pub(super) me: Weak<Self>,
    pub(super) states: States,
    attached: Mutex<Attached>,
    /// The server id of the node.
    pub(super) server: u32,
    /// Counts the starts of the service: what was owed to an earlier one is not given to a later one.
    life: AtomicU32,
    pub(super) counts: Counts,
}

/// Timers and subscriptions: what ends with the life of a service, by being dropped.
pub(crate) type Attachments = Vec<Box<dyn Any + Send>>;

/// Makes them.
pub(crate) type AttachFn<S> = fn(&Arc<Cell<S>>, &dyn Host) -> Attachments;

/// Kept until they are dropped.
struct Things {
    _kept: Attachments,
}

#[derive(Default)]
struct Attached {
    things: Option<Box<Things>>,
    /// The node has said that the service may begin its work.
    released: bool,
    /// The service has been started, and has not failed since.
    up: bool,
}

/// Hardly any spawned service has any.
fn keep(things: Attachments) -> Option<Box<Things>> {
    (!things.is_empty()).then(|| Box::new(Things { _kept: things }))
}

impl<S: Service> Cell<S> {
    /// A cell without a service yet: it comes with [`drive`](Cell::drive) or [`settle_in`](Cell::settle_in).
    pub(crate) fn new(setup: Setup<S>) -> Arc<Self> {
        let Setup { pid, particulars, server, table, limits, supervision, host } = setup;
        let turn = Turn::new(Place::Empty);
        turn.note_work();
        Arc::new_cyclic(|me| Self {
            pid,
            identity: Identity::new(particulars),
            server,
            table,
            mailbox: Mailbox::new(limits),
            turn,
            driver: Driver::default(),
            supervision: (supervision != Supervision::new(false)).then(|| Box::new(supervision)),
            counts: Counts::default(),
            host,
            me: me.clone(),
            states: States::new(),
            attached: Mutex::default(),
            life: AtomicU32::new(0),
        })
    }

    /// The service, which needs no start, is here: it can be called from now on, and has no driver.
    pub(crate) fn settle_in(self: &Arc<Self>, service: S, host: &Arc<dyn Host>) {
        let core = Core::new::<S>(Arc::clone(host), Arc::clone(self) as _);
        let held = self.turn.take();
        // Nobody can end it yet: what begins here is ended with it.
        self.up(&**host);
        if let Some(held) = held {
            self.leave(held, Place::Idle(Body::new(service, core, self)));
        }
    }

    fn attached(&self) -> MutexGuard<'_, Attached> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service has been started: it runs, unless it is paused or retires already.
    pub(super) fn up(self: &Arc<Self>, host: &dyn Host) {
        self.states.live(&[ServiceState::Starting], || self.mailbox.is_paused());
        let mut attached = self.attached();
        attached.up = true;
        self.admit(&attached);
        if attached.released {
            attached.things = keep((self.table.attach)(self, host));
        }
    }

    /// The service has failed, and is to be started again: its timers and subscriptions end, its mailbox stays.
    pub(super) fn fall(&self) {
        self.life.fetch_add(1, Ordering::Relaxed);
        self.let_go();
        self.states.change(&[ServiceState::Running, ServiceState::Paused], ServiceState::Starting);
    }

    /// The service has ended: refuses what still waits.
    pub(super) fn end(&self, state: ServiceState) {
        self.let_go();
        let (posts, mut calls) = self.mailbox.seal();
        posts.for_each(|post| calls.refuse_guarded(post, RefusedReason::Stopped));
        self.end_driver();
        self.states.set(state);
    }

    /// Takes no new work. The driver is still to be told.
    pub(super) fn begin_to_end(&self) {
        self.mailbox.close();
        self.let_go();
        self.states
            .change(&[ServiceState::Starting, ServiceState::Running, ServiceState::Paused], ServiceState::Retiring);
    }

    fn let_go(&self) {
        let mut attached = self.attached();
        attached.up = false;
        self.admit(&attached);
        let things = mem::take(&mut attached.things);
        drop((attached, things));
    }

    /// Lets callers run the service themselves, or not.
    fn admit(&self, attached: &Attached) {
        self.turn.shut(!attached.up || !self.mailbox.admits());
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.mailbox.pause(paused);
        self.admit(&self.attached());
        self.states.live(&[ServiceState::Running, ServiceState::Paused], || self.mailbox.is_paused());
    }

    pub(super) fn set_released(self: &Arc<Self>, host: &dyn Host) {
        let mut attached = self.attached();
        if !mem::replace(&mut attached.released, true) && attached.up {
            attached.things = keep((self.table.attach)(self, host));
        }
    }

    pub(super) fn lives(&self) -> u64 {
        self.life.load(Ordering::Relaxed).into()
    }

    /// Whether a panic changes nothing.
    pub(super) fn resumes(&self) -> bool {
        self.supervision().on_panic == OnPanic::Resume
    }

    /// What becomes of the service when it fails.
    pub(super) fn supervision(&self) -> Supervision {
        self.supervision.as_deref().copied().unwrap_or(Supervision::new(false))
    }

    /// Queues what `make` makes, or says why not. Only what goes to the user lane may lie in the queues of calls.
    pub(super) fn put(&self, lane: Lane, make: impl FnOnce(&mut Calls<S>) -> Post<S>) -> Result<(), RefusedReason> {
        self.mailbox.put(lane, make)?;
        self.notice();
        Ok(())
    }

    /// Queues the job that `make` makes in the user lane, or says why not.
    pub(crate) fn put_job(&self, make: impl FnOnce() -> Box<dyn Job<S>>) -> Result<(), RefusedReason> {
        self.put(Lane::User, |_| Post::Job(make()))
    }

    /// Queues a job of the framework's own, beyond the bounds. `false` if the service takes no new work.
    pub(crate) fn owe(&self, lane: Lane, job: Box<dyn Job<S>>) -> bool {
        let taken = self.mailbox.put_owed(lane, Post::Job(job)).is_ok();
        self.notice();
        taken
    }
}
