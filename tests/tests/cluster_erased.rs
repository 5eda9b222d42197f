//! A node whose entry in the registry is deleted by somebody else writes it again.

use std::sync::Arc;

use ember::{
    net::OsNetwork,
    prelude::*,
    registry::{Context, InProcess, Registry, Session},
};
use ember_runtime::rng::Rng;
use ember_tests::wait::within;

/// Answers.
#[service]
#[derive(Default)]
struct Provider;

#[rpc]
impl Provider {
    /// Answers.
    pub(crate) async fn rpc_ping(&mut self) -> u32 {
        7
    }
}

async fn session(registry: &InProcess) -> Arc<dyn Session> {
    let context = Context { cluster: "default".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
    registry.open(context).await.expect("the in-process registry opens")
}

#[tokio::test]
async fn an_entry_deleted_by_hand_is_written_again() {
    let registry = InProcess::default();
    let node = Node::builder().name("one").registry(registry.clone()).service(Provider).start().await.unwrap();
    let session = session(&registry).await;
    let before = session.list("/ember/default/".into()).await.unwrap().entries;
    assert_eq!(before.len(), 2, "a node and a service: {before:?}");
    for entry in &before {
        session.delete(entry.key.clone()).await.unwrap();
    }
    within("the node to write its entries again", async {
        loop {
            let now = session.list("/ember/default/".into()).await.unwrap();
            if now.entries.len() == 2 {
                break;
            }
            let mut watch = session.watch("/ember/default/".into(), now.revision + 1).await.unwrap();
            futures_util::StreamExt::next(&mut watch).await;
        }
    })
    .await;
    node.shutdown().await.unwrap();
    assert!(session.list("/ember/default/".into()).await.unwrap().entries.is_empty(), "a node that left stays out");
}
