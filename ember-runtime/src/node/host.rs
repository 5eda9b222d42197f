//! Starting and stopping services on a node.

use std::{
    any::Any,
    any::TypeId,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use super::Hosted;
use crate::{
    actor::{
        AnyCell, Cell, GoLive, HookKind, Host, Service, ServiceState, Setup, Subscription, Table, TaskJob, Timer, run,
    },
    call::Router,
    clock::Clock,
    directory::NodeRecord,
    error::{Error, Result},
    event::Bus,
    id::Pid,
    message::{Keys, Lane},
};

/// The services of one node.
pub(super) struct Services {
    pub(super) record: NodeRecord,
    pub(super) router: Arc<Router>,
    pub(super) bus: Arc<Bus>,
    /// For what follows the calendar.
    clock: Arc<dyn Clock>,
    numbers: AtomicU64,
    tables: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// In the order of their start.
    running: Mutex<Vec<Running>>,
    /// The whole node is about to stop: all its services are announced as retiring, whatever each is doing yet.
    pub(super) retiring: AtomicBool,
    #[cfg(feature = "cluster")]
    pub(super) announcement: std::sync::OnceLock<super::cluster::Announcement>,
}

/// A started service.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) cell: Arc<dyn AnyCell>,
    task: AbortHandle,
    /// Starts timers and subscriptions, and runs `started`.
    go: Arc<dyn Fn() + Send + Sync>,
}

/// A service that shall be started.
pub(super) type Launch = Box<dyn FnOnce(Arc<Services>) -> BoxFuture<'static, Result<()>> + Send>;

impl Services {
    pub(super) fn new(record: NodeRecord, router: Arc<Router>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            record,
            router,
            bus: Arc::default(),
            clock,
            numbers: AtomicU64::new(1),
            tables: Mutex::default(),
            running: Mutex::default(),
            retiring: AtomicBool::new(false),
            #[cfg(feature = "cluster")]
            announcement: std::sync::OnceLock::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that run, in the order of their start.
    pub(super) fn all(&self) -> Vec<Running> {
        self.lock().clone()
    }

    fn table<S: Service>(&self) -> Result<Arc<Table<S>>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(&TypeId::of::<S>()).and_then(|table| Arc::clone(table).downcast().ok()) {
            return Ok(table);
        }
        let table = Arc::new(Table::<S>::build()?);
        crate::timer::check(table.all_timers().copied())?;
        tables.insert(TypeId::of::<S>(), Arc::clone(&table) as _);
        Ok(table)
    }

    /// Starts a service and waits for its `init` and `start`.
    pub(super) async fn start<S: Service>(self: &Arc<Self>, hosted: Hosted<S>) -> Result<()> {
        let pid = Pid { node: self.record.key, number: self.numbers.fetch_add(1, Ordering::Relaxed) };
        let identity =
            hosted.identity(self.record.server, || format!("{:x}-{:x}", self.router.rng().u64() >> 32, pid.number));
        self.check_unique(&identity.name, &identity.id, S::SPEC.location)?;
        let cell = Cell::new(Setup { pid, identity, table: self.table::<S>()?, limits: hosted.limits });
        let any = Arc::clone(&cell) as Arc<dyn AnyCell>;
        let (ready, started) = oneshot::channel();
        self.router.add(Arc::clone(&any));
        let task = tokio::spawn(run(hosted.service, Arc::clone(&cell), Arc::clone(self) as _, ready));
        if let Err(error) = started.await.unwrap_or_else(|_| {
            Err(Error::ServiceStart {
                service: S::SPEC.name.into(),
                cause: "its task ended before it was started".into(),
            })
        }) {
            self.router.remove(pid);
            return Err(error);
        }
        let (bus, clock) = (Arc::clone(&self.bus), Arc::clone(&self.clock));
        let go = Arc::new(move || go(&cell, &bus, &clock));
        self.lock().push(Running { cell: Arc::clone(&any), task: task.abort_handle(), go });
        self.router.directory().put_local(&any, ServiceState::Running);
        tokio::spawn(Arc::clone(self).clean_up(any));
        Ok(())
    }

