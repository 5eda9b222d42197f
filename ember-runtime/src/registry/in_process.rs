//! The registry of a single process: the store, used directly.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::task::coop::consume_budget;

use super::{
    Compare, Context, Event, KeyValue, Lease, LeaseId, Operation, Registry, RegistryError, Session, Snapshot,
    Transaction, TransactionOutcome, Watch, WatchItem,
    api::Result,
    store::{At, Change, Condition, Field, Gone, KeyRange, Op, Query, Record, Relation, Store, Txn, Watcher},
};

/// A registry within this process: no network, nothing on disk, no other process can take part.
///
/// Clones are the same registry, so several nodes of one process form a cluster when each is given a clone. Two
/// [`InProcess::default`] know nothing of each other.
///
/// Limits, where etcd has the same by default: 128 conditions and 128 operations in a transaction, 1.5 MiB of keys and
/// values in one. All keys and values together may take 256 MiB. Watches can start at most 10,000 changes or 16 MiB of
/// changes in the past.
#[derive(Debug, Clone)]
pub struct InProcess {
    store: Store,
}

impl Default for InProcess {
    fn default() -> Self {
        Self { store: Store::new(0) }
    }
}

impl InProcess {
    /// Forgets the history before `revision`, as administrators have etcd do: watches from before it yield
    /// [`WatchItem::Compacted`]. For tests; the history is bounded anyway.
    ///
    /// # Errors
    /// [`RegistryError::Rejected`] if it is forgotten already, [`RegistryError::FutureRevision`] if it is not reached.
    pub fn compact(&self, revision: i64) -> Result<()> {
        self.store.compact(revision)?;
        Ok(())
    }
}

impl Registry for InProcess {
    fn open(&self, _: Context) -> BoxFuture<'_, Result<Arc<dyn Session>>> {
        let session: Arc<dyn Session> = Arc::new(InProcessSession { store: self.store.clone() });
        async { Ok(session) }.boxed()
    }

    fn spans_machines(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct InProcessSession {
    store: Store,
}

impl InProcessSession {
    /// The store answers at once; without this, a task that writes in a loop would let no watcher run.
    fn run<'a, T: Send>(&'a self, work: impl FnOnce(&'a Store) -> Result<T> + Send + 'a) -> BoxFuture<'a, Result<T>> {
        async {
            consume_budget().await;
            work(&self.store)
        }
        .boxed()
    }
}

impl Session for InProcessSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>> {
        self.run(move |store| Ok(Lease { id: store.grant(None, ttl)?.value, ttl }))
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        self.run(move |store| Ok(Lease { id: lease, ttl: store.keep_alive(lease)?.value }))
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.run(move |store| {
            store.revoke(lease)?;
            Ok(())
        })
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        self.run(move |store| {
            let At { revision, value: found } = store.range(&Query::new(KeyRange::prefix(prefix)))?;
            Ok(Snapshot { revision, entries: found.records.iter().filter_map(|record| key_value(record)).collect() })
        })
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        self.run(move |store| {
            let At { revision, value: done } = store.commit(&txn(transaction))?;
            Ok(TransactionOutcome { succeeded: done.succeeded, revision })
        })
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        self.run(move |store| {
            let current = store.revision();
            if from > current + 1 {
                return Err(RegistryError::FutureRevision { wanted: from, current });
            }
            let watcher = store.watch(KeyRange::prefix(prefix), from);
            Ok(stream::unfold(Some(watcher), next).boxed())
        })
    }
}

async fn next(watcher: Option<Watcher>) -> Option<(Result<WatchItem>, Option<Watcher>)> {
    let mut watcher = watcher?;
    consume_budget().await;
    Some(match watcher.next().await {
        Ok(At { revision, value: changes }) => {
            (Ok(WatchItem::Events { revision, events: changes.into_iter().filter_map(event).collect() }), Some(watcher))
        }
        Err(Gone { oldest }) => (Ok(WatchItem::Compacted { revision: oldest }), None),
    })
}

fn event(change: Change) -> Option<Event> {
    match change.now {
        Some(record) => key_value(&record).map(Event::Put),
        None => Some(Event::Delete { key: text(&change.key)?, revision: change.revision }),
    }
}

fn key_value(record: &Record) -> Option<KeyValue> {
    Some(KeyValue {
        key: text(&record.key)?,
        value: record.value.clone(),
        created: record.created,
        modified: record.modified,
        lease: (record.lease != 0).then_some(record.lease),
    })
}

/// Through this session every key is text; only another door to the same store could have written one that is not.
fn text(key: &Bytes) -> Option<String> {
    String::from_utf8(key.to_vec()).ok()
}

fn txn(transaction: Transaction) -> Txn {
    let Transaction { when, then, otherwise } = transaction;
    let ops = |operations: Vec<Operation>| operations.into_iter().map(op).collect();
    Txn { when: when.into_iter().map(condition).collect(), then: ops(then), otherwise: ops(otherwise) }
}

fn condition(compare: Compare) -> Condition {
    let (key, field) = match compare {
        Compare::Absent(key) => (key, Field::Created(0)),
        Compare::Created(key, revision) => (key, Field::Created(revision)),
        Compare::Modified(key, revision) => (key, Field::Modified(revision)),
    };
    Condition { range: KeyRange::single(key), field, relation: Relation::Equal }
}

fn op(operation: Operation) -> Op {
    match operation {
        Operation::Put { key, value, lease } => {
            Op::Put { key: key.into(), value: Some(value), lease: Some(lease.unwrap_or(0)) }
        }
        Operation::Delete { key } => Op::Delete(KeyRange::single(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{net::OsNetwork, registry::conformance, rng::Rng};

    #[tokio::test(start_paused = true)]
    async fn passes_the_conformance_suite() {
        let registry = InProcess::default();
        let context = Context { cluster: "test".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
        let session = registry.open(context).await.unwrap();
        conformance::run("in-process", session, &move |revision| {
            let compacted = registry.compact(revision);
            async { compacted.unwrap() }.boxed()
        })
        .await;
    }
}
