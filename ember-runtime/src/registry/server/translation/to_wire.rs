//! What the store did, as messages of the etcd API.

use std::sync::Arc;

use bytes::Bytes;

use crate::registry::{
    protocol::{
        DeleteRangeResponse, Event, KeyValue, PutResponse, RangeResponse, ResponseHeader, ResponseOp, TxnResponse,
        event::Kind, response_op::Response,
    },
    store::{At, Change, Done, Found, Record, TxnDone},
};

/// What a request wanted to be told, which is not the store's business. One for each operation, in the same shape.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Range,
    Put { previous: bool },
    Delete { previous: bool },
    Txn { then: Vec<Wish>, otherwise: Vec<Wish> },
}

pub(crate) fn record(record: &Record, with_value: bool) -> KeyValue {
    KeyValue {
        key: record.key.clone(),
        value: if with_value { record.value.clone() } else { Bytes::new() },
        create_revision: record.created,
        mod_revision: record.modified,
        version: record.version,
        lease: record.lease,
    }
}

/// `previous`: with the record before, unless it is of a revision before this one.
pub(crate) fn event(change: &Change, previous: Option<i64>) -> Event {
    let (kind, kv) = match &change.now {
        Some(now) => (Kind::Put, record(now, true)),
        None => {
            (Kind::Delete, KeyValue { key: change.key.clone(), mod_revision: change.revision, ..KeyValue::default() })
        }
    };
    let told = previous.is_some_and(|oldest| change.revision > oldest);
    let prev_kv = change.before.as_ref().filter(|_| told).map(|before| record(before, true));
    Event { kind: kind.into(), kv: Some(kv), prev_kv }
}

pub(crate) fn range(header: Option<ResponseHeader>, found: &Found) -> RangeResponse {
    let kvs = found.records.iter().map(|record| self::record(record, !found.keys_only)).collect();
    RangeResponse { header, kvs, more: found.more, count: count(found.count) }
}

pub(crate) fn put(header: Option<ResponseHeader>, before: Option<&Arc<Record>>, previous: bool) -> PutResponse {
    PutResponse { header, prev_kv: before.filter(|_| previous).map(|before| record(before, true)) }
}

pub(crate) fn deleted(header: Option<ResponseHeader>, gone: &[Arc<Record>], previous: bool) -> DeleteRangeResponse {
    let prev_kvs = if previous { gone.iter().map(|before| record(before, true)).collect() } else { Vec::new() };
    DeleteRangeResponse { header, deleted: count(gone.len()), prev_kvs }
}

pub(crate) fn txn(header: Option<ResponseHeader>, done: &TxnDone, then: &[Wish], otherwise: &[Wish]) -> TxnResponse {
    let wishes = if done.succeeded { then } else { otherwise };
    let responses = done.done.iter().zip(wishes).filter_map(|(done, wish)| response(done, wish));
    TxnResponse { succeeded: done.succeeded, responses: responses.collect(), header }
}

/// Always something: a wish has the shape of what was done. As in etcd its header has no more than the revision, and that
/// of a transaction within not even this.
fn response(At { revision, value: done }: &At<Done>, wish: &Wish) -> Option<ResponseOp> {
    let header = |revision| Some(ResponseHeader { revision, ..ResponseHeader::default() });
    let response = match (done, wish) {
        (Done::Range(found), Wish::Range) => Response::Range(range(header(*revision), found)),
        (Done::Put(before), Wish::Put { previous }) => {
            Response::Put(put(header(*revision), before.as_ref(), *previous))
        }
        (Done::Deleted(gone), Wish::Delete { previous }) => {
            Response::DeleteRange(deleted(header(*revision), gone, *previous))
        }
        (Done::Txn(done), Wish::Txn { then, otherwise }) => Response::Txn(txn(header(0), done, then, otherwise)),
        _ => return None,
    };
    Some(ResponseOp { response: Some(response) })
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
