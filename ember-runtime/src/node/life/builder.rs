//! What a node is made from.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{building::Faces, running::Node};
use crate::{
    actor::Service,
    call::{LocalCalls, OutageSettings, Outages, Router},
    clock::{Clock, LONGEST, SystemClock},
    directory::{Balance, Balancers, Directory, NodeRecord},
    error::{Error, Result},
    hooks::{CallHooks, HandlerHooks, Hooks, LinkHooks, NodeHooks},
    id::{Incarnation, NodeId, NodeKey},
    net::{Network, OsNetwork},
    node::{
        hosting::{Launch, Services, class, launch},
        process::runtime,
        settings::{Hosted, IntoHosted, ServiceConfig, values},
    },
    offload::Offload,
    panics::{Each, dispose, shown},
    rng::Rng,
};

/// Builds a [`Node`].
///
/// Defaults: a random name, the cluster `default`, server id 0, no registry (one process), and 8 s for a shutdown.
#[must_use = "end with `.start().await`"]
pub struct NodeBuilder {
    pub(crate) name: Option<String>,
    pub(super) cluster: Option<String>,
    pub(crate) server: u32,
    pub(crate) drain: Duration,
    pub(crate) rng: Option<Rng>,
    pub(crate) network: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
    local_calls: Option<LocalCalls>,
    hooks: Hooks,
    balancers: Balancers,
    pub(super) outages: Box<OutageSettings>,
    pub(super) offload: Offload,
    /// In a mutex only so that the future of [`start`](Self::start), which shares the builder, is `Send`.
    launches: Mutex<Each<Launch>>,
    pub(super) faces: Faces,
    /// What was wrong with the configuration of services: the first problem.
    problem: Option<Error>,
    #[cfg(feature = "cluster")]
    pub(crate) clustered: crate::node::settings::Options,
}

impl Node {
    /// Starts the description of a node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::new()
    }
}

impl NodeBuilder {
    fn new() -> Self {
        Self {
            name: None,
            cluster: None,
            server: 0,
            drain: Duration::from_secs(8),
            rng: None,
            network: Arc::new(OsNetwork),
            clock: Arc::new(SystemClock),
            local_calls: None,
            hooks: Hooks::default(),
            balancers: Balancers::default(),
            outages: Box::default(),
            offload: Offload::default(),
            launches: Mutex::default(),
            faces: Faces::default(),
            problem: None,
            #[cfg(feature = "cluster")]
            clustered: crate::node::settings::Options::default(),
        }
    }

    /// Names the node. A name is used once in a cluster; it has 1 to 255 bytes, no blanks around it, and no
    /// control characters or others that nobody sees.
    ///
    /// A node that is started again under its name, after a crash too, takes the place of its earlier run at once. While a node
    /// of that name answers, [`start`](Self::start) refuses with [`Error::NameTaken`]. If one lives but does not answer,
    /// because it is stopped or cut off, the later one takes its place, and the earlier one ends: its
    /// [`run`](Node::run) shuts it down and returns [`Error::Replaced`].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The cluster to take part in, of those that the registry holds: a name as that of a node, without `/`. Clusters do not see each other. Without a registry there
    /// is none: [`start`](Self::start) refuses that.
    pub fn cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// The name of the cluster.
    pub(crate) fn cluster_name(&self) -> String {
        self.cluster.clone().unwrap_or_else(|| "default".into())
    }

    /// The server id: a number that clients can select by; several nodes may share one.
    pub fn server(mut self, server: u32) -> Self {
        self.server = server;
        self
    }

