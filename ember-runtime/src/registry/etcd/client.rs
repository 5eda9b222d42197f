//! The crate `etcd-client` as what carries a session's requests.

use bytes::Bytes;
use etcd_client::{
    Client, Compare as EtcdCompare, CompareOp, Event, EventType, GetOptions, KeyValue, KvClient, PutOptions,
    ResponseHeader, Txn, TxnOp, WatchOptions, WatchRequestSender, WatchResponse, WatchResponseStream,
};
use futures_util::{FutureExt, future::BoxFuture};

use crate::registry::{
    LeaseId, RegistryError,
    api::{Compare, Operation, Transaction, TransactionOutcome},
    remote::{Change, Failure, Lookup, MAX_ANSWER, Outcome, Page, Stored, Told, Watching, Wire, no_header},
};

/// A connection that is logged in.
pub(super) struct EtcdWire(pub(super) Client);

impl EtcdWire {
    fn kv(&self) -> KvClient {
        self.0.kv_client().max_decoding_message_size(MAX_ANSWER)
    }
}

impl Wire for EtcdWire {
    fn look_up(&self, wanted: Lookup) -> BoxFuture<'_, Outcome<Page>> {
        let Lookup { range: (from, end), limit, revision } = wanted;
        let options = GetOptions::new().with_range(end).with_limit(limit).with_revision(revision);
        async {
            let mut answer = self.kv().get(from, Some(options)).await?;
            let keys = answer.take_kvs().into_iter().map(stored).collect();
            Ok(Page { revision: self::revision(answer.header())?, keys, more: answer.more() })
        }
        .boxed()
    }

    fn revision(&self, key: Vec<u8>) -> BoxFuture<'_, Outcome<i64>> {
        let read = GetOptions::new().with_count_only().with_limit(1);
        async { self::revision(self.kv().get(key, Some(read)).await?.header()) }.boxed()
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Outcome<TransactionOutcome>> {
        let Transaction { when, then, otherwise } = transaction;
        let transaction = Txn::new()
            .when(when.into_iter().map(condition).collect::<Vec<_>>())
            .and_then(then.into_iter().map(write).collect::<Vec<_>>())
            .or_else(otherwise.into_iter().map(write).collect::<Vec<_>>());
        async {
            let answer = self.kv().txn(transaction).await?;
            Ok(TransactionOutcome { succeeded: answer.succeeded(), revision: self::revision(answer.header())? })
        }
        .boxed()
    }

    fn grant(&self, seconds: i64) -> BoxFuture<'_, Outcome<(LeaseId, i64)>> {
        async move {
            let answer = self.0.lease_client().grant(seconds, None).await?;
            Ok((answer.id(), answer.ttl()))
        }
        .boxed()
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<i64>> {
        async move {
            // It keeps the first answer, with its time to live, to itself, but for that of a lease that is gone.
            let (mut keeper, mut answers) = match self.0.lease_client().keep_alive(lease).await {
                Err(etcd_client::Error::LeaseKeepAliveError(text)) if text.contains("not found") => return Ok(0),
                outcome => outcome?,
            };
            keeper.keep_alive().await?;
            match answers.message().await? {
                Some(answer) => Ok(answer.ttl()),
                None => Err(RegistryError::Unavailable("the registry closed the keep-alive stream".into()).into()),
            }
        }
        .boxed()
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<()>> {
        async move {
            self.0.lease_client().revoke(lease).await?;
            Ok(())
        }
        .boxed()
    }

    fn watch(&self, range: (Vec<u8>, Vec<u8>), from: i64) -> BoxFuture<'_, Outcome<Box<dyn Watching>>> {
        let (key, end) = range;
        let options = WatchOptions::new().with_range(end).with_start_revision(from);
        let mut watches = self.0.watch_client().max_decoding_message_size(MAX_ANSWER);
        async move {
            let (requests, answers) = watches.watch(key, Some(options)).await?.split();
            Ok(Box::new(Watched { requests, answers }) as Box<dyn Watching>)
        }
        .boxed()
    }
}

struct Watched {
    requests: WatchRequestSender,
    answers: WatchResponseStream,
}

impl Watching for Watched {
    fn receive(&mut self) -> BoxFuture<'_, Outcome<Option<Told>>> {
        async { self.answers.message().await?.map(|answer| told(&answer)).transpose() }.boxed()
    }

    fn ask(&mut self) -> BoxFuture<'_, Outcome<()>> {
        async { self.requests.request_progress().await.map_err(Failure::from) }.boxed()
    }
}

fn revision(header: Option<&ResponseHeader>) -> Outcome<i64> {
    header.map(ResponseHeader::revision).ok_or_else(no_header)
}

fn condition(compare: Compare) -> EtcdCompare {
    match compare {
        Compare::Absent(key) => EtcdCompare::create_revision(key, CompareOp::Equal, 0),
        Compare::Created(key, revision) => EtcdCompare::create_revision(key, CompareOp::Equal, revision),
        Compare::Modified(key, revision) => EtcdCompare::mod_revision(key, CompareOp::Equal, revision),
    }
}

fn write(operation: Operation) -> TxnOp {
    match operation {
        Operation::Put { key, value, lease } => {
            TxnOp::put(key, value, lease.map(|lease| PutOptions::new().with_lease(lease)))
        }
        Operation::Delete { key } => TxnOp::delete(key, None),
    }
}

fn stored(found: KeyValue) -> Stored {
    let (created, modified, lease) = (found.create_revision(), found.mod_revision(), found.lease());
    let (key, value) = found.into_key_value();
    Stored { key, value: Bytes::from(value), created, modified, lease }
}

fn told(answer: &WatchResponse) -> Outcome<Told> {
    let change = |event: &Event| {
        let stored = stored(event.kv()?.clone());
        Some(match event.event_type() {
            EventType::Put => Change::Put(stored),
            EventType::Delete => Change::Delete(stored.key, stored.modified),
        })
    };
    Ok(Told {
        revision: revision(answer.header())?,
        created: answer.created(),
        canceled: answer.canceled().then(|| answer.cancel_reason().to_owned()),
        compacted: answer.compact_revision(),
        changes: answer.events().iter().filter_map(change).collect(),
    })
}
