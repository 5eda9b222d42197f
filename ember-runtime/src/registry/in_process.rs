//! The registry of a single process: the store, used directly.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::task::coop::consume_budget;

use super::{
    Compare, Context, Event, KeyValue, Lease, LeaseId, Operation, Registry, RegistryError, Session, Snapshot,
    Transaction, TransactionOutcome, Watch, WatchItem,
    api::Result,
    store::{At, Change, Condition, Field, Gone, KeyRange, Op, Query, Record, Relation, Store, Txn, Watcher, size},
};

/// A registry within this process: no network, nothing on disk, no other process can take part.
///
/// Clones are the same registry, so several nodes of one process form a cluster when each is given a clone. Two
/// [`InProcess::default`] know nothing of each other.
///
/// Limits, where etcd has the same by default: 128 conditions and 128 operations in a transaction, 1.5 MiB in one as it would
/// be sent to etcd. All keys and values together may take 256 MiB. Watches can start at most 10,000 changes or 16 MiB of
/// changes, and of what is told of them, in the past. A lease lives exactly as long as was asked for, however short: etcd grants whole seconds, and at least 2.
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
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>>> {
        let (store, apart) = (self.store.clone(), context.network.works_anywhere());
        let session: Arc<dyn Session> = Arc::new(InProcessSession { store, apart });
        async { Ok(session) }.boxed()
    }

    fn spans_machines(&self) -> bool {
        false
    }
}

/// A session with a store that this process has.
#[cfg(all(unix, feature = "embedded"))]
pub(super) fn session(store: Store) -> impl Session {
    InProcessSession { store, apart: true }
}

#[derive(Debug)]
struct InProcessSession {
    store: Store,
    /// In a simulation everything stays where it is.
    apart: bool,
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

