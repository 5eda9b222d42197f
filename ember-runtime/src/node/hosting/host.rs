//! Starting and stopping services on a node.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{
    attach::{attach, begin},
    journals,
    publish::Publisher,
    started::{Registered, Started, tell},
    stop::AskedToEnd,
    watches::Watches,
};
use crate::{
    actor::{AnyCell, Blueprint, Cell, Host, Service, ServiceState, Setup, Source, blueprint},
    call::Router,
    clock::Clock,
    directory::NodeRecord,
    error::{Error, Result},
    event::{Bus, Hub},
    hooks::{HandlerHooks, Ordered},
    id::{NodeKey, Pid},
    message::{Ambient, Promises, Station},
    meters::WaitPlace,
    node::{
        offices::Elections,
        settings::{Hosted, IntoHosted, instance, office_lease, replicas},
        slot::Source as Ids,
    },
    office::{BootClock, OfficeSeat, Tenure},
    offload::{Offload, Pool},
    replica::Replica,
    rng::Rng,
    sync::{lock, shielded},
    timer::Timers,
};

/// The services of one node.
pub(crate) struct Services {
    pub(crate) record: NodeRecord,
    pub(crate) router: Arc<Router>,
    pub(crate) bus: Arc<Bus>,
    /// Events that leave the node, and that come.
    pub(crate) hub: Arc<Hub>,
    /// Replies that come later.
    pub(crate) promises: Arc<Promises>,
    timers: Arc<Timers>,
    /// For what follows the calendar.
    clock: Arc<dyn Clock>,
    /// Handlers that block their threads are named.
    is_watched: bool,
    pub(super) numbers: AtomicU64,
    blueprints: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    pub(crate) watches: Arc<Watches>,
    running: Mutex<Started>,
    /// No service is started any more. Held while one is.
    pub(super) closed: RwLock<bool>,
    pub(super) me: Weak<Self>,
    /// The node has joined its cluster.
    #[cfg(feature = "cluster")]
    pub(crate) joined: std::sync::atomic::AtomicBool,
    /// Its services have stopped, and it is about to leave.
    #[cfg(feature = "cluster")]
    pub(crate) leaving: std::sync::atomic::AtomicBool,
    pub(crate) publisher: Arc<Publisher>,
    /// Of its instances of elected services.
    pub(crate) elections: Arc<Elections>,
    /// Of its unique ids.
    pub(crate) ids: Arc<Ids>,
    pub(crate) asked_to_end: AskedToEnd,
    /// For work outside of them.
    pub(crate) pool: Arc<Pool>,
}

/// A service that shall be started.
pub(crate) type Launch = Box<dyn FnOnce(Arc<Services>) -> BoxFuture<'static, Result<()>> + Send>;

/// Starts a service that the registry is to know.
pub(crate) fn launch<H: IntoHosted<Service: 'static>>(service: H) -> Launch {
    let hosted = service.into_hosted().register();
    Box::new(move |services: Arc<Services>| Box::pin(async move { services.start(hosted).await }))
}

