//! What the curves of growth need: registries that count what is asked of them, and many nodes in the view.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ember::{
    prelude::*,
    registry::{
        Context, Lease, LeaseId, Registry, RegistryError, Session, Snapshot, Transaction, TransactionOutcome, Watch,
    },
};
use futures_util::{StreamExt, future::BoxFuture};
use harness::registry_operation;

/// A registry whose operations and notices are counted.
#[derive(Debug)]
pub(crate) struct Counted<R>(pub(crate) R);

impl<R: Registry> Registry for Counted<R> {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
        Box::pin(async move {
            let session = self.0.open(context).await?;
            Ok(Arc::new(CountedSession(session)) as Arc<dyn Session>)
        })
    }

    fn spans_machines(&self) -> bool {
        self.0.spans_machines()
    }

    fn reached_at(&self) -> Option<String> {
        self.0.reached_at()
    }
}

#[derive(Debug)]
struct CountedSession(Arc<dyn Session>);

impl Session for CountedSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        registry_operation();
        self.0.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        registry_operation();
        self.0.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), RegistryError>> {
        registry_operation();
        self.0.revoke(lease)
    }

    fn connections(&self) -> u64 {
        self.0.connections()
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot, RegistryError>> {
        registry_operation();
        self.0.list(prefix)
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome, RegistryError>> {
        registry_operation();
        self.0.commit(transaction)
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch, RegistryError>> {
        registry_operation();
        Box::pin(async move {
            let watch = self.0.watch(prefix, from).await?;
            Ok(watch.inspect(|_| registry_operation()).boxed())
        })
    }

    fn put(&self, key: String, value: Bytes, lease: Option<LeaseId>) -> BoxFuture<'_, Result<i64, RegistryError>> {
        registry_operation();
        self.0.put(key, value, lease)
    }

    fn delete(&self, key: String) -> BoxFuture<'_, Result<i64, RegistryError>> {
        registry_operation();
        self.0.delete(key)
    }
}

/// What the other nodes of the view host.
#[service]
#[derive(Debug, Default)]
pub(crate) struct Bystander;

#[rpc]
impl Bystander {
    /// Makes it a service of the cluster.
    pub(crate) async fn rpc_nothing(&mut self) {}
}

/// Longer than any run.
const LEASE: Duration = Duration::from_secs(3600);

/// Writes `n` nodes with a service each into a registry, and lets them die: they stay in everybody's view until their lease ends, and
/// cost nothing else meanwhile.
pub(crate) async fn fill(builder: impl Fn() -> NodeBuilder, n: usize) {
    for _ in 0..n {
        drop(builder().lease(LEASE).service(Bystander).start().await.expect("a node"));
    }
}
