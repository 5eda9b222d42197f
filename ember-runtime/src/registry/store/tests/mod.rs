//! The store alone, on a paused clock.

mod history;
mod leases;
mod parts;
mod transactions;

use bytes::Bytes;

use super::{Op, Query, Store, Txn};
use crate::registry::store::terms::{Change, KeyRange};

fn put(key: &str, value: &str) -> Op {
    Op::Put {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        lease: Some(0),
    }
}

fn put_leased(key: &str, lease: i64) -> Op {
    Op::Put { key: Bytes::copy_from_slice(key.as_bytes()), value: Some(Bytes::new()), lease: Some(lease) }
}

fn delete(key: &str) -> Op {
    Op::Delete(KeyRange::single(key.to_owned()))
}

fn all() -> KeyRange {
    KeyRange::prefix("")
}

impl Store {
    /// Applies operations that must succeed; the revision afterwards.
    fn write(&self, then: Vec<Op>) -> i64 {
        self.commit(&Txn { then, ..Txn::default() }).unwrap().revision
    }

    /// `key=value` of everything.
    fn contents(&self, revision: i64) -> Vec<String> {
        let found = self.range(&Query { revision, ..Query::new(all()) }).unwrap().value;
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        found.records.iter().map(|record| format!("{}={}", text(&record.key), text(&record.value))).collect()
    }
}

/// `+key` or `-key`, with the revision.
fn named(changes: &[Change]) -> Vec<(String, i64)> {
    let name = |change: &Change| {
        let sign = if change.now.is_some() { '+' } else { '-' };
        (format!("{sign}{}", String::from_utf8_lossy(&change.key)), change.revision)
    };
    changes.iter().map(name).collect()
}
