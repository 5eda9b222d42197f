//! The conformance suite of the registry trait: against the embedded registry, and against the etcd that `cargo xtask test`
//! starts.

use std::{env, sync::Arc};

use ember_runtime::registry::{Embedded, Etcd, conformance};
use ember_tests::{
    embedded_node::{EmbeddedNode, private_folder},
    registry::{compact, open_ready},
};
use futures_util::FutureExt;

async fn conforms(name: &str, session: Arc<dyn ember_runtime::registry::Session>, endpoint: String) {
    let compact = move |revision| {
        let endpoint = endpoint.clone();
        async move { compact(&endpoint, revision).await }.boxed()
    };
    conformance::run(name, session, &compact).await;
}

#[tokio::test]
async fn embedded_conforms() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    conforms("embedded", open_ready(&registry).await, registry.endpoint("test").unwrap()).await;
}

// What the serving process reads does not go over the socket; what others read does.
#[tokio::test]
async fn embedded_conforms_where_another_process_serves() {
    let folder = private_folder();
    let mut host = EmbeddedNode::start(env!("CARGO_BIN_EXE_embedded-node"), folder.path());
    host.ready();
    let registry = Embedded::at(folder.path());
    conforms("embedded elsewhere", open_ready(&registry).await, registry.endpoint("test").unwrap()).await;
}

#[tokio::test]
async fn etcd_conforms() {
    let endpoint =
        env::var("EMBER_TEST_ETCD").expect("EMBER_TEST_ETCD is not set: run `cargo xtask test`, which starts one");
    conforms("etcd", open_ready(&Etcd::new([endpoint.clone()])).await, endpoint).await;
}
