//! A node that runs.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OnceCell, watch},
    time::Instant,
};

use super::{IntoHosted, NodeBuilder, host::Services};
use crate::{
    actor::{CallCounts, Service},
    call::{Address, Client, Handle, HasClient, Kind, Local, One, Origin, Select},
    directory::{Selector, View},
    error::{Error, Result},
    id::{NodeKey, Pid},
};

/// A runtime in this process that hosts services and takes part in a cluster. Cheap to clone; all clones are the same node.
///
/// A node runs until [`shutdown`](Node::shutdown), or until its last clone is dropped: then everything ends at once, as if
/// it had crashed.
#[derive(Clone)]
pub struct Node {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) services: Arc<Services>,
    drain: Duration,
    /// Ends everything that was started for the node.
    pub(super) tasks: Mutex<Vec<tokio::task::AbortHandle>>,
    #[cfg(feature = "cluster")]
    pub(super) membership: std::sync::OnceLock<super::cluster::Membership>,
    ended: OnceCell<Option<String>>,
    closed: watch::Sender<bool>,
    /// Who has taken this node's name.
    pub(super) replaced: watch::Sender<Option<String>>,
}

impl Node {
    /// Starts the description of a node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::new()
    }

    pub(super) fn new(services: Arc<Services>, drain: Duration) -> Self {
        let inner = Inner {
            services,
            drain,
            tasks: Mutex::default(),
            #[cfg(feature = "cluster")]
            membership: std::sync::OnceLock::new(),
            ended: OnceCell::new(),
            closed: watch::Sender::new(false),
            replaced: watch::Sender::new(None),
        };
        Self { inner: Arc::new(inner) }
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
    pub fn local<S: Service + HasClient>(&self) -> S::Client<Local> {
        Arc::clone(&self.inner.services.router).local::<S>()
    }

    /// The client for `address`: the same as [`address.client(&node)`](Address::client).
    pub fn client_at<C: From<Handle<One>>>(&self, address: &Address<C>) -> C {
        address.client(self)
    }

    /// Gives `event` to every service on this node that has a handler for it; how many took it.
    pub fn publish<E: Send + Sync + 'static>(&self, event: E) -> usize {
        self.inner.services.bus.publish(event)
    }

    /// Starts a service on this node, and waits for its `init` and `start`: a value of a `#[service]` type, or a
    /// [`Hosted`](super::Hosted) one. It is reached by its pid; it is neither in the registry nor in the view, unless it is
    /// [`Hosted::register`](super::Hosted::register)ed.
    ///
    /// # Errors
    /// If it does not start, or if the node is being shut down.
    ///
    /// # Cancel safety
    /// If the future is dropped after it was polled, the service is started all the same.
    pub async fn spawn<H: IntoHosted<Service: 'static>>(&self, service: H) -> Result<Pid> {
        self.inner.services.spawn(service.into_hosted()).await
    }

    /// Stops a service of this node: it takes no new work, finishes what waits in its mailbox, and ends. `false` if no such
    /// service runs here.
    pub fn stop(&self, service: Pid) -> bool {
        self.inner.services.retire(service)
    }

    /// Pauses a service of this node: user messages are refused, those of the system lane run, and callers choose others.
    /// `false` if no such service runs here.
    pub fn pause(&self, service: Pid) -> bool {
        self.inner.services.pause(service, true)
    }

    /// Ends a pause. `false` if no such service runs here.
    pub fn resume(&self, service: Pid) -> bool {
        self.inner.services.pause(service, false)
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

    /// Waits until the view fulfils a condition.
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

    /// Waits for Ctrl-C or SIGTERM, or for a shutdown from elsewhere, and shuts the node down.
    ///
    /// A program that reads `tokio::io::stdin()` does not exit after this before its input ends: tokio reads it in a thread that
    /// the runtime waits for. Read it in a thread of your own (`std::thread::spawn`), or end with `std::process::exit`.
    ///
    /// # Errors
    /// As [`shutdown`](Node::shutdown). [`Error::Replaced`] if a later node has taken this one's name; the shutdown is then
    /// done too.
    pub async fn run(&self) -> Result<()> {
        let (mut closed, mut replaced) = (self.inner.closed.subscribe(), self.inner.replaced.subscribe());
        let by = tokio::select! {
            biased;
            signal = signal() => signal.map(|()| None)?,
            _ = closed.wait_for(|closed| *closed) => None,
            by = replaced.wait_for(Option::is_some) => by.ok().and_then(|by| by.clone()),
        };
        let ended = self.shutdown().await;
        match by {
            Some(by) => Err(Error::Replaced { name: self.name().to_owned(), by }),
            None => ended,
        }
    }

    /// Shuts the node down: it announces that it retires, finishes what is in flight, stops its services in the reverse
    /// order of their start, and leaves the cluster. Called again, it gives the first result.
    ///
    /// # Errors
    /// [`Error::CutShort`] if work was still running when the time given to the builder (8 s by default) was over.
    pub async fn shutdown(&self) -> Result<()> {
        let late = self.inner.ended.get_or_init(|| self.end()).await;
        late.as_ref().map_or(Ok(()), |late| Err(Error::CutShort(late.clone())))
    }

    async fn end(&self) -> Option<String> {
        let deadline = Instant::now() + self.inner.drain;
        #[cfg(feature = "cluster")]
        self.announce_retiring().await;
        let stopped = self.inner.services.stop(deadline).await;
        self.inner.services.watches.close();
        #[cfg(feature = "cluster")]
        self.leave(deadline).await;
        self.inner.abort();
        self.inner.services.publisher.pass_on();
        self.inner.closed.send_replace(true);
        tracing::info!(target: "ember::node", name = self.name(), "shut down");
        match stopped {
            Ok(()) => None,
            Err(Error::CutShort(late)) => Some(late),
            Err(other) => Some(other.to_string()),
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
    #[cfg(feature = "cluster")]
    pub(super) fn keep(&self, task: tokio::task::JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task.abort_handle());
    }

    fn abort(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.abort();
        self.services.abort();
        #[cfg(feature = "cluster")]
        self.services.router.disconnect();
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name()).field("key", &self.key()).finish_non_exhaustive()
    }
}

#[cfg(unix)]
async fn signal() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        biased;
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}
