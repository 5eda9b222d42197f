//! The trait, and the data that goes through it.

use std::{fmt::Debug, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::BoxStream};

use super::{KeyValue, LeaseId, RegistryError, SharedEvent};
use crate::{net::Network, rng::Rng};

/// The result of a registry operation.
pub(crate) type Result<T> = std::result::Result<T, RegistryError>;

/// A way to reach a registry: what `Node::builder().registry(…)` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no registry",
    note = "write `Etcd::new([\"10.0.0.5:2379\"])`, `Embedded::default()` for processes of one machine, or `InProcess::default()` for nodes of one process"
)]
pub trait Registry: Debug + Send + Sync + 'static {
    /// Opens a session. It is returned at once, whether the registry can be reached or not: each operation reports that.
    ///
    /// # Errors
    /// Only for a configuration that can never work, such as a malformed address or an unreadable certificate.
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>>>;

    /// Whether processes on other machines can take part.
    fn spans_machines(&self) -> bool;

    /// An address (`host:port`) at which the registry is reached, if it has one: a node that is not told where to listen
    /// takes the interface that leads there.
    fn reached_at(&self) -> Option<String> {
        None
    }
}

/// What a registry needs from the node that opens it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The name of the cluster.
    pub cluster: String,
    /// Makes every connection and listener.
    pub network: Arc<dyn Network>,
    /// Jitter comes from here.
    pub rng: Rng,
}

/// A session with a registry. Every operation is bounded: it ends within 2 s, or fails as [`RegistryError::Unavailable`].
/// After a failure the next operation tries to connect anew by itself.
///
/// # Cancel safety
/// A dropped operation may or may not have taken effect.
pub trait Session: Debug + Send + Sync + 'static {
    /// Grants a lease. The registry may lengthen `ttl` (etcd counts whole seconds, from 2): use [`Lease::ttl`]. Over 9,000,000,000 s it is
    /// [`RegistryError::Rejected`].
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>>;

    /// Renews a lease for its whole time. [`RegistryError::LeaseNotFound`] if it has expired.
    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease>>;

    /// Ends a lease now and deletes its keys. [`RegistryError::LeaseNotFound`] if it has expired.
    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>>;

    /// Every key that starts with `prefix`, in order of the keys, all as of one revision, however many.
    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>>;

    /// Applies `transaction` atomically: if all of `when` hold, then `then`, else `otherwise`.
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>>;

    /// The changes of keys that start with `prefix`, from revision `from` on (inclusive), in order, none left out.
    /// Returns when the registry has confirmed the watch.
    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>>;

    /// A session with the same registry for a thread where handlers never run: there the node's lease is renewed when its workers are
    /// held up. It is used on that thread only, and must not block it. By default none: then whoever blocks every worker for longer
    /// than the lease loses it.
    fn apart(&self) -> Option<Arc<dyn Session>> {
        None
    }

    /// How often it has connected to whatever serves, or a number that changes with that. What is answered over another connection may be
    /// another state of the registry, restored from a backup, say, and look like a later one: a node takes it for one that was away. By default always 0:
    /// then only a revision that has gone back shows that. A session that wraps another passes it on. A connection that was given up because an operation took
    /// too long counts too: so the view is held, and nobody is elected, for the time of a lease once more than was needed.
    fn connections(&self) -> u64 {
        0
    }

    /// Writes one key; the revision of the write.
    fn put(&self, key: String, value: Bytes, lease: Option<LeaseId>) -> BoxFuture<'_, Result<i64>> {
        let write = Transaction { then: vec![Operation::Put { key, value, lease }], ..Transaction::default() };
        Box::pin(async move { Ok(self.commit(write).await?.revision) })
    }

    /// Deletes one key, which may be absent; the revision after it.
    fn delete(&self, key: String) -> BoxFuture<'_, Result<i64>> {
        let write = Transaction { then: vec![Operation::Delete { key }], ..Transaction::default() };
        Box::pin(async move { Ok(self.commit(write).await?.revision) })
    }
}

/// A granted lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The time it lives without a renewal, as the registry granted it. Count it from when the request was *sent*.
    pub ttl: Duration,
}

/// Keys as of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The revision of the whole store at that moment: watch from `revision + 1`.
    pub revision: i64,
    /// The keys, in order.
    pub entries: Vec<KeyValue>,
}

/// A condition of a [`Transaction`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compare {
    /// The key does not exist.
    Absent(String),
    /// The key was created at this revision (and so is still the same one).
    Created(String, i64),
    /// The key was last written at this revision.
    Modified(String, i64),
}

/// A write within a [`Transaction`]. A key may be written once per transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Writes a key.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
        /// The lease that it shall die with. [`RegistryError::LeaseNotFound`] if that has expired.
        lease: Option<LeaseId>,
    },
    /// Deletes a key, if it is there.
    Delete {
        /// The key.
        key: String,
    },
}

impl Operation {
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// About what it takes in a request, in bytes.
    pub(crate) fn size(&self) -> usize {
        let value = match self {
            Self::Put { value, .. } => value.len(),
            Self::Delete { .. } => 0,
        };
        self.key().len() + value + 32
    }
}

/// A conditional write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transaction {
    /// All of these must hold; none means "always".
    pub when: Vec<Compare>,
    /// Done if they hold.
    pub then: Vec<Operation>,
    /// Done if one does not.
    pub otherwise: Vec<Operation>,
}

/// What a [`Transaction`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionOutcome {
    /// Whether all conditions held.
    pub succeeded: bool,
    /// The revision of the store afterwards (the revision of the write, if there was one).
    pub revision: i64,
}

/// What a watch yields. After [`Compacted`](WatchItem::Compacted) or an error the stream ends: list, and watch anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchItem {
    /// Changes of one or more revisions, in order. `revision` is the store's, and never goes back within one watch.
    Events {
        /// The store's revision as the registry reported it.
        revision: i64,
        /// The changes, oldest first; may be empty (a progress notice).
        events: Vec<SharedEvent>,
    },
    /// The wanted revisions are gone.
    Compacted {
        /// The oldest revision that can still be watched from.
        revision: i64,
    },
}

/// A running watch. Dropping it ends it.
pub type Watch = BoxStream<'static, Result<WatchItem>>;
