//! A node's part in a cluster: its links, its view, and its entry in the registry.

use std::{
    io,
    net::UdpSocket,
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use super::{builder::NodeBuilder, revive, running::Node};
use crate::{
    directory::{AnnounceConfig, Announced, Announcer, Contact, FollowConfig, Follower, Mine, Stalls},
    error::{Error, Result},
    net::{Endpoint, Listener, missing},
    node::{
        offices::Ballot,
        process::{Door, Membership, Signs, namesake},
        slot::Ledger,
    },
    registry::{Context, Registry, RegistryError},
    transport::{Identity, KeyPair, Links},
};

impl NodeBuilder {
    /// Takes part in the cluster that is written in this registry.
    pub fn registry(mut self, registry: impl Registry) -> Self {
        self.clustered.registry = Some(Arc::new(registry));
        self
    }

    /// Where to listen for peers. By default a free port of the interface that leads to the registry; of the loopback
    /// interface, if the registry is for one machine.
    pub fn listen(mut self, endpoint: Endpoint) -> Self {
        self.clustered.listen = Some(endpoint);
        self.clustered.meant_for_peers = Some(".listen(…)");
        self
    }

    /// Where peers reach this node, if that is not where it listens. Neither port 0 nor an address that stands for every interface.
    pub fn advertise(mut self, endpoint: Endpoint) -> Self {
        self.clustered.advertise = Some(endpoint);
        self.clustered.meant_for_peers = Some(".advertise(…)");
        self
    }

    /// How long the registry keeps this node after its last sign of life: 5 s by default, 1 s at least, a year at most. etcd
    /// counts whole seconds, from 2. Without a registry there is no lease: it is refused.
    pub fn lease(mut self, ttl: Duration) -> Self {
        self.clustered.lease = ttl;
        self.clustered.meant_for_peers = Some(".lease(…)");
        self
    }

    /// The largest message, in bytes, that a link carries: 16 MiB by default, 4 KiB at least, 1 GiB at most. Without a registry there are
    /// no links: it is refused.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.clustered.links.max_message = bytes;
        self.clustered.meant_for_peers = Some(".max_message(…)");
        self
    }

    pub(crate) async fn bind(&self) -> Result<Option<Box<dyn Listener>>> {
        let Some(registry) = &self.clustered.registry else { return Ok(None) };
        let endpoint = match &self.clustered.listen {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::Tcp(format!("{}:0", interface(&**registry)?)),
        };
        let bound = self.network.bind(&endpoint).await;
        bound.map(Some).map_err(|source| match source.kind() {
            io::ErrorKind::Unsupported => Error::Configuration(format!("cannot listen on {endpoint}: {source}")),
            io::ErrorKind::AddrNotAvailable => Error::Io {
                context: format!(
                    "cannot listen on {endpoint}: no interface of this machine has that address (what peers dial goes into \
                     `.advertise(…)`)"
                ),
                source,
            },
            io::ErrorKind::AddrInUse => Error::Io {
                context: format!(
                    "cannot listen on {endpoint}: something else does; give another port to `.listen(…)`, or 0 for any that is free"
                ),
                source,
            },
            _ => Error::Io { context: format!("cannot listen on {endpoint}"), source },
        })
    }

    pub(crate) fn advertised(&self, listener: &Option<Box<dyn Listener>>) -> Result<Endpoint> {
        if let Some(endpoint) = &self.clustered.advertise {
            return Ok(endpoint.clone());
        }
        let Some(listener) = listener else { return Ok(Endpoint::Tcp("localhost:0".into())) };
        let endpoint = listener.local_endpoint()?;
        match &endpoint {
            Endpoint::Tcp(address) if address.starts_with("0.0.0.0:") || address.starts_with("[::]:") => {
                Err(Error::Configuration(format!(
                    "the node listens on every interface ({address}): say by which address its peers reach it, with \
                     `.advertise(…)`"
                )))
            }
            _ => Ok(endpoint),
        }
    }

    /// Starts links and view, and writes down by what peers recognise this run: its services may call others while they
    /// start. `None` without a registry.
    pub(crate) async fn connect(
        &self,
        node: &Node,
        listener: Option<Box<dyn Listener>>,
        key_pair: KeyPair,
    ) -> Result<Option<Joining>> {
        let (Some(registry), Some(listener)) = (&self.clustered.registry, listener) else { return Ok(None) };
        let services = &node.inner.services;
        let router = Arc::clone(&services.router);
        let identity = Identity {
            cluster: self.cluster_name(),
            node: services.record.key,
            endpoint: services.record.endpoint.clone(),
            key_pair,
        };
        let links = Links::start(
            identity,
            listener,
            Arc::clone(&self.network),
            router.rng().clone(),
            self.clustered.links.clone(),
            Arc::new(Door::of(services)),
        );
        router.connect(Arc::clone(&links));
        let context =
            Context { cluster: self.cluster_name(), network: Arc::clone(&self.network), rng: router.rng().clone() };
        let session = registry.open(context).await?;
        let contact = Contact::none();
        let mut in_contact = contact.subscribe();
        let stalls = Stalls { late: links.lateness(), limit: self.clustered.links.stall_limit };
        let config = AnnounceConfig {
            cluster: self.cluster_name(),
            here: services.record.key,
            ttl: self.clustered.lease,
            rng: router.rng().clone(),
            tenure: Arc::clone(services.elections.tenure()),
            stalls: stalls.clone(),
        };
        services.elections.decide_by(Ballot {
            session: Arc::clone(&session),
            cluster: self.cluster_name(),
            contact: contact.subscribe(),
            // As etcd counts.
            ttl: Duration::from_secs(self.clustered.lease.as_secs_f64().ceil().max(2.0) as u64),
            rng: router.rng().clone(),
            stalls,
        });
        services.ids.decide_by(Ledger {
            session: Arc::clone(&session),
            cluster: self.cluster_name(),
            contact: contact.subscribe(),
        });
        let source: Weak<dyn Announced> = Arc::downgrade(services) as _;
        let announcer = Announcer::new(Arc::clone(&session), config, source, in_contact.clone());
        let (up, ended) = (Arc::clone(&links), Arc::clone(&links));
        let follower = Follower {
            config: FollowConfig {
                cluster: self.cluster_name(),
                reconcile: Duration::from_secs(60),
                retry: Duration::from_millis(400),
                confirm: Duration::from_secs(3),
                rng: router.rng().clone(),
            },
            session,
            directory: Arc::clone(router.directory()),
            announcer: Arc::clone(&announcer),
            link_is_up: Arc::new(move |peer| up.is_up(peer)),
            gone: Arc::new(move |peer| ended.forget(peer)),
            contact,
        };
        node.inner.keep(tokio::spawn(follower.run()));
        node.inner.keep(tokio::spawn(Arc::clone(&services.hub).run()));
        node.inner.keep(tokio::spawn(revive::run(
            Arc::clone(router.directory()),
            Arc::clone(&links),
            router.rng().clone(),
        )));
        let parts = Membership::new(&links, &announcer, in_contact.clone());
        let _first = node.inner.membership.set(parts);
        let signs = Signs::new(router.directory(), announcer.written());
        let answered = signs.wait(in_contact.wait_for(Contact::is_good)).await.map(drop);
        if let Err(waited) = answered {
            let trouble = in_contact.borrow().trouble.clone();
            return Err(unreachable(&**registry, trouble, waited));
        }
        let leftovers = namesake::refuse_living(router.directory(), &links, node.name()).await?;
        node.inner.keep(tokio::spawn(namesake::watch(
            Arc::clone(router.directory()),
            leftovers,
            services.record.clone(),
            node.inner.replaced.clone(),
        )));
        let joining = Joining { announcer, registry: Arc::clone(registry), contact: in_contact };
        if let Err(error) = joining.introduce(node).await {
            let _ = node.shutdown().await;
            return Err(error);
        }
        Ok(Some(joining))
    }
}

