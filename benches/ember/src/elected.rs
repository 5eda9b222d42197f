//! A service whose master is elected, in this process, with a registry whose lease counts.

use std::sync::OnceLock;

use ember::{prelude::*, registry::InProcess};
use harness::{Args, Local, Service};

static NODE: OnceLock<Node> = OnceLock::new();

/// As `Counter`, but for its election.
#[service(elected)]
#[derive(Debug, Default)]
struct Chosen;

#[rpc]
impl Chosen {
    pub(crate) async fn rpc_sum(&mut self, a: i64, b: i64) -> i64 {
        a + b
    }
}

/// A client of the master.
#[derive(Clone)]
pub(crate) struct Client(ChosenClient);

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.rpc_sum(a, b).await.expect("an answer")
    }
}

impl Local for Client {
    async fn prepare(_: &Args) {
        let node = Node::builder().registry(InProcess::default()).service(Chosen).start().await.expect("a node");
        NODE.set(node).expect("one node in this process");
    }

    async fn start(_: &Args) -> Self {
        let client = NODE.get().expect("`prepare` started it").client::<ChosenClient>();
        client.rpc_sum(1, 2).await.expect("a master");
        Self(client)
    }
}
