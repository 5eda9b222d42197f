//! What the store holds: records, and how they changed.

use std::sync::Arc;

use bytes::Bytes;

use crate::registry::LeaseId;

/// About what a record costs beside its key and value.
const OVERHEAD: usize = 128;

/// A key as stored. Never changed: a write makes a new one, the history keeps the old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: Bytes,
    pub(crate) value: Bytes,
    /// The revision at which the key was created.
    pub(crate) created: i64,
    /// The revision of the last write.
    pub(crate) modified: i64,
    /// The number of writes since it was created.
    pub(crate) version: i64,
    /// 0 means none.
    pub(crate) lease: LeaseId,
}

impl Record {
    /// What it costs, in bytes.
    pub(crate) fn size(&self) -> usize {
        OVERHEAD + self.key.len() + self.value.len()
    }
}

/// One key changed at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) revision: i64,
    pub(crate) key: Bytes,
    /// `None`: it was deleted.
    pub(crate) now: Option<Arc<Record>>,
    /// `None`: it did not exist.
    pub(crate) before: Option<Arc<Record>>,
}

impl Change {
    /// What it costs to remember, in bytes.
    pub(super) fn size(&self) -> usize {
        OVERHEAD + [&self.now, &self.before].into_iter().flatten().map(|record| record.size()).sum::<usize>()
    }
}

/// A result, with the revision of the store at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) revision: i64,
    pub(crate) value: T,
}
