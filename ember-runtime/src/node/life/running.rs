//! A node that runs.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{sync::watch, time::timeout};

use super::{
    building::Begun,
    shutdown::{Sees, Shutdown},
};
use crate::{
    actor::CallCounts,
    call::{Address, Client, Handle, HasLocalClient, Kind, One, Origin, Over, Select},
    clock,
    directory::{Selector, View},
    error::{Error, Result},
    id::{NodeKey, Pid},
    message::Ambient,
    node::{
        hosting::Services,
        process::{Signals, Wish, runtime},
        settings::IntoHosted,
    },
    panics::Panic,
    sync::lock,
};

/// A runtime in this process that hosts services and takes part in a cluster. Cheap to clone; all clones are the same node.
///
/// A node runs until [`shutdown`](Node::shutdown), or until its last clone is dropped: then everything ends at once, as if
/// it had crashed.
///
/// It lives on the tokio runtime that it was started on: whoever calls, from another runtime or from none, its services, timers and
/// deadlines are there. (So a runtime of one thread must be within `block_on` for anything to go on.) When that runtime ends, the
/// node has ended too: its calls are refused ([`RuntimeEnded`](crate::error::RefusedReason::RuntimeEnded)), its methods report
/// [`Error::RuntimeEnded`], and its view stays as it was.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) services: Arc<Services>,
    pub(super) drain: Duration,
    /// Ends everything that was started for the node.
    pub(crate) tasks: Mutex<Vec<tokio::task::AbortHandle>>,
    /// What shows it to the outside.
    pub(super) faces: Mutex<Vec<Begun>>,
    #[cfg(feature = "cluster")]
    pub(crate) membership: std::sync::OnceLock<crate::node::process::Membership>,
    /// It has started.
    pub(crate) begun: AtomicBool,
    pub(super) shutdown: Arc<Shutdown>,
    pub(super) closed: watch::Sender<bool>,
    /// The shutdown is to end at once.
    pub(super) hurry: watch::Sender<bool>,
    /// Who has taken this node's name.
    pub(crate) replaced: watch::Sender<Option<String>>,
}

impl Node {
    pub(crate) fn new(services: Arc<Services>, drain: Duration) -> Self {
        let inner = Inner {
            services,
            drain,
            tasks: Mutex::default(),
            faces: Mutex::default(),
            #[cfg(feature = "cluster")]
            membership: std::sync::OnceLock::new(),
            begun: AtomicBool::new(false),
            shutdown: Arc::default(),
            closed: watch::Sender::new(false),
            hurry: watch::Sender::new(false),
            replaced: watch::Sender::new(None),
        };
        Self { inner: Arc::new(inner) }
    }

    /// It has started: what comes now is its life.
    pub(super) fn begins(&self) {
        self.inner.begun.store(true, Ordering::Release);
        self.inner.services.router.directory().begin();
    }

    /// A client for any live instance, in turn.
    pub fn client<C: Client>(&self) -> C::As<One> {
        self.select::<C>().client()
    }

    /// A client for what the filters say.
    pub fn select<C: Client>(&self) -> Select<C> {
        self.inner.services.router.select()
    }

    /// A client for the service `S` on this node, with its `api_` methods.
    pub fn local<S: HasLocalClient>(&self) -> S::LocalClient {
        Arc::clone(&self.inner.services.router).local::<S>()
    }

    /// The client for `address`: the same as [`address.client(&node)`](Address::client).
    pub fn client_at<C: From<Handle<One>>>(&self, address: &Address<C>) -> C {
        address.client(self)
    }

