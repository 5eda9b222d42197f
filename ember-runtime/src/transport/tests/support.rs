//! Nodes whose services are fixed.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

pub(super) use super::memory::Memory;
use crate::{
    error::{Failure, RefusedReason},
    id::{Incarnation, MethodId, NodeId, NodeKey, PublicKey},
    message::{Arrivals, Encode, Envelope, Lane, RawCall, ReplyBody, Stamp},
    net::{Endpoint, Network, OsNetwork},
    rng::Rng,
    sync::lock,
    transport::{
        link::PendingReply,
        peers::Links,
        protocol::{Identity, Ingress, KeyPair, LinkConfig, Members, OutCall, Peer, RawAnswer},
    },
};

/// What the services of a test node do with a call.
pub(super) const ECHO: u64 = 1;
pub(super) const HOLD: u64 = 2;
pub(super) const APP: u64 = 3;
pub(super) const FULL: u64 = 4;
pub(super) const LARGE: u64 = 5;
pub(super) const DROP: u64 = 6;
pub(super) const COUNT: u64 = 7;

pub(super) const METHOD: MethodId = MethodId::of("rpc_test");
const PATIENCE: Duration = Duration::from_secs(20);

/// The services of a node, and what they saw.
#[derive(Default)]
pub(super) struct Services {
    pub(super) held: Mutex<Vec<RawCall<'static>>>,
    pub(super) events: Mutex<Vec<String>>,
    pub(super) counted: AtomicUsize,
    pub(super) came: Mutex<Vec<Given>>,
    /// Whom the registry does not list (yet).
    pub(super) unlisted: Mutex<BTreeSet<NodeId>>,
    /// Of whom it lists which run; of others the one that is asked for.
    pub(super) newest: Mutex<BTreeMap<NodeId, Incarnation>>,
    pub(super) listed: Notify,
}

/// The key pair of this run of a test node; nodes know each other's public halves, as if from a registry.
pub(super) fn key_pair(node: NodeKey) -> KeyPair {
    KeyPair::new(&Rng::from_seed(node.id.0 << 32 | node.incarnation.0))
}

pub(super) fn peer(key: NodeKey, endpoint: Endpoint) -> Peer {
    Peer { key, endpoint, public_key: Some(key_pair(key).public()) }
}

impl Members for Services {
    fn key_of(&self, peer: NodeKey) -> BoxFuture<'_, PublicKey> {
        Box::pin(async move {
            while self.newest(peer.id).is_none() {
                self.listed.notified().await;
            }
            key_pair(peer).public()
        })
    }

    fn newest(&self, node: NodeId) -> Option<Incarnation> {
        let listed = !lock(&self.unlisted).contains(&node);
        listed.then(|| *lock(&self.newest).get(&node).unwrap_or(&Incarnation(u64::MAX)))
    }
}

impl Ingress for Services {
    fn calls(&self, _: NodeKey, calls: &mut dyn Arrivals<'_>, _: &mut Context<'_>) {
        while let Some(target) = calls.target() {
            calls.take().into_iter().for_each(|call| self.call(target, call.own()));
        }
    }

    fn link_up(&self, peer: NodeKey) {
        lock(&self.events).push(format!("up {peer}"));
    }

    fn link_late(&self, peer: NodeKey, is_late: bool) {
        lock(&self.events).push(format!("{} {peer}", if is_late { "late" } else { "in time" }));
    }

    fn link_down(&self, peer: NodeKey, why: &str) {
        lock(&self.events).push(format!("down {peer}: {why}"));
    }
}

/// What a call has beside its arguments.
#[derive(Default)]
pub(super) struct Given {
    pub(super) stamp: Stamp,
    pub(super) lane: Lane,
    pub(super) envelope: Envelope,
}

impl Given {
    /// Until then.
    pub(super) fn by(deadline: Instant) -> Self {
        Self { stamp: Stamp { caller: 0, deadline: Some(deadline) }, ..Self::default() }
    }

    pub(super) fn call<'a>(&'a self, target: u64, put_args: Encode<'a>, one_way: bool) -> OutCall<'a> {
        let Self { stamp, lane, envelope } = self;
        let (method, fingerprint, stamp, lane) = (METHOD, None, *stamp, *lane);
        OutCall { target, method, fingerprint, stamp, lane, envelope, put_args, one_way }
    }
}

impl Services {
    fn call(&self, target: u64, mut call: RawCall<'static>) {
        if target != HOLD {
            call.reply.taken();
        }
        let payload = call.payload.clone();
        let mut copy = |out: &mut Vec<u8>| {
            out.extend_from_slice(&payload);
            Ok(())
        };
        match target {
            ECHO => {
                let envelope = call.envelope.map(|envelope| *envelope).unwrap_or_default();
                if envelope.key.is_some() {
                    lock(&self.came).push(Given { stamp: call.stamp, envelope, ..Given::default() });
                }
                call.reply.send(ReplyBody::Value(&mut copy));
            }
            APP => call.reply.send(ReplyBody::App(&mut copy)),
            FULL => call.reply.fail(RefusedReason::MailboxFull { limit: 3 }),
            LARGE => {
                let size = u32::from_le_bytes(payload[..4].try_into().unwrap()) as usize;
                call.reply.send(ReplyBody::Value(&mut |out| {
                    out.resize(out.len() + size, 7);
                    Ok(())
                }));
            }
            HOLD => lock(&self.held).push(call),
            DROP => drop(call),
            COUNT => {
                self.counted.fetch_add(1, Ordering::Relaxed);
                call.reply.send(ReplyBody::Value(&mut copy));
            }
            _ => call.reply.fail(RefusedReason::NoTarget(target.to_string())),
        }
    }