/// The address of the interface that leads to the registry.
fn interface(registry: &dyn Registry) -> Result<String> {
    if !registry.spans_machines() {
        return Ok("127.0.0.1".into());
    }
    // A datagram socket that is "connected" tells the interface without sending anything.
    let route = |target: &str| {
        let any = if target.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(any)?;
        socket.connect(target)?;
        socket.local_addr()
    };
    let Some(target) = registry.reached_at() else {
        return Err(Error::Configuration(
            "the registry was given no address: write `Etcd::new([\"10.0.0.5:2379\"])`, or, if it needs none, say where this node \
             listens for its peers, with `.listen(…)`"
                .into(),
        ));
    };
    if target.starts_with("unix:") {
        return Err(Error::Configuration(format!(
            "`{target}` is a socket of this machine, and no way to peers: say where this node listens for them, with `.listen(…)`"
        )));
    }
    if let Some(what) = missing(&target) {
        return Err(Error::Configuration(format!(
            "`{target}` is not where a registry answers: {what}. Write its address as `host:port`, such as `10.0.0.5:2379`"
        )));
    }
    match route(&target) {
        Ok(address) if address.is_ipv6() => Ok(format!("[{}]", address.ip())),
        Ok(address) => Ok(address.ip().to_string()),
        Err(source) => Err(Error::Io {
            context: format!(
                "`{target}` does not lead to the registry: write its address as `host:port`, or, if it is right, say where this \
                 node listens for its peers, with `.listen(…)`"
            ),
            source,
        }),
    }
}

