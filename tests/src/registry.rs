//! Sessions with a registry, and waiting for what they show.

use std::sync::Arc;

use ember_runtime::{
    net::OsNetwork,
    registry::{Context, KeyValue, Registry, RegistryError, Session, Watch, WatchItem},
    rng::Rng,
};
use futures_util::StreamExt;

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
