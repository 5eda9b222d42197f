//! What there is to write down.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    id::Epoch,
    replica::{InSync, Member, Point, Record},
};

/// What a member is and has been told, beside its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) member: Member,
    /// The highest that it has followed or led.
    pub(crate) epoch: Epoch,
    pub(crate) set: InSync,
    pub(crate) has_state: bool,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Knows(Known),
    /// Nothing of what was written counts any more: this state does, which was at `base`, and what comes after it.
    Begins {
        known: Known,
        base: Point,
        state: Bytes,
    },
    /// What came after this record is not in the log any more.
    Cut(u64),
    /// The next one, and its index.
    Record(u64, Record),
    /// All is as it was, but what came before `base` is in this state. The records after it, up to now, are these.
    Shortened {
        known: Known,
        base: Point,
        state: Bytes,
        records: Vec<Record>,
    },
}

/// Who writes it down.
pub(crate) trait Keeps: Send + Sync {
    /// In this order, after what it was given before. A number for it: all up to it is on the disk when that is told.
    fn keep(&self, changes: Vec<Change>) -> u64;
}
