//! Sessions with a registry, and waiting for what they show.

use std::sync::Arc;

use ember_runtime::{
    net::OsNetwork,
    registry::{Context, KeyValue, Registry, RegistryError, Session, Watch, WatchItem},
    rng::Rng,
};
use etcd_client::{Channel, Client};
use futures_util::StreamExt;
use tonic::transport::Endpoint;

use crate::wait::{eventually, within};

/// What a node of `cluster` would hand to its registry.
pub fn context(cluster: &str) -> Context {
    Context { cluster: cluster.into(), network: Arc::new(OsNetwork), rng: Rng::from_entropy() }
}

/// A session of a node of the cluster `test`.
///
/// # Panics
/// If the configuration is refused.
pub async fn open(registry: &impl Registry) -> Arc<dyn Session> {
    registry.open(context("test")).await.expect("a usable configuration")
}

/// As [`open`], once the registry answers.
pub async fn open_ready(registry: &impl Registry) -> Arc<dyn Session> {
    let session = open(registry).await;
    eventually("the registry to answer", async || session.list(String::new()).await.ok()).await;
    session
}

/// Waits until `key` has `value`.
pub async fn await_value(session: &dyn Session, key: &str, value: &str) -> KeyValue {
    eventually(&format!("`{key}` to be `{value}`"), async || {
        let entries = session.list(key.into()).await.ok()?.entries;
        entries.into_iter().find(|entry| entry.key == key && entry.value == value)
    })
    .await
}

/// Whether the registry was away, or did not answer in time.
pub fn is_unavailable<T>(outcome: &Result<T, RegistryError>) -> bool {
    matches!(outcome, Err(RegistryError::Unavailable(_)))
}

/// The next item of a watch.
pub async fn next(watch: &mut Watch) -> Result<WatchItem, RegistryError> {
    within("an item of the watch", watch.next()).await.expect("a watch to end with an item that says why")
}

/// The public client of etcd on `endpoint`: `host:port`, or `unix:///…` as [`Embedded::endpoint`] gives it.
///
/// [`Embedded::endpoint`]: ember_runtime::registry::Embedded::endpoint
///
/// # Panics
/// If it cannot connect.
pub async fn etcd_client(endpoint: &str) -> Client {
    let uri = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
    let channel = Endpoint::from_shared(uri).expect("an endpoint").connect().await.expect("somebody to listen there");
    Client::from_channel(Channel::Tonic(channel), None).await.expect("a client without a user")
}

/// Has the registry at `endpoint` forget what was before `revision`.
///
/// # Panics
/// If it refuses.
pub async fn compact(endpoint: &str, revision: i64) {
    etcd_client(endpoint).await.compact(revision, None).await.expect("a compaction");
}