    fn check_unique(&self, name: &str, id: &str, location: &str) -> Result<()> {
        let running = self.lock();
        let twin = running.iter().find(|other| other.cell.identity().name == name && other.cell.identity().id == id);
        match twin {
            Some(_) => Err(Error::Configuration(format!(
                "this node already runs a service `{name}` with the id `{id}` ({location}): give each instance its own id"
            ))),
            None => Ok(()),
        }
    }

    /// Forgets a service when it has ended.
    async fn clean_up(self: Arc<Self>, cell: Arc<dyn AnyCell>) {
        let mut states = cell.state();
        loop {
            let state = *states.borrow_and_update();
            if matches!(state, ServiceState::Stopped | ServiceState::Failed) {
                break;
            }
            self.router.directory().put_local(&cell, state);
            self.announce();
            if states.changed().await.is_err() {
                break;
            }
        }
        self.router.remove(cell.pid());
        self.router.directory().remove_local(cell.pid());
        self.lock().retain(|running| running.cell.pid() != cell.pid());
        self.announce();
    }

    #[cfg(not(feature = "cluster"))]
    fn announce(&self) {}

    /// Runs `started` everywhere, and starts timers and subscriptions.
    pub(super) fn go(&self) {
        for service in self.all() {
            (service.go)();
        }
    }

    /// Ends all services at once, as a crash would.
    pub(super) fn abort(&self) {
        for running in self.all() {
            running.task.abort();
        }
    }

    /// Stops all services, the last one started first; those that do not end by `deadline` are cut short.
    pub(super) async fn stop(&self, deadline: Instant) -> Result<()> {
        let mut late = Vec::new();
        for Running { cell, task, .. } in self.all().into_iter().rev() {
            cell.retire();
            let mut state = cell.state();
            let ended = state.wait_for(|state| matches!(state, ServiceState::Stopped | ServiceState::Failed));
            if timeout_at(deadline, ended).await.is_err() {
                late.push(format!("`{}`", cell.name()));
                task.abort();
            }
        }
        if late.is_empty() { Ok(()) } else { Err(Error::CutShort(format!("{} had not finished", late.join(", ")))) }
    }
}

impl Host for Services {
    fn part(&self, kind: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        if kind == TypeId::of::<Router>() {
            return Some(Arc::clone(&self.router) as _);
        }
        (kind == TypeId::of::<Bus>()).then(|| Arc::clone(&self.bus) as _)
    }
}

fn go<S: Service>(cell: &Arc<Cell<S>>, bus: &Arc<Bus>, clock: &Arc<dyn Clock>) {
    for (_, hook) in cell.table.hooks.iter().filter(|(kind, _)| *kind == HookKind::Started) {
        cell.owe(Lane::System, Box::new(TaskJob::hook("started", *hook)));
    }
    for thing in begin(bus, clock, cell, &cell.table.timers, &cell.table.events, &Keys::default()) {
        cell.attach(thing);
    }
    let (bus, clock) = (Arc::clone(bus), Arc::clone(clock));
    let _begun =
        cell.begin.set(Box::new(move |cell, timers, events, keys| begin(&bus, &clock, cell, timers, events, keys)));
    cell.owe(Lane::System, Box::new(GoLive));
}

/// Starts timers and subscriptions of the unit at `keys`. What is returned ends them when dropped.
fn begin<S: Service>(
    bus: &Arc<Bus>,
    clock: &Arc<dyn Clock>,
    cell: &Arc<Cell<S>>,
    timers: &[Timer<S>],
    events: &[Subscription<S>],
    keys: &Keys,
) -> Vec<Box<dyn Any + Send>> {
    let mut things = crate::timer::start(cell, timers, keys, clock);
    things.extend(bus.subscribe(cell, events, keys));
    things
}