    /// Gives `event` to every handler for it of the services on this node; how many of them took it. A service with two handlers takes it twice. Other
    /// nodes hear nothing of it: for that there is [`publish_to`](Self::publish_to).
    pub fn publish<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let services = &self.inner.services;
        if services.router.over().is_some() { 0 } else { services.bus.publish(event, None) }
    }

    /// Starts a service on this node, and waits for its `init` and `start`: a value of a `#[service]` type, or a
    /// [`Hosted`](crate::node::settings::Hosted) one. It is reached by its pid; it is neither in the registry nor in the view, unless it is
    /// [`Hosted::register`](crate::node::settings::Hosted::register)ed.
    ///
    /// # Errors
    /// If it does not start, or if the node is being shut down, or its runtime has ended.
    ///
    /// # Cancel safety
    /// If the future is dropped after it was polled, for example by a time-out, the service is started all the same, in full: its
    /// timers tick, and if it is registered it comes into the view. The log says so, with its pid; [`services`](Node::services)
    /// has that too. If it is to end then, [`stop`](Node::stop) it.
    pub async fn spawn<H: IntoHosted<Service: 'static>>(&self, service: H) -> Result<Pid> {
        self.inner.services.spawn(service.into_hosted()).await
    }

    /// The services that run on this node or are about to start, in the order in which they were made: spawned ones too,
    /// which no view lists. A sharded service, and after it each of its shards, which has a pid of its own.
    pub fn services(&self) -> Vec<Pid> {
        self.inner.services.router.cells.all().iter().map(|cell| cell.pid()).collect()
    }

    /// Stops a service of this node: it takes no new work, finishes what waits in its mailbox, and ends. `false` if no such
    /// service runs here.
    pub fn stop(&self, service: Pid) -> bool {
        self.inner.services.retire(service)
    }

    /// Pauses a service of this node: user messages are refused, those of the system lane run. What waits in its mailbox already is
    /// done, and so are ticks and events. Its entry in the registry says that it is [paused](crate::actor::ServiceState::Paused), so that no node's
    /// calls choose it, and each view shows it; calls that were on their way are refused and go to another instance. If there is no other
    /// that takes calls, they end as [`Paused`](crate::error::RefusedReason::Paused) at once. The master of a group hands its office over when its running handler has ended,
    /// and does not stand for it before the pause ends: calls that wait in its mailbox go on to the next master, one-way calls that wait there are refused
    /// and counted in the log.
    /// A service that is started again after a failure stays paused. `false` if no such service runs here.
    pub fn pause(&self, service: Pid) -> bool {
        self.inner.services.pause(service, true)
    }

    /// Ends a pause: the service takes calls again, and callers find it as soon as the registry has told them. `false` if no such service runs here.
    pub fn resume(&self, service: Pid) -> bool {
        self.inner.services.pause(service, false)
    }

    /// Has the master of a group, which runs on this node, hand its office over: when its running handler has ended it acts no more, another
    /// instance is elected at once, and its callers go there; nothing of theirs fails. It stands again after 2 s. `false` if this service is
    /// not the master of its group, or does not run here, or if this node sees no other instance that could take over: then it acts on.
    pub fn hand_over(&self, service: Pid) -> bool {
        service.node == self.key() && self.inner.services.elections.hand_over(service.number)
    }

    /// How often the [journal](crate::node::settings::Hosted::journal) of a replicated service of this node has waited for the disk since its process was
    /// started; `None` if it has none, or does not run here. Beside the commits of that time it says how many share one wait.
    pub fn journal_syncs(&self, service: Pid) -> Option<u64> {
        let here = service.node == self.key();
        here.then(|| self.inner.services.router.replicas.get(service.number))??.syncs()
    }

    /// What a service of this node has handled since it was started for the first time; `None` if it does not run here.
    pub fn call_counts(&self, service: Pid) -> Option<CallCounts> {
        self.inner.services.find(service).map(|cell| cell.call_counts())
    }

    /// Which run of which node this is.
    pub fn key(&self) -> NodeKey {
        self.inner.services.record.key
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.services.record.name
    }

    /// Where its peers reach it; port 0 if it has no peers.
    pub fn endpoint(&self) -> &crate::net::Endpoint {
        &self.inner.services.record.endpoint
    }

    /// What it knows of the cluster now.
    pub fn view(&self) -> Arc<View> {
        self.inner.services.router.directory().view()
    }

    /// Waits until the view fulfils a condition; for ever, if it never does. That goes for a node that has ended, whose view stays as
    /// it is: where that can be, [`wait_for_view_within`](Self::wait_for_view_within) gives up.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_for_view(&self, mut condition: impl FnMut(&View) -> bool) -> Arc<View> {
        let mut changes = self.inner.services.router.directory().changes();
        loop {
            changes.mark_unchanged();
            let view = self.view();
            if condition(&view) {
                return view;
            }
            // The sender lives in the directory, which this node holds.
            let _ = changes.changed().await;
        }
    }

    /// Waits until the view fulfils a condition, but no longer than `limit`; `None` if it did not by then. What the node knows instead,
    /// [`view`](Self::view) shows. The condition is looked at once at least, also with a limit of zero.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_for_view_within(
        &self,
        limit: Duration,
        condition: impl FnMut(&View) -> bool,
    ) -> Option<Arc<View>> {
        timeout(limit.min(clock::LONGEST), self.wait_for_view(condition)).await.ok()
    }

    /// Waits for Ctrl-C or SIGTERM, or for a shutdown from elsewhere, and shuts the node down.
    ///
    /// On SIGUSR1 it [retires](Node::retire), and goes on. (A program that uses this signal for something else waits for the signals that end it
    /// by itself, and calls [`shutdown`](Node::shutdown). Before `run` the signal ends the process, as it does any other that does not listen.)
    ///
    /// A second Ctrl-C or SIGTERM ends the shutdown at once: what has not finished is cut short, and the node leaves the cluster
    /// within a quarter of a second. Code that blocks its thread cannot be cut short; the runtime waits for that.
    ///
    /// A program that reads `tokio::io::stdin()` does not exit after this before its input ends: tokio reads it in a thread that
    /// the runtime waits for. Read it in a thread of your own (`std::thread::spawn`), or end with `std::process::exit`.
    ///
    /// # Errors
    /// As [`shutdown`](Node::shutdown), and [`Error::CutShort`] after a second signal. A runtime without I/O, which has no signals.
    /// [`Error::Replaced`] if a later node has taken this one's name; the shutdown is then done too.
    pub async fn run(&self) -> Result<()> {
        self.served().await
    }

    /// Shuts the node down: it announces that it retires, finishes what is in flight, stops its services in the reverse
    /// order of their start (spawned ones of one class, between which no other was started, side by side, up to 100 at a time, unless a
    /// service of their own class spawned them), waits for replies that are [`Deferred`](crate::message::Deferred) and until other nodes have
    /// read their [streams](crate::message::Streaming) to their ends, and leaves the cluster. Called again, it gives the first result.
    ///
    /// # Errors
    /// [`Error::CutShort`] if work was still running, deferred replies open, or streams unread, when the time given to the builder (8 s by default) was over.
    /// [`Error::Cycle`], at once, in a handler that runs on this node, or that such a handler waits for: its node would wait for
    /// it. There, [`Cx::shutdown_node`](crate::actor::Cx::shutdown_node) asks for it, and does not wait.
    /// [`Error::RuntimeEnded`] if the runtime of the node has ended before: its services were not stopped in good order.
    ///
    /// # Cancel safety
    /// If the future is dropped after it was polled, the shutdown goes on all the same. Called again, it waits for that.
    pub async fn shutdown(&self) -> Result<()> {
        self.shut_down().await
    }

    pub(super) async fn serve_until_told(&self) -> Result<()> {
        self.refuse_to_wait_for_itself()?;
        let (mut closed, mut replaced) = (self.inner.closed.subscribe(), self.inner.replaced.subscribe());
        let services = &self.inner.services;
        let signals = runtime::with_signals(services.router.runtime(), async { Signals::listen() }).await;
        // Without its runtime there are no signals either, and that says less.
        let over =
            |error| services.router.over().filter(|over| matches!(over, Over::Runtime)).map_or(error, Into::into);
        let mut signals = signals.map_err(over)?;
        let mut signalled = false;
        let by = tokio::select! {
            biased;
            () = services.router.home.until_it_ends() => return Err(Error::RuntimeEnded),
            told = self.until_told_to_end(&mut signals) => {
                signalled = true;
                told.map(|()| None)?
            }
            _ = closed.wait_for(|closed| *closed) => None,
            by = replaced.wait_for(Option::is_some) => by.ok().and_then(|by| by.clone()),
        };
        let second = async {
            if !signalled {
                self.until_told_to_end(&mut signals).await?;
            }
            self.until_told_to_end(&mut signals).await
        };
        let mut shutdown = pin!(self.shutdown());
        let ended = tokio::select! {
            biased;
            ended = &mut shutdown => ended,
            Ok(()) = second => {
                self.inner.hurry.send_replace(true);
                shutdown.await
            }
        };
        match by {
            Some(by) => Err(Error::Replaced { name: self.name().to_owned(), by }),
            None => ended,
        }
    }

    /// Until Ctrl-C or SIGTERM; a SIGUSR1 before that is obeyed.
    async fn until_told_to_end(&self, signals: &mut Signals) -> Result<()> {
        loop {
            match signals.next().await? {
                Wish::End => return Ok(()),
                Wish::Retire => self.retire().await,
            }
        }
    }

    /// From now on its services can ask for its end.
    pub(super) fn hears_its_services(&self) {
        let node = Arc::downgrade(&self.inner);
        self.inner.services.asked_to_end.is_heard_by(move || {
            if let Some(inner) = node.upgrade() {
                Self { inner }.begin_to_end();
            }
        });
    }

    /// Shuts down in a task of the node's own runtime, whoever asks, if nobody has asked before.
    pub(super) fn begin_to_end(&self) {
        if !self.inner.shutdown.begins() {
            return;
        }
        let (node, sees) = (self.clone(), Sees(Arc::clone(&self.inner.shutdown)));
        self.inner.services.router.runtime().spawn(async move {
            let late = AssertUnwindSafe(node.end()).catch_unwind().await;
            node.inner.services.router.close();
            node.inner.services.ids.ends();
            sees.tell(Ok(late.unwrap_or_else(|panic| Some(format!("the shutdown panicked: {}", Panic::from(panic))))));
        });
    }

    /// In a handler of this node, or one that such a handler waits for, nobody can wait for its end.
    pub(super) fn refuse_to_wait_for_itself(&self) -> Result<()> {
        if *self.inner.closed.borrow() {
            return Ok(());
        }
        let Some(chain) = Ambient::current(Ambient::extended) else { return Ok(()) };
        match chain.links().find(|link| link.pid.node == self.key()) {
            Some(link) => Err(Error::Cycle(link.place().to_owned())),
            None => Ok(()),
        }
    }
}

impl Origin for Node {
    fn reach<K: Kind>(&self, selector: Selector, module: &str, keys: &[u8]) -> Handle<K> {
        Handle::of_module(Arc::clone(&self.inner.services.router), selector, module, keys)
    }
}

impl Inner {
    /// Ends with the node.
    pub(crate) fn keep(&self, task: tokio::task::JoinHandle<()>) {
        lock(&self.tasks).push(task.abort_handle());
    }

    /// Waits until nobody wants to wait any more.
    pub(super) async fn hurried(&self) {
        let mut hurry = self.hurry.subscribe();
        // The sender is here.
        drop(hurry.wait_for(|hurry| *hurry).await);
    }

    pub(super) fn abort(&self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
        let _ended = std::mem::take(&mut *lock(&self.faces));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.abort();
        self.services.abort();
        self.services.router.close();
        self.services.ids.ends();
        #[cfg(feature = "cluster")]
        self.services.router.disconnect();
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name()).field("key", &self.key()).finish_non_exhaustive()
    }
}
