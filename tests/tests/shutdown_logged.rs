//! An orderly shutdown is nothing to warn of: the log says nothing of one.

use ember::{
    prelude::*,
    registry::{Embedded, Etcd},
};
use ember_tests::{
    embedded_node::private_folder, etcd_process::EtcdProcess, logged::Logged, registry::open_ready, wait::within,
};

/// Is registered.
#[service(name = "leaf")]
#[derive(Default)]
struct Leaf;

#[rpc]
impl Leaf {
    /// Answers.
    pub(crate) async fn rpc_ping(&mut self) -> u32 {
        7
    }
}

/// Two nodes start, call each other, and end: first the one, then the other; several times, for what comes about now and then.
async fn come_and_go(registry: impl Fn() -> Box<dyn Fn(NodeBuilder) -> NodeBuilder>) {
    let logged = Logged::here();
    for _ in 0..5 {
        let build = |name: &str| registry()(Node::builder().name(name)).service(Leaf);
        let (a, b) = (build("a").start().await.unwrap(), build("b").start().await.unwrap());
        for (node, other) in [(&a, &b), (&b, &a)] {
            within("both", node.wait_for_view(|view| view.instances().len() == 2)).await;
            assert_eq!(node.select::<LeafClient>().node(other.key().id).client().rpc_ping().await.unwrap(), 7);
        }
        a.shutdown().await.unwrap();
        within("it to be alone", b.wait_for_view(|view| view.nodes().len() == 1)).await;
        b.shutdown().await.unwrap();
        assert_eq!(logged.lines(), [] as [String; 0]);
    }
}

#[tokio::test]
async fn an_orderly_shutdown_with_the_embedded_registry_logs_no_warning() {
    let folder = private_folder();
    let at = folder.path().to_owned();
    come_and_go(|| {
        let registry = Embedded::at(&at);
        Box::new(move |node| node.registry(registry.clone()))
    })
    .await;
}

#[tokio::test]
async fn an_orderly_shutdown_with_etcd_logs_no_warning() {
    let etcd = EtcdProcess::start();
    open_ready(&Etcd::new([etcd.address()])).await;
    come_and_go(|| {
        let registry = Etcd::new([etcd.address()]);
        Box::new(move |node| node.registry(registry.clone()))
    })
    .await;
}
