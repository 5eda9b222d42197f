//! Many nodes in one process, and many services on one node: what their registration costs.

use ember::{View, prelude::*, registry::InProcess};
use harness::{Args, Once};

use crate::cluster::Bystander;

/// Nodes with a registered service each, on one registry, started at the same time.
pub(crate) struct Nodes {
    registry: InProcess,
    wanted: usize,
    nodes: Vec<Node>,
}

impl Once for Nodes {
    async fn prepare(args: &Args) -> Self {
        Self { registry: InProcess::default(), wanted: args.nodes, nodes: Vec::with_capacity(args.nodes) }
    }

    async fn work(&mut self) -> usize {
        let start = |registry| async { Node::builder().registry(registry).service(Bystander).start().await };
        let starting: Vec<_> = (0..self.wanted).map(|_| tokio::spawn(start(self.registry.clone()))).collect();
        for node in starting {
            self.nodes.push(node.await.expect("no panic").expect("a node"));
        }
        self.wanted
    }

    async fn settle(&mut self) {
        for node in &self.nodes {
            let all = |view: &View| view.nodes().len() == self.wanted && view.instances().len() == self.wanted;
            node.wait_for_view(all).await;
        }
    }
}

/// Services that are spawned and registered on one node, in turn, and seen by another.
pub(crate) struct Registered {
    node: Node,
    other: Node,
    wanted: usize,
}

impl Once for Registered {
    async fn prepare(args: &Args) -> Self {
        let registry = InProcess::default();
        let start = async || Node::builder().registry(registry.clone()).start().await.expect("a node");
        let (node, other) = (start().await, start().await);
        Self { node, other, wanted: args.services }
    }

    async fn work(&mut self) -> usize {
        for _ in 0..self.wanted {
            self.node.spawn(Hosted::new(Bystander).register()).await.expect("a service");
        }
        self.other.wait_for_view(|view| view.instances().len() == self.wanted).await;
        self.wanted
    }
}
