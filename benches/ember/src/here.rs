//! Services in this process.

use std::sync::OnceLock;

use ember::{
    hooks::{CallHooks, HandlerHooks},
    prelude::*,
    registry::InProcess,
};
use harness::{Args, Local, Service};

use crate::{
    cluster::fill,
    service::{Counter, CounterClient},
};

static NODE: OnceLock<Node> = OnceLock::new();

fn node() -> &'static Node {
    NODE.get().expect("`prepare` started it")
}

async fn start_node(builder: NodeBuilder) {
    let node = builder.start().await.expect("a node");
    NODE.set(node).expect("one node in this process");
}

/// A service that the node had from its start, found by its type.
#[derive(Clone)]
pub(crate) struct Client(CounterClient);

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.rpc_sum(a, b).await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.0.rpc_sum_later(a, b).await.expect("an answer")
    }

    fn short_path(&self) -> Option<f64> {
        let instances = node().select::<CounterClient>().instances();
        let counts: Vec<_> = instances.iter().filter_map(|instance| node().call_counts(instance.pid())).collect();
        let short: u64 = counts.iter().map(|counts| counts.short).sum();
        let all = short + counts.iter().map(|counts| counts.queued).sum::<u64>();
        (all > 0).then(|| short as f64 / all as f64)
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            // The mailbox has its default bound, 1024: a full one refuses.
            while self.0.rpc_add(1).send().is_err() {
                tokio::task::yield_now().await;
            }
        }
        loop {
            if let Ok(handled) = self.0.rpc_take().await {
                return handled;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Watches, and does nothing.
struct Watching;

impl CallHooks for Watching {}

impl HandlerHooks for Watching {}

impl Local for Client {
    async fn prepare(args: &Args) {
        // Without further nodes there is no registry either, as in a program of one process.
        let alone = (0..args.instances).fold(Node::builder(), |node, _| node.service(Counter::default()));
        let alone = (0..args.hooks).fold(alone, |node, _| node.call_hooks(Watching).handler_hooks(Watching));
        if args.nodes == 0 {
            start_node(alone).await;
        } else {
            let registry = InProcess::default();
            fill(|| Node::builder().registry(registry.clone()), args.nodes).await;
            start_node(alone.registry(registry)).await;
            node().wait_for_view(|view| view.nodes().len() > args.nodes).await;
        }
        for _ in 0..args.services {
            node().spawn(Counter::default()).await.expect("one service more");
        }
    }

    async fn start(args: &Args) -> Self {
        if args.variant == "pid" {
            let pid = node().spawn(Counter::default()).await.expect("a service");
            return Self(node().select::<CounterClient>().pid(pid).client());
        }
        Self(node().client::<CounterClient>())
    }
}

/// A service started at run time: known by its pid, so that nothing but the service is held while it is idle.
#[derive(Clone)]
pub(crate) struct Spawned(Pid);

impl Service for Spawned {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        node().select::<CounterClient>().pid(self.0).client().rpc_sum(a, b).await.expect("an answer")
    }
}

impl Local for Spawned {
    async fn prepare(_: &Args) {
        start_node(Node::builder()).await;
    }

    async fn start(_: &Args) -> Self {
        Self(node().spawn(Counter::default()).await.expect("a service"))
    }
}