    /// How long a shutdown waits for work in flight, and for readers of its streams: 8 s by default. With 0 it does not wait: what is at work is cut short,
    /// also where nobody waits for its answer any more; what is idle stops as always. More than a hundred years count as a hundred.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain.min(LONGEST);
        self
    }

    /// Makes every random decision of the node repeatable, its key pair too: for tests, because whoever knows the seed can
    /// pass for the node.
    pub fn seed(mut self, seed: u64) -> Self {
        self.rng = Some(Rng::from_seed(seed));
        self
    }

    /// Replaces the operating system's network, for simulations.
    pub fn network(mut self, network: impl Network) -> Self {
        self.network = Arc::new(network);
        self
    }

    /// Tells the node what time it is: for timers that follow the calendar, and for the order of its incarnations. The
    /// operating system's clock by default; another one for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Runs a service: a value of a `#[service]` type, or a [`Hosted`](crate::node::settings::Hosted) one. Services start in the order
    /// given, and stop in the reverse order.
    pub fn service<H: IntoHosted<Service: 'static>>(mut self, service: H) -> Self {
        self.launch(launch(service));
        self
    }

    /// Runs a service that can be started again: `factory` makes its state, now and after a failure. The same as
    /// `.service(Hosted::with(factory))`, which has [options](Hosted::restart).
    pub fn service_with<S: Service>(self, factory: impl FnMut() -> S + Send + 'static) -> Self {
        self.service(Hosted::with(factory))
    }

    /// Runs the services that a configuration lists, by the names of their classes; they need `Default`. See
    /// [`ServiceConfig::list_from_json`] for how one is read. Every service of the program is known by name; one in a library
    /// that the program does not name otherwise needs `use the_library as _;`, or it is not linked.
    ///
    /// [`start`](Self::start) refuses a class that is unknown or has no `Default`, and a program in which two services have
    /// one name.
    pub fn configure(mut self, services: impl IntoIterator<Item = ServiceConfig>) -> Self {
        let configs: Vec<_> = services.into_iter().collect();
        match class::launches(&configs) {
            Ok(launches) => launches.into_iter().for_each(|launch| self.launch(launch)),
            Err(problem) => self.note(problem),
        }
        self
    }

    /// A choice of one's own, for calls that are made on this node: `select::<C>().balance(name)` uses it. See [`Balance`] for what it
    /// is given, and what becomes of a call for which it does not choose. A name as that of a node, and each once: [`start`](Self::start) refuses others.
    ///
    /// ```
    /// use ember_runtime::{directory::Candidates, node::Node};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ember_runtime::error::Result<()> {
    /// let idlest = |among: &Candidates<'_>| (0..among.len()).min_by_key(|&place| among.at(place).map(|it| it.in_flight()));
    /// let node = Node::builder().balancer("idlest", idlest).start().await?;
    /// // node.select::<PlayerClient>().balance("idlest").client()
    /// # node.shutdown().await
    /// # }
    /// ```
    pub fn balancer(mut self, name: impl Into<String>, balancer: impl Balance) -> Self {
        let name = name.into();
        if let Err(problem) = values::name(".balancer", &name) {
            self.note(problem);
        } else if !self.balancers.add(name.clone(), Box::new(balancer)) {
            self.note(Error::Configuration(format!(
                "`.balancer({name:?}, …)` was given twice: give each balancer of a node a name of its own"
            )));
        }
        self
    }

    /// Something is wrong with what was said: the first such thing is told.
    pub(super) fn note(&mut self, problem: Error) {
        self.problem.get_or_insert(problem);
    }

    fn launch(&mut self, launch: Launch) {
        self.launches.get_mut().unwrap_or_else(PoisonError::into_inner).push(launch);
    }

    /// How calls to services on this node are run when they are made on this node too. Unless it is said here, the
    /// environment variable `EMBER_LOCAL_CALLS` says it (`adaptive`, `short`, `queued`, `random:SEED`); otherwise
    /// [`LocalCalls::Adaptive`].
    pub fn local_calls(mut self, local_calls: LocalCalls) -> Self {
        self.local_calls = Some(local_calls);
        self
    }

    /// Adds hooks at the exit: they are asked before a call of this node's clients leaves, and told how it ended.
    pub fn call_hooks<H: CallHooks>(mut self, hooks: H) -> Self {
        let (band, timed) = (hooks.band(), hooks.wants_times());
        self.hooks.calls.add::<H>(Box::new(hooks), band, timed);
        self
    }

    /// Adds hooks at the entry: they are asked before a service of this node begins to handle a call, and told how that ended.
    pub fn handler_hooks<H: HandlerHooks>(mut self, hooks: H) -> Self {
        let (band, timed) = (hooks.band(), hooks.wants_times());
        self.hooks.handlers.add::<H>(Box::new(hooks), band, timed);
        self
    }

    /// Adds hooks of links, which only nodes with a registry have: they are asked before another node gets one, and told of ups and downs.
    #[cfg(feature = "cluster")]
    pub fn link_hooks<H: LinkHooks>(mut self, hooks: H) -> Self {
        let band = hooks.band();
        self.hooks.links.add::<H>(Box::new(hooks), band, false);
        self
    }

    /// Adds hooks of the node's life.
    pub fn node_hooks<H: NodeHooks>(mut self, hooks: H) -> Self {
        let band = hooks.band();
        self.hooks.nodes.add::<H>(Box::new(hooks), band, false);
        self
    }

    /// Starts the node: its services, its place in the cluster, then `started` everywhere. Needs a tokio runtime, with timers,
    /// and with I/O if the node has a registry. Whatever the node does, it does on this runtime, and it ends with it.
    ///
    /// # Errors
    /// No such runtime. A value that cannot be, by its name. A service that does not start, a registry that cannot be reached within 10 s, an address that cannot be used, a name
    /// that another node answers to. What had been started is stopped again.
    pub async fn start(self) -> Result<Node> {
        self.built().await
    }
}