/// What to say when nothing has come of the registry, for so long.
fn unreachable(registry: &dyn Registry, trouble: Option<RegistryError>, waited: Duration) -> Error {
    let why = match trouble {
        Some(RegistryError::Unavailable(why)) => why,
        // What it has now would be right: it was not heard in time.
        Some(lost @ (RegistryError::FutureRevision { .. } | RegistryError::LeaseNotFound(_))) => lost.to_string(),
        Some(other) => return other.into(),
        None => "it answers, but did not take this node's entries".into(),
    };
    let (place, seconds) = (registry.reached_at(), waited.as_secs());
    // Nobody gave the address of one that has none, or that finds its place itself: it says itself what to look at.
    let asks = why.ends_with('?');
    let advice = if place.is_some() && !asks {
        ": is it running, is its address right, and is it a registry that listens there?"
    } else {
        ""
    };
    let place = place.filter(|place| !why.contains(place)).map(|place| format!("{place}: ")).unwrap_or_default();
    RegistryError::Unavailable(format!("{place}{why}{} Gave up after {seconds} s{advice}", if asks { "" } else { "." }))
        .into()
}

/// A node that follows the cluster, and that no view lists yet.
pub(crate) struct Joining {
    announcer: Arc<Announcer>,
    registry: Arc<dyn Registry>,
    contact: watch::Receiver<Contact>,
}

impl Joining {
    /// Writes the node in the registry as one that is about to join: by then peers recognise it, and do not see it.
    async fn introduce(&self, node: &Node) -> Result<()> {
        self.announcer.touch([Mine::Node]);
        node.inner.keep(tokio::spawn(Arc::clone(&self.announcer).run()));
        self.settled(node).await
    }

    /// Writes the node and its services in the registry.
    pub(crate) async fn join(self, node: &Node) -> Result<()> {
        let services = &node.inner.services;
        services.joined.store(true, Ordering::Release);
        // From here on what starts is written by itself.
        services.publisher.write_with(Arc::clone(&self.announcer));
        self.announcer.touch(services.all());
        self.settled(node).await
    }