impl Services {
    /// `real`: whether time is not simulated; `alone`: whether the node has no registry.
    pub(crate) fn new(
        record: NodeRecord,
        router: Arc<Router>,
        clock: Arc<dyn Clock>,
        offload: Offload,
        (real, alone): (bool, bool),
    ) -> Arc<Self> {
        let boot = BootClock::new(real);
        let tenure = Arc::new(if alone { Tenure::for_ever(boot) } else { Tenure::new(boot) });
        let elections = Elections::new(Arc::clone(&router), Arc::clone(&clock), Arc::clone(&tenure));
        let ids = Ids::new(Arc::clone(&router), Arc::clone(&clock), tenure);
        let watches = Watches::new(record.key, Arc::clone(&router));
        let pool = Pool::new(offload, router.runtime().clone(), real);
        let publisher = Publisher::new(Arc::clone(router.directory()));
        let bus = Arc::new(Bus::new(record.key));
        let hub = Hub::new(Arc::clone(&router), Arc::clone(&bus), record.server);
        Arc::new_cyclic(|me| Self {
            record,
            timers: Arc::new(Timers::new(router.runtime().clone())),
            hub,
            router,
            bus,
            promises: Arc::default(),
            clock,
            is_watched: real,
            numbers: AtomicU64::new(1),
            blueprints: Mutex::default(),
            watches,
            running: Mutex::default(),
            closed: RwLock::default(),
            me: me.clone(),
            #[cfg(feature = "cluster")]
            joined: false.into(),
            #[cfg(feature = "cluster")]
            leaving: false.into(),
            publisher,
            elections,
            ids,
            asked_to_end: AskedToEnd::default(),
            pool,
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Started> {
        lock(&self.running)
    }

    /// From now on no service is started. Those that are being started, are known.
    pub(crate) fn close(&self) {
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = true;
        self.timers.close();
    }

    /// One that is in the view and in the registry, perhaps as failed.
    #[cfg(feature = "cluster")]
    pub(crate) fn published(&self, number: u64) -> Option<Arc<dyn AnyCell>> {
        let running = self.lock();
        running.registered.get(&number).filter(|it| it.published).map(|it| Arc::clone(&it.cell))
    }

    /// The numbers of all of those, in order.
    #[cfg(feature = "cluster")]
    pub(crate) fn all_published(&self) -> Vec<u64> {
        let running = self.lock();
        running.registered.iter().filter(|(_, it)| it.published).map(|(number, _)| *number).collect()
    }

    /// A service has been started: if it is registered, it is put into the view and the registry.
    fn publish(&self, number: u64) {
        let Some((cell, failed)) = self.lock().publish(number) else { return };
        self.publisher.publish(&cell);
        self.withdraw(failed);
    }

    /// One that has ended is in the registry no more: nor in the view, if it has failed.
    fn withdraw(&self, left: Option<Registered>) {
        if let Some(Registered { cell, published: true }) = left {
            self.publisher.withdraw(&*cell);
        }
    }

    pub(super) fn blueprint<S: Service>(&self) -> Result<Arc<Blueprint<S>>> {
        let mut blueprints = lock(&self.blueprints);
        if let Some(blueprint) =
            blueprints.get(&TypeId::of::<S>()).and_then(|blueprint| Arc::clone(blueprint).downcast().ok())
        {
            return Ok(blueprint);
        }
        let seen = (self.is_watched, self.router.outages.measured.handlers());
        let blueprint = blueprint::<S>(attach::<S>, begin::<S>, seen)?;
        crate::timer::check(blueprint.table.all_timers().copied())?;
        blueprints.insert(TypeId::of::<S>(), Arc::clone(&blueprint) as _);
        Ok(blueprint)
    }

    /// Starts a service that the node was built with, and waits for its `init` and `start`. It begins its work with
    /// [`go`](Self::go).
    pub(crate) async fn start<S: Service>(self: &Arc<Self>, hosted: Hosted<S>) -> Result<()> {
        self.launch(journals::opened(hosted, self.is_watched).await?, false)?.await.map(drop)
    }

    /// Starts a service at run time, and waits for its `init` and `start`. Once this has been polled nobody needs to wait:
    /// whatever is to be done after the start, its driver does.
    pub(crate) async fn spawn<S: Service>(self: &Arc<Self>, hosted: Hosted<S>) -> Result<Pid> {
        self.launch(journals::opened(hosted, self.is_watched).await?, true)?.await
    }

    /// Starts a service; if it `works`, it begins its work when it has been started. The future waits for its `init` and
    /// `start`.
    pub(super) fn launch_one<S: Service>(
        self: &Arc<Self>,
        hosted: Hosted<S>,
        works: bool,
    ) -> Result<impl Future<Output = Result<Pid>> + Send + use<S>> {
        let Hosted { source, supervision, particulars, limits, .. } = &hosted;
        let has_factory = matches!(source, Source::Factory(_));
        instance(S::SPEC.name, particulars, supervision, limits, has_factory)?;
        if let Some(lease) = hosted.lease {
            office_lease(S::SPEC.name, S::SPEC.elected, lease, self.elections.shortest_lease())?;
        }
        if let Some(members) = hosted.replicas {
            replicas(S::SPEC.name, S::REPLICA.map(|_| S::SPEC.min_in_sync), members)?;
        }
        let router = Arc::clone(&self.router);
        let pid = Pid { node: self.record.key, number: self.numbers.fetch_add(1, Ordering::Relaxed) };
        let Hosted { source, supervision, register: registered, limits, particulars, lease, journal, scale, .. } =
            hosted;
        let host: Arc<dyn Host> = Arc::clone(self) as _;
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Err(Error::Closed);
        }
        if let Some(over) = router.over() {
            return Err(over.into());
        }
        let cell = Cell::new(Setup {
            pid,
            particulars,
            server: self.record.server,
            blueprint: self.blueprint::<S>()?,
            limits,
            supervision,
            // What the node was built with has an order, and who spawns its own kind is needed by it.
            stops_alone: !works || Ambient::current(|it| it.service().name() == S::SPEC.name).unwrap_or(false),
            host: Arc::downgrade(&host),
        });
        let any = Arc::clone(&cell) as Arc<dyn AnyCell>;
        let kept = journals::begun::<S>(journal, &*any)?;
        // Whoever can be elected is seen by those who call it.
        if registered || S::SPEC.elected {
            let mut running = self.lock();
            running.claim(&any, S::SPEC.location)?;
            running.registered.insert(pid.number, Registered { cell: Arc::clone(&any), published: false });
        }
        if S::SPEC.elected {
            let replica = journals::replica::<S>(pid, hosted.replicas, kept, &self.router);
            self.elections.add(&any, replica, lease);
        }
        self.router.cells.add(Arc::clone(&any));
        scale.into_iter().for_each(|scale| self.scale(&any, scale));
        let started = match source {
            Source::Value(Some(service)) if cell.blueprint.table.is_plain() && !S::SPEC.is_concurrent() => {
                cell.settle_in(service, &host);
                None
            }
            source => {
                let (ready, started) = oneshot::channel();
                let (services, any) = (Weak::clone(&self.me), Arc::clone(&any));
                // Told by whoever runs the service, before it can end, and whether somebody still waits for it or not.
                // A handler that waits for this start cannot be called from it.
                cell.drive(source, Ambient::current(Ambient::extended), move |result| {
                    if let (Ok(()), Some(services)) = (&result, services.upgrade()) {
                        services.established(&any, works);
                    }
                    tell(ready, result, &*any);
                });
                Some(started)
            }
        };
        drop(closed);
        if started.is_none() {
            self.established(&any, works);
        }
        Ok(async move {
            if let Some(started) = started {
                shielded(started).await.unwrap_or_else(|_| {
                    Err(router.over().map_or_else(
                        || Error::ServiceStart {
                            service: S::SPEC.name.into(),
                            cause: "its task ended before it was started".into(),
                        },
                        Error::from,
                    ))
                })?;
            }
            Ok(pid)
        })
    }

    /// A service has been started: if it is registered, others learn of it; if it `works`, it begins its work.
    pub(super) fn established(&self, cell: &Arc<dyn AnyCell>, works: bool) {
        self.publish(cell.pid().number);
        if works {
            self.begin_work(cell);
        }
    }

    fn begin_work(&self, cell: &Arc<dyn AnyCell>) {
        Arc::clone(cell).release(self);
        if cell.is_elected() {
            self.elections.begin(cell.pid().number);
        }
    }

    /// A service of this node, by its pid.
    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<dyn AnyCell>> {
        let found = (pid.node == self.record.key).then(|| self.router.cells.get(pid.number));
        found.flatten()
    }

    /// Runs `started` everywhere, and starts timers and subscriptions.
    pub(crate) fn go(&self) {
        for cell in self.router.cells.all() {
            self.begin_work(&cell);
        }
    }
}

type PartFn = fn(&Services) -> Option<Arc<dyn Any + Send + Sync>>;

impl Host for Services {
    fn part(&self, kind: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        let parts: [(TypeId, PartFn); 8] = [
            (TypeId::of::<Router>(), |it| Some(Arc::clone(&it.router) as _)),
            (TypeId::of::<Station>(), |it| Some(Arc::new(Station(Arc::clone(&it.router) as _)))),
            (TypeId::of::<Self>(), |it| it.me.upgrade().map(|me| me as _)),
            (TypeId::of::<Promises>(), |it| Some(Arc::clone(&it.promises) as _)),
            (TypeId::of::<Bus>(), |it| Some(Arc::clone(&it.bus) as _)),
            (TypeId::of::<Hub>(), |it| Some(Arc::clone(&it.hub) as _)),
            (TypeId::of::<Timers>(), |it| Some(Arc::clone(&it.timers) as _)),
            (TypeId::of::<Pool>(), |it| Some(Arc::clone(&it.pool) as _)),
        ];
        parts.iter().find(|(of, _)| *of == kind).and_then(|(_, part)| part(self))
    }

    fn runtime(&self) -> &tokio::runtime::Handle {
        self.router.runtime()
    }

    fn rng(&self) -> &Rng {
        self.router.rng()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    fn is_watched(&self) -> bool {
        self.is_watched
    }

    fn place(&self, pid: Pid) -> Option<Arc<WaitPlace>> {
        self.router.outages.measured.handlers().map(|meters| meters.places.add(pid))
    }

    fn handler_hooks(&self) -> &Ordered<dyn HandlerHooks> {
        &self.router.hooks.handlers
    }

    fn is_ending(&self) -> bool {
        self.closed.try_read().map_or(true, |closed| *closed)
    }

    fn is_known(&self, node: NodeKey) -> bool {
        self.router.directory().knows(node)
    }

    fn has_one_of(&self, group: u64, node: NodeKey) -> bool {
        self.router.directory().view().has_one_of(group, node)
    }

    fn office(&self, pid: Pid) -> Option<Arc<OfficeSeat>> {
        self.elections.seat(pid.number)
    }

    fn replica(&self, pid: Pid) -> Option<Arc<Replica>> {
        self.router.replicas.get(pid.number)
    }

    fn restarts(&self, pid: Pid) {
        self.elections.fall(pid.number);
        self.watches.forget(pid.number);
    }

    fn ended(&self, pid: Pid, state: ServiceState) {
        self.elections.end(pid.number);
        self.router.ended(pid);
        let left = self.lock().release(pid.number, state);
        self.withdraw(left);
        self.watches.forget(pid.number);
        self.watches.ended(pid, state.into());
    }
}