impl NodeBuilder {
    pub(super) async fn build(mut self) -> Result<Node> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        runtime::check()?;
        self.check_values()?;
        self.check_cluster()?;
        let rng = self.rng.take().unwrap_or_else(Rng::from_entropy);
        let name = self.name.take().unwrap_or_else(|| format!("node-{:08x}", rng.u64() >> 32));
        let key = NodeKey { id: NodeId::of_name(&name), incarnation: incarnation(&rng, &*self.clock) };
        let hooks = std::mem::take(&mut self.hooks);
        let watching = hooks.nodes.clone();
        let (asked, denied) = watching.ask(|hook| hook.starting(&name));
        let started = match denied {
            Some(denied) => Err(denied.into()),
            None => self.build_as(key, name, rng, hooks).await,
        };
        if let Err(error) = &started
            && !watching.is_empty()
        {
            let why = format!("it did not start: {}", shown(error));
            watching.tell_after(asked, |hook| hook.stopped(key, Some(&why)));
        }
        started
    }

    async fn build_as(mut self, key: NodeKey, name: String, rng: Rng, hooks: Hooks) -> Result<Node> {
        let mut launches = std::mem::take(&mut self.launches).into_inner().unwrap_or_else(PoisonError::into_inner);
        #[cfg(feature = "cluster")]
        let listener = self.bind().await?;
        #[cfg(feature = "cluster")]
        let endpoint = self.advertised(&listener)?;
        #[cfg(not(feature = "cluster"))]
        let endpoint = crate::net::Endpoint::Tcp("localhost:0".into());
        #[cfg_attr(not(feature = "cluster"), allow(unused_mut, reason = "without peers nobody has to recognise it"))]
        let mut record = NodeRecord::new(key, name, endpoint, self.server);
        #[cfg(feature = "cluster")]
        let key_pair = crate::transport::KeyPair::new(&rng);
        #[cfg(feature = "cluster")]
        if !self.clustered.is_alone() {
            record.public_key = Some(key_pair.public());
        }
        let directory = Arc::new(Directory::new(record.clone()));
        let local_calls = self.local_calls.map_or_else(local_calls, Ok)?;
        let balancers = std::mem::take(&mut self.balancers);
        let outages = Outages::new(*std::mem::take(&mut self.outages));
        let faces = std::mem::take(&mut self.faces);
        let outages = outages.counted(faces.meters.clone());
        let router = Router::new(key, directory, rng, (local_calls, hooks, balancers, outages));
        #[cfg(feature = "cluster")]
        router.replicas.keep_records(self.clustered.kept_records);
        #[cfg(feature = "cluster")]
        let alone = self.clustered.is_alone();
        #[cfg(not(feature = "cluster"))]
        let alone = true;
        let real = self.network.works_anywhere();
        let services = Services::new(record, router, Arc::clone(&self.clock), self.offload, (real, alone));
        let node = Node::new(Arc::clone(&services), self.drain);
        tokio::spawn(services.publisher.run());
        node.inner.keep(tokio::spawn(Arc::clone(&services.ids).keep()));
        faces.begin(&node).await?;
        #[cfg(feature = "cluster")]
        let joining = self.connect(&node, listener, key_pair).await?;
        while let Some(launch) = launches.next() {
            if let Err(error) = launch(Arc::clone(&services)).await {
                let _ = node.shutdown().await;
                if let Err(panic) = dispose(launches) {
                    tracing::error!(target: "ember::node", %panic, "services that were not started panicked as they were dropped");
                }
                return Err(error);
            }
        }
        #[cfg(feature = "cluster")]
        if let Some(joining) = joining
            && let Err(error) = joining.join(&node).await
        {
            let _ = node.shutdown().await;
            return Err(error);
        }
        node.begins();
        node.inner.keep(tokio::spawn(Arc::clone(&services.elections).run()));
        services.go();
        services.router.hooks.nodes.tell(|hook| hook.started(key));
        tracing::info!(target: "ember::node", name = node.name(), key = %key, "started");
        node.hears_its_services();
        Ok(node)
    }
}

impl std::fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeBuilder").field("name", &self.name).field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// What the environment says of local calls.
fn local_calls() -> Result<LocalCalls> {
    let Ok(text) = std::env::var(LocalCalls::VARIABLE) else { return Ok(LocalCalls::default()) };
    let wrong = |problem| Error::Configuration(format!("the environment variable {}: {problem}", LocalCalls::VARIABLE));
    text.parse().map_err(wrong)
}

/// Greater than that of an earlier run, as long as the wall clock is not set back; unique in any case.
fn incarnation(rng: &Rng, clock: &dyn Clock) -> Incarnation {
    Incarnation(((clock.now().as_micros() as u64) << 10) | (rng.u64() & 0x3ff))
}