    async fn settled(&self, node: &Node) -> Result<()> {
        let signs = Signs::new(node.inner.services.router.directory(), self.announcer.written());
        let written = signs.wait(self.announcer.settled()).await;
        written.map_err(|waited| unreachable(&*self.registry, self.contact.borrow().trouble.clone(), waited))?;
        // A node that others see in part only does not start.
        self.announcer.refused().map_or(Ok(()), |refused| Err(refused.into()))
    }
}

impl Node {
    /// Tells the cluster that this node takes no new work. Bounded by 1 s: a registry that is away cannot hold a shutdown up.
    pub(crate) async fn announce_retiring(&self) {
        let services = &self.inner.services;
        if let Some(announcer) = services.publisher.announcer() {
            announcer.touch(services.all());
            let _ = timeout(Duration::from_secs(1), announcer.settled()).await;
        }
    }

    /// Waits until other nodes have read the streams of its services to their ends: how many they have not, by `deadline` or when
    /// nobody wants to wait any more.
    pub(crate) async fn read_out(&self, deadline: Instant) -> usize {
        let streams = &self.inner.services.router.streams;
        let unread = tokio::select! {
            biased;
            () = self.inner.hurried() => streams.awaited(),
            () = sleep_until(deadline) => streams.awaited(),
            () = self.answered_and_read_out() => 0,
        };
        self.inner.services.router.read_no_more();
        unread
    }

    /// Replies that come later may be streams, too.
    async fn answered_and_read_out(&self) {
        let streams = &self.inner.services.router.streams;
        let unanswered = || self.inner.membership.get().map_or(0, |membership| membership.links.unanswered());
        loop {
            streams.read_out().await;
            // Those who ask for more of a stream that nobody else awaits are no reason to wait.
            if unanswered() <= streams.asking() {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Leaves the registry, and closes the links when what is on its way has gone out.
    pub(crate) async fn leave(&self, deadline: Instant) {
        let Some(Membership { links, announcer, .. }) = self.inner.membership.get() else { return };
        // Whoever watched its services knows from this that they have stopped.
        self.inner.services.leaving.store(true, Ordering::Release);
        announcer.touch([Mine::Node]);
        let _ = timeout(Duration::from_secs(1), announcer.settled()).await;
        let _ = timeout(Duration::from_secs(1), self.inner.services.ids.give_back()).await;
        let grace = Instant::now() + Duration::from_secs(1);
        let leases = self.inner.services.elections.leave().then(|()| announcer.leave());
        let _ = timeout_at(deadline.max(grace), leases).await;
        links.shutdown(deadline.max(grace).saturating_duration_since(Instant::now())).await;
    }

    /// Nobody waits for the rest of that.
    pub(crate) fn cut_off(&self) {
        if let Some(Membership { links, .. }) = self.inner.membership.get() {
            links.close("the node was told to hurry");
        }
    }
}

#[cfg(all(test, feature = "etcd"))]
mod tests {
    use super::*;
    use crate::registry::Etcd;

    #[test]
    fn an_address_without_host_or_port_is_said_to_be_that_and_nothing_else_is_advised() {
        for (given, what) in [
            ("localhost", "`localhost` is not where a registry answers: its port is missing"),
            ("http://localhost", "its port is missing"),
            ("http://", "it has no host"),
            (":2379", "it has no host"),
        ] {
            let error = interface(&Etcd::new([given])).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Configuration(_)) && text.contains(what), "{given}: {text}");
            assert!(text.contains("host:port") && !text.contains(".listen("), "{given}: {text}");
        }
        for given in ["127.0.0.1:2379", "http://127.0.0.1:2379/"] {
            assert_eq!(interface(&Etcd::new([given])).unwrap(), "127.0.0.1", "{given}");
        }
    }

    #[test]
    fn a_socket_of_this_machine_leads_to_no_peer() {
        let text = interface(&Etcd::new(["unix:///run/x.sock"])).unwrap_err().to_string();
        assert!(text.contains("socket of this machine") && text.contains(".listen("), "{text}");
    }
}