    pub(super) fn events(&self) -> Vec<String> {
        lock(&self.events).clone()
    }

    pub(super) fn answer_held(&self) {
        self.answer_held_with(usize::MAX);
    }

    /// The first `size` bytes of the payload are the answer.
    pub(super) fn answer_held_with(&self, size: usize) {
        for call in std::mem::take(&mut *lock(&self.held)) {
            let payload = call.payload.clone();
            call.reply.send(ReplyBody::Value(&mut |out| {
                out.extend_from_slice(&payload[..size.min(payload.len())]);
                Ok(())
            }));
        }
    }
}

/// A node under test.
pub(super) struct Node {
    pub(super) links: Arc<Links>,
    pub(super) services: Arc<Services>,
    pub(super) peer: Peer,
}

pub(super) fn key(id: u64, incarnation: u64) -> NodeKey {
    NodeKey { id: NodeId(id), incarnation: Incarnation(incarnation) }
}

impl Node {
    pub(super) async fn tcp(key: NodeKey, config: LinkConfig) -> Self {
        Self::at(&"127.0.0.1:0".parse().unwrap(), key, Arc::new(OsNetwork), config, "test").await
    }

    pub(super) async fn at(
        endpoint: &Endpoint,
        key: NodeKey,
        network: Arc<dyn Network>,
        config: LinkConfig,
        cluster: &str,
    ) -> Self {
        let listener = network.bind(endpoint).await.unwrap();
        let endpoint = listener.local_endpoint().unwrap();
        let services = Arc::new(Services::default());
        let identity =
            Identity { cluster: cluster.into(), node: key, endpoint: endpoint.clone(), key_pair: key_pair(key) };
        let rng = Rng::from_seed(key.id.0);
        let links = Links::start(identity, listener, network, rng, config, services.clone());
        Self { links, services, peer: peer(key, endpoint) }
    }

    pub(super) async fn ready(&self, other: &Node) {
        let ready = soon("a link", self.links.ready(&other.peer)).await;
        assert_eq!(ready, Ok(()), "{} to {}", self.peer.key, other.peer.key);
    }

    pub(super) fn submit(&self, to: &Peer, target: u64, payload: &[u8]) -> Result<Option<PendingReply>, RefusedReason> {
        self.submit_with(to, target, payload, &Given::default(), false)
    }

    pub(super) fn submit_with(
        &self,
        to: &Peer,
        target: u64,
        payload: &[u8],
        given: &Given,
        one_way: bool,
    ) -> Result<Option<PendingReply>, RefusedReason> {
        let mut put_args = |out: &mut Vec<u8>| {
            out.extend_from_slice(payload);
            Ok(())
        };
        self.links.submit(to.key, given.call(target, &mut put_args, one_way))
    }

    /// Submits over a link that is up.
    pub(super) fn start(&self, to: &Node, target: u64, payload: &[u8]) -> PendingReply {
        self.submit(&to.peer, target, payload).expect("it was refused").expect("the link is not up")
    }

    pub(super) async fn call(&self, to: &Node, target: u64, payload: &[u8]) -> RawAnswer {
        soon("an answer", self.start(to, target, payload)).await
    }
}

/// Two nodes with a link that the first has dialled.
pub(super) async fn tcp_pair(config: LinkConfig) -> (Node, Node) {
    let (a, b) = (Node::tcp(key(1, 1), config.clone()).await, Node::tcp(key(2, 1), config).await);
    a.ready(&b).await;
    both_up(&a, &b).await;
    (a, b)
}

pub(super) async fn both_up(a: &Node, b: &Node) {
    until("both sides to be up", || a.links.is_up(b.peer.key) && b.links.is_up(a.peer.key)).await;
}

/// What comes within a generous time.
pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}

/// Waits for a fact that nobody announces.
pub(super) async fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}");
        // tidy: sleep: it looks again and again, for a fact of another task that nobody announces
        sleep(Duration::from_millis(1)).await;
    }
}

pub(super) fn value(answer: RawAnswer) -> Bytes {
    match answer {
        RawAnswer::Value(value) => Bytes::copy_from_slice(&value),
        other => panic!("a value was expected: {other:?}"),
    }
}

pub(super) fn failure(answer: RawAnswer) -> Failure {
    match answer {
        RawAnswer::Failed(failure) => failure,
        other => panic!("a failure was expected: {other:?}"),
    }
}
