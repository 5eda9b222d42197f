//! What a member writes down so that it is the same member when its process starts again: which changes there are, how they stand in a file,
//! and what a file says. Who has the file is another's business: nothing here waits, or asks a disk.
//!
//! A file begins with a [`Head`](Entry::Head), a state as it was at a point, and what the member [knows](Known); after that come changes, in
//! the order in which they were made. It is made anew under another name, and then takes the place of the one before: its beginning is there as
//! a whole, or the file is damaged.
//!
//! Each entry says up to where the file was on the disk when it was written. So of what cannot be read it is known whether anybody may
//! have been told of it: an entry after it that says so makes it damage. Otherwise it is the end of a file whose
//! machine stopped in the middle of a write, and is cut off.

mod entry;
mod restored;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{InSync, Member, Point, Record};
use crate::id::Epoch;

pub(crate) use self::{
    entry::{Entry, Head, VERSION, add},
    restored::{Restored, restore},
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
