//! The service in another process, found through the embedded registry.

use std::time::Duration;

use bytes::Bytes;
use ember::{CallError, RefusedReason, View, prelude::*};
use harness::{Args, Remote, Service};

use crate::{
    cluster::{Counted, fill},
    service::{Counter, CounterClient},
};

#[derive(Clone)]
pub(crate) struct Client {
    counter: CounterClient,
    /// Nodes live as long as somebody holds them.
    _node: Node,
    vec: bool,
    flood: bool,
}

/// Nobody tells a sender that a mailbox elsewhere was full. So it has at most two windows on their way, which the mailbox
/// (1024 by default) can hold.
const WINDOW: u64 = 500;

impl Client {
    async fn take(&self) -> u64 {
        self.counter.rpc_take().await.expect("an answer")
    }

    async fn add(&self) {
        while self.counter.rpc_add(1).send().is_err() {
            tokio::task::yield_now().await; // the link is full
        }
    }

    /// As fast as the link takes them; what the mailbox refuses is lost.
    async fn flood(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.add().await;
        }
        loop {
            if let Ok(handled) = self.counter.rpc_take().await {
                return handled;
            }
        }
    }
}

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.counter.rpc_sum(a, b).await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.counter.rpc_sum_later(a, b).await.expect("an answer")
    }

    async fn echo(&self, body: Bytes) -> Bytes {
        loop {
            let answer = if self.vec {
                self.counter.rpc_echo_vec(body.to_vec()).await.map(Bytes::from)
            } else {
                self.counter.rpc_echo(body.clone()).await
            };
            match answer {
                // 16 MiB wait for one peer at most.
                Err(CallError::NotExecuted(why)) if matches!(why.reason(), RefusedReason::LinkFull { .. }) => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                answer => return answer.expect("an answer"),
            }
        }
    }

    async fn send(&self, n: u64) -> u64 {
        if self.flood {
            return self.flood(n).await;
        }
        let (mut left, mut handled) = (n, 0);
        let mut before: Option<tokio::task::JoinHandle<u64>> = None;
        while left > 0 {
            let window = left.min(WINDOW);
            for _ in 0..window {
                self.add().await;
            }
            left -= window;
            let client = self.clone();
            let this = tokio::spawn(async move { client.take().await });
            if let Some(before) = before.replace(this) {
                handled += before.await.expect("a count");
            }
        }
        match before {
            Some(last) => handled + last.await.expect("a count"),
            None => handled,
        }
    }
}

fn node(args: &Args) -> NodeBuilder {
    let shared = args.server.as_deref().expect("a folder that both processes know");
    let folder = shared.join("registry"); // made by the registry, closed to others
    Node::builder().cluster("bench").registry(Counted(Embedded::at(folder)))
}

impl Remote for Client {
    async fn serve(args: Args) {
        let me = (0..args.instances).fold(node(&args), |node, _| node.service(Counter::default()));
        let me = me.start().await.expect("a node");
        fill(|| node(&args), args.nodes).await;
        for _ in 0..args.services {
            me.spawn(Counter::default()).await.expect("one service more");
        }
        harness::announce(me.endpoint());
        std::future::pending().await
    }

    async fn connect(args: Args, _: String) -> Self {
        let node = node(&args).start().await.expect("a node");
        let all = |view: &View| view.nodes().len() > args.nodes + 1 && view.instances().len() >= args.instances;
        node.wait_for_view(all).await;
        let (vec, flood) = (args.variant == "Vec<u8>", args.variant == "flood");
        Self { counter: node.client::<CounterClient>(), _node: node, vec, flood }
    }
}
