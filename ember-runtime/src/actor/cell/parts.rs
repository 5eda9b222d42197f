//! What the cell of a service consists of.

use std::{
    any::Any,
    sync::{Arc, Mutex, OnceLock, Weak, atomic::AtomicU32},
};

use tokio::task::AbortHandle;

use super::{
    seat::{Seat, Source},
    task::Driver,
    workers::{Order, Together},
};
use crate::{
    actor::{
        about::{Identity, Particulars, States, Supervision},
        erased::Host,
        once::Once,
        service::{Service, Subscription, Table, Timer},
        turn::{Counts, Turn},
        work::{Calls, Post},
    },
    error::Result,
    id::Pid,
    mailbox::{Limits, Mailbox},
    message::{Chain, Keys},
    panics::Each,
};

/// What a cell is made from.
pub(crate) struct Setup<S: Service> {
    pub(crate) pid: Pid,
    pub(crate) particulars: Particulars,
    /// The server id of the node.
    pub(crate) server: u32,
    pub(crate) blueprint: Arc<Blueprint<S>>,
    pub(crate) limits: Limits,
    pub(crate) supervision: Supervision,
    /// What was started before it may be needed by its `stop`, also if that is of its own class.
    pub(crate) stops_alone: bool,
    /// The node, while it lives.
    pub(crate) host: Weak<dyn Host>,
}

/// A service, its mailbox, and what is known of it. In this order the counts, which whoever runs the service writes for each
/// message, are far from what senders write for each, the head of the mailbox and the turn: with all that is seldom written
/// between them, wherever the cell begins, they are never in one line of memory, for which threads that write to it would wait.
#[repr(C)]
pub(crate) struct Cell<S: Service> {
    pub(crate) mailbox: Mailbox<Post<S>, Calls<S>>,
    /// Whose turn it is to use the service. Shut unless the service is up and its mailbox open.
    pub(crate) turn: Turn<Seat<S>>,
    pub(crate) driver: Driver,
    pub(crate) pid: Pid,
    pub(crate) identity: Identity,
    pub(crate) blueprint: Arc<Blueprint<S>>,
    /// None if it is the default of a service without a factory.
    pub(crate) supervision: Option<Box<Supervision>>,
    pub(crate) host: Weak<dyn Host>,
    /// None if one handler runs at a time.
    pub(crate) together: Option<Box<Together<S>>>,
    pub(crate) me: Weak<Self>,
    pub(crate) states: States,
    pub(crate) attached: Mutex<Attached>,
    /// Made with the first call that has an id. It outlives a life of the service: what was done before may still have its effects.
    pub(crate) once: OnceLock<Arc<Once>>,
    /// The server id of the node.
    pub(crate) server: u32,
    /// Counts the starts of the service: the timers of an earlier one, and what it watched, are not for a later one.
    pub(crate) life: AtomicU32,
    pub(crate) counts: Counts,
}

/// What the services of one type have in common on a node.
pub(crate) struct Blueprint<S: Service> {
    pub(crate) table: Table<S>,
    /// Runs `started`, and makes timers and subscriptions.
    pub(crate) attach: AttachFn<S>,
    pub(crate) begin: BeginFn<S>,
    pub(crate) drive: DriveFn<S>,
    pub(crate) work: WorkFn<S>,
}

/// Timers and subscriptions: what ends with the life of a service, by being dropped.
pub(crate) type Attachments = Each<Box<dyn Any + Send>>;

/// Makes those of a service.
pub(crate) type AttachFn<S> = fn(&Arc<Cell<S>>, &dyn Host) -> Attachments;

/// Begins the timers and subscriptions of one unit; what is returned ends them when dropped.
pub(crate) type BeginFn<S> = fn(&Arc<Cell<S>>, &dyn Host, &[Timer<S>], &[Subscription<S>], &Keys) -> Attachments;

/// Makes a worker of a concurrent service, as it was ordered.
pub(crate) type WorkFn<S> = fn(Arc<Cell<S>>, &dyn Host, Order<S>) -> AbortHandle;

/// Makes the driver of a service, for whose start the chain waits. The last one is told how the first start went.
pub(crate) type DriveFn<S> = fn(Arc<Cell<S>>, Arc<dyn Host>, Source<S>, Option<Arc<Chain>>, Ready) -> AbortHandle;

pub(crate) type Ready = Box<dyn FnOnce(Result<()>) + Send>;

/// Kept until they are dropped.
pub(crate) struct Things {
    _kept: Attachments,
}

#[derive(Default)]
pub(crate) struct Attached {
    pub(crate) things: Option<Box<Things>>,
    /// The node has said that the service may begin its work.
    pub(crate) released: bool,
    /// The service has been started, and has not failed since.
    pub(crate) up: bool,
    /// At a shutdown it is not stopped beside others of its class. Here it takes no room of its own.
    pub(crate) stops_alone: bool,
}

/// Hardly any spawned service has any.
pub(crate) fn keep(things: Attachments) -> Option<Box<Things>> {
    (!things.is_empty()).then(|| Box::new(Things { _kept: things }))
}

impl<S: Service> Cell<S> {
    /// A cell without a service yet: it comes with [`drive`](Cell::drive) or [`settle_in`](Cell::settle_in).
    pub(crate) fn new(setup: Setup<S>) -> Arc<Self> {
        let Setup { pid, particulars, server, blueprint, limits, supervision, stops_alone, host } = setup;
        let turn = Turn::new(Seat::Empty);
        turn.note_work();
        Arc::new_cyclic(|me| Self {
            pid,
            identity: Identity::new(particulars),
            server,
            blueprint,
            mailbox: Mailbox::new(limits),
            turn,
            driver: Driver::default(),
            supervision: (supervision != Supervision::new(false)).then(|| Box::new(supervision)),
            counts: Counts::default(),
            host,
            together: Together::of_spec(),
            me: me.clone(),
            states: States::new(),
            attached: Mutex::new(Attached { stops_alone, ..Attached::default() }),
            once: OnceLock::new(),
            life: AtomicU32::new(0),
        })
    }
}
