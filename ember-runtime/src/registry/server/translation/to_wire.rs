//! What the store did, as messages of the etcd API.

use std::sync::Arc;

use etcd_client::proto::{
    PbDeleteResponse, PbEvent, PbKeyValue, PbPutResponse, PbRangeResponse, PbResponseHeader, PbResponseOp,
    PbTxnOpResponse, PbTxnResponse,
};

use crate::registry::store::{At, Change, Done, Found, Record, TxnDone};

/// What a request wanted to be told, which is not the store's business. One for each operation, in the same shape.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Range,
    Put { previous: bool },
    Delete { previous: bool },
    Txn { then: Vec<Wish>, otherwise: Vec<Wish> },
}

pub(crate) fn record(record: &Record, with_value: bool) -> PbKeyValue {
    PbKeyValue {
        key: record.key.to_vec(),
        value: if with_value { record.value.to_vec() } else { Vec::new() },
        create_revision: record.created,
        mod_revision: record.modified,
        version: record.version,
        lease: record.lease,
    }
}

/// `previous`: with the record before, unless it is of a revision before this one.
pub(crate) fn event(change: &Change, previous: Option<i64>) -> PbEvent {
    let (kind, kv) = match &change.now {
        Some(now) => (0, record(now, true)),
        None => (1, PbKeyValue { key: change.key.to_vec(), mod_revision: change.revision, ..PbKeyValue::default() }),
    };
    let told = previous.is_some_and(|oldest| change.revision > oldest);
    let prev_kv = change.before.as_ref().filter(|_| told).map(|before| record(before, true));
    PbEvent { r#type: kind, kv: Some(kv), prev_kv }
}

pub(crate) fn range(header: Option<PbResponseHeader>, found: &Found) -> PbRangeResponse {
    let kvs = found.records.iter().map(|record| self::record(record, !found.keys_only)).collect();
    PbRangeResponse { header, kvs, more: found.more, count: count(found.count) }
}

pub(crate) fn put(header: Option<PbResponseHeader>, before: Option<&Arc<Record>>, previous: bool) -> PbPutResponse {
    PbPutResponse { header, prev_kv: before.filter(|_| previous).map(|before| record(before, true)) }
}

pub(crate) fn deleted(header: Option<PbResponseHeader>, gone: &[Arc<Record>], previous: bool) -> PbDeleteResponse {
    let prev_kvs = if previous { gone.iter().map(|before| record(before, true)).collect() } else { Vec::new() };
    PbDeleteResponse { header, deleted: count(gone.len()), prev_kvs }
}

pub(crate) fn txn(
    header: Option<PbResponseHeader>,
    done: &TxnDone,
    then: &[Wish],
    otherwise: &[Wish],
) -> PbTxnResponse {
    let wishes = if done.succeeded { then } else { otherwise };
    let responses = done.done.iter().zip(wishes).filter_map(|(done, wish)| response(done, wish));
    PbTxnResponse { succeeded: done.succeeded, responses: responses.collect(), header }
}

/// Always something: a wish has the shape of what was done. As in etcd its header has no more than the revision, and that
/// of a transaction within not even this.
fn response(At { revision, value: done }: &At<Done>, wish: &Wish) -> Option<PbResponseOp> {
    let header = |revision| Some(PbResponseHeader { revision, ..PbResponseHeader::default() });
    let response = match (done, wish) {
        (Done::Range(found), Wish::Range) => PbTxnOpResponse::ResponseRange(range(header(*revision), found)),
        (Done::Put(before), Wish::Put { previous }) => {
            PbTxnOpResponse::ResponsePut(put(header(*revision), before.as_ref(), *previous))
        }
        (Done::Deleted(gone), Wish::Delete { previous }) => {
            PbTxnOpResponse::ResponseDeleteRange(deleted(header(*revision), gone, *previous))
        }
        (Done::Txn(done), Wish::Txn { then, otherwise }) => {
            PbTxnOpResponse::ResponseTxn(txn(header(0), done, then, otherwise))
        }
        _ => return None,
    };
    Some(PbResponseOp { response: Some(response) })
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
