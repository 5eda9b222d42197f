//! A registry that counts what is written to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ember_runtime::registry::{
    Context, InProcess, Lease, LeaseId, Registry, RegistryError, Session, Snapshot, Transaction, TransactionOutcome,
    Watch,
};
use futures_util::future::BoxFuture;

/// An in-process registry that counts.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    inner: InProcess,
    writes: Arc<AtomicUsize>,
}

impl Counting {
    /// How many transactions there were: puts and deletions are such.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

impl Registry for Counting {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
        Box::pin(async move {
            let inner = self.inner.open(context).await?;
            Ok(Arc::new(CountingSession { inner, writes: Arc::clone(&self.writes) }) as _)
        })
    }

    fn spans_machines(&self) -> bool {
        self.inner.spans_machines()
    }
}

#[derive(Debug)]
struct CountingSession {
    inner: Arc<dyn Session>,
    writes: Arc<AtomicUsize>,
}

impl Session for CountingSession {
    fn grant(&self, ttl: std::time::Duration) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        self.inner.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        self.inner.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), RegistryError>> {
        self.inner.revoke(lease)
    }

    fn connections(&self) -> u64 {
        self.inner.connections()
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot, RegistryError>> {
        self.inner.list(prefix)
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome, RegistryError>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.commit(transaction)
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch, RegistryError>> {
        self.inner.watch(prefix, from)
    }
}
