//! What the store did, as messages of the etcd API.

use std::sync::Arc;

use etcd_client::proto::{
    PbDeleteResponse, PbEvent, PbKeyValue, PbPutResponse, PbRangeResponse, PbResponseHeader, PbResponseOp,
    PbTxnOpResponse, PbTxnResponse,
};

use crate::registry::store::{Change, Done, Found, Record, TxnDone};

/// What a request wanted to be told, which is not the store's business. One for each operation, in the same shape.
#[derive(Debug, Clone)]
pub(super) enum Wish {
    Range { keys_only: bool },
    Put { previous: bool },
    Delete { previous: bool },
    Txn { then: Vec<Wish>, otherwise: Vec<Wish> },
}

pub(super) fn record(record: &Record, with_value: bool) -> PbKeyValue {
    PbKeyValue {
        key: record.key.to_vec(),
        value: if with_value { record.value.to_vec() } else { Vec::new() },
        create_revision: record.created,
        mod_revision: record.modified,
        version: record.version,
        lease: record.lease,
    }
}

/// `previous`: with the record before.
pub(super) fn event(change: &Change, previous: bool) -> PbEvent {
    let (kind, kv) = match &change.now {
        Some(now) => (0, record(now, true)),
        None => (1, PbKeyValue { key: change.key.to_vec(), mod_revision: change.revision, ..PbKeyValue::default() }),
    };
    let prev_kv = change.before.as_ref().filter(|_| previous).map(|before| record(before, true));
    PbEvent { r#type: kind, kv: Some(kv), prev_kv }
}

pub(super) fn range(header: Option<PbResponseHeader>, found: &Found, keys_only: bool) -> PbRangeResponse {
    let kvs = found.records.iter().map(|found| record(found, !keys_only)).collect();
    PbRangeResponse { header, kvs, more: found.more, count: count(found.count) }
}

pub(super) fn put(header: Option<PbResponseHeader>, before: Option<&Arc<Record>>, previous: bool) -> PbPutResponse {
    PbPutResponse { header, prev_kv: before.filter(|_| previous).map(|before| record(before, true)) }
}

pub(super) fn deleted(header: Option<PbResponseHeader>, gone: &[Arc<Record>], previous: bool) -> PbDeleteResponse {
    let prev_kvs = if previous { gone.iter().map(|before| record(before, true)).collect() } else { Vec::new() };
    PbDeleteResponse { header, deleted: count(gone.len()), prev_kvs }
}

pub(super) fn txn(
    header: Option<PbResponseHeader>,
    done: &TxnDone,
    then: &[Wish],
    otherwise: &[Wish],
) -> PbTxnResponse {
    let wishes = if done.succeeded { then } else { otherwise };
    let responses = done.done.iter().zip(wishes).filter_map(|(done, wish)| response(header.as_ref(), done, wish));
    PbTxnResponse { succeeded: done.succeeded, responses: responses.collect(), header }
}

/// Always something: a wish has the shape of what was done.
fn response(header: Option<&PbResponseHeader>, done: &Done, wish: &Wish) -> Option<PbResponseOp> {
    let header = header.copied();
    let response = match (done, wish) {
        (Done::Range(found), Wish::Range { keys_only }) => {
            PbTxnOpResponse::ResponseRange(range(header, found, *keys_only))
        }
        (Done::Put(before), Wish::Put { previous }) => {
            PbTxnOpResponse::ResponsePut(put(header, before.as_ref(), *previous))
        }
        (Done::Deleted(gone), Wish::Delete { previous }) => {
            PbTxnOpResponse::ResponseDeleteRange(deleted(header, gone, *previous))
        }
        (Done::Txn(done), Wish::Txn { then, otherwise }) => {
            PbTxnOpResponse::ResponseTxn(txn(header, done, then, otherwise))
        }
        _ => return None,
    };
    Some(PbResponseOp { response: Some(response) })
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