    fn apart(&self) -> Option<Arc<dyn Session>> {
        self.apart.then(|| Arc::new(Self { store: self.store.clone(), apart: true }) as _)
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        let found = self.run(move |store| {
            let At { revision, value: found } = store.range(&Query::new(KeyRange::prefix(prefix)))?;
            Ok(Snapshot { revision, entries: found.records.iter().filter_map(|record| key_value(record)).collect() })
        });
        async {
            let found = found.await?;
            // One that is served is kept in a file: what is not there yet may not be told.
            self.store.settled().await?;
            Ok(found)
        }
        .boxed()
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        self.run(move |store| {
            size::check(encoded_len(&transaction))?;
            let At { revision, value: done } = store.commit(&txn(transaction))?;
            Ok(TransactionOutcome { succeeded: done.succeeded, revision })
        })
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        self.run(move |store| {
            // Etcd's sessions do the same.
            let (from, current) = (from.max(1), store.revision());
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
    Some(match watcher.next_as(|change| change.told(event)).await {
        Ok(At { revision, value: events }) => (Ok(WatchItem::Events { revision, events }), Some(watcher)),
        Err(Gone { oldest }) => (Ok(WatchItem::Compacted { revision: oldest }), None),
    })
}

fn event(change: &Change) -> Option<Event> {
    match &change.now {
        Some(record) => key_value(record).map(Event::Put),
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

/// How many bytes etcd would be sent.
fn encoded_len(transaction: &Transaction) -> usize {
    let Transaction { when, then, otherwise } = transaction;
    let text = |text: &str| if text.is_empty() { 0 } else { size::field(text.len()) };
    let number = |number: i64| 1 + size::varint(number.cast_unsigned());
    let conditions = when.iter().map(|compare| {
        let (Compare::Absent(key) | Compare::Created(key, _) | Compare::Modified(key, _)) = compare;
        let revision = match compare {
            Compare::Absent(_) => 0,
            Compare::Created(_, revision) | Compare::Modified(_, revision) => *revision,
        };
        // What is compared is a number of its own.
        size::field(number(1) + text(key) + number(revision))
    });
    let operations = then.iter().chain(otherwise).map(|operation| {
        let request = match operation {
            Operation::Put { key, value, lease } => {
                let value = if value.is_empty() { 0 } else { size::field(value.len()) };
                text(key) + value + lease.filter(|lease| *lease != 0).map_or(0, number)
            }
            Operation::Delete { key } => text(key),
        };
        size::field(size::field(request))
    });
    conditions.chain(operations).sum()
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

    #[tokio::test(start_paused = true)]
    async fn all_who_watch_are_told_the_same_event_of_which_something_is_made_once() {
        let session = InProcessSession { store: InProcess::default().store, apart: false };
        let revision = session.put("e/1".into(), "1".into(), None).await.unwrap();
        let mut heard = Vec::new();
        for _ in 0..3 {
            let item = session.watch("e/".into(), revision).await.unwrap().next().await.unwrap().unwrap();
            let WatchItem::Events { events, .. } = item else { panic!("{item:?}") };
            heard.extend(events);
        }
        for (number, event) in heard.iter().enumerate() {
            assert!(matches!(&**event, Event::Put(entry) if entry.key == "e/1" && entry.value == "1"), "{event:?}");
            assert_eq!(event.made(|_| number), Some(&0), "made by the first of them");
            assert_eq!(event.made(|_| "of another type"), None);
        }
        assert_eq!(heard.len(), 3);
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn a_transaction_counts_as_many_bytes_as_etcd_would_be_sent() {
        use prost::Message;

        use crate::registry::protocol::{
            self, DeleteRangeRequest, PutRequest, RequestOp, TxnRequest, compare::Given, request_op::Request,
        };

        let rng = Rng::from_seed(4);
        for _ in 0..200 {
            let text = |most| "x".repeat(rng.below(most));
            let number = || rng.u64().cast_signed() >> rng.below(64);
            let (mut ours, mut sent) = (Transaction::default(), TxnRequest::default());
            for _ in 0..rng.below(4) {
                let (key, revision) = (text(200), number());
                let (target, union) = match rng.below(2) {
                    0 => (1, Given::CreateRevision(revision)),
                    _ => (2, Given::ModRevision(revision)),
                };
                sent.compare.push(protocol::Compare {
                    target,
                    key: key.clone().into(),
                    given: Some(union),
                    ..protocol::Compare::default()
                });
                ours.when.push(if target == 1 {
                    Compare::Created(key, revision)
                } else {
                    Compare::Modified(key, revision)
                });
            }
            for _ in 0..rng.below(5) {
                let (key, value, lease) = (text(200), text(30_000), number());
                let request = if rng.below(2) == 0 {
                    ours.then.push(Operation::Delete { key: key.clone() });
                    Request::DeleteRange(DeleteRangeRequest { key: key.into(), ..DeleteRangeRequest::default() })
                } else {
                    ours.then.push(Operation::Put {
                        key: key.clone(),
                        value: value.clone().into(),
                        lease: Some(lease),
                    });
                    let put = PutRequest { key: key.into(), value: value.into(), lease, ..PutRequest::default() };
                    Request::Put(put)
                };
                sent.success.push(RequestOp { request: Some(request) });
            }
            assert_eq!(encoded_len(&ours), sent.encoded_len(), "{sent:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_etcd_refuses_is_refused() {
        let registry = InProcess::default();
        let session = InProcessSession { store: registry.store.clone(), apart: false };
        let put = |key: &str, bytes: usize| session.put(key.into(), vec![0; bytes].into(), None);
        // Within a transaction it is a little less than alone, as for etcd.
        put("e/1", 1_572_800).await.unwrap();
        for refused in [put("e/1", 1_572_850).await, put("", 1).await] {
            assert!(matches!(refused, Err(RegistryError::Rejected(_))), "{refused:?}");
        }
        let when = vec![Compare::Absent(String::new())];
        let refused = session.commit(Transaction { when, ..Transaction::default() }).await;
        assert!(matches!(refused, Err(RegistryError::Rejected(_))), "{refused:?}");
        let mut watch = session.watch("e/".into(), -5).await.unwrap();
        assert!(matches!(watch.next().await, Some(Ok(WatchItem::Events { .. }))), "from the first revision on");
    }
}
