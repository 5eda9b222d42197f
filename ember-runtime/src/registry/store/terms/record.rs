//! What the store holds: records, and how they changed.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::registry::{Event, LeaseId, SharedEvent};

/// About what a record costs beside its key and value.
const OVERHEAD: usize = 128;
/// About what it costs to have told of a change, beside a key of its own and what was read of the value.
const TOLD: usize = 256;

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
    /// How those who watch are told of it, once one has been.
    told: OnceLock<Option<SharedEvent>>,
}

impl Change {
    pub(crate) fn new(revision: i64, key: Bytes, now: Option<Arc<Record>>, before: Option<Arc<Record>>) -> Self {
        Self { revision, key, now, before, told: OnceLock::new() }
    }

    /// The event that `tell` makes of it, if it can: the same one for all who watch.
    pub(crate) fn told(&self, tell: fn(&Self) -> Option<Event>) -> Option<SharedEvent> {
        self.told.get_or_init(|| tell(self).map(SharedEvent::from)).clone()
    }

    /// What it costs to remember, in bytes: with what those who watch are told of it and what they make of that, which is about as
    /// large as what is stored. Somebody always watches.
    pub(crate) fn size(&self) -> usize {
        let told = TOLD + self.key.len() + self.now.as_ref().map_or(0, |now| now.value.len());
        OVERHEAD + told + [&self.now, &self.before].into_iter().flatten().map(|record| record.size()).sum::<usize>()
    }
}

/// A result, with the revision of the store at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) revision: i64,
    pub(crate) value: T,
}
