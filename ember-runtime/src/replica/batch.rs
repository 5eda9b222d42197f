//! What a master and the others say to each other.

use serde::{Deserialize, Serialize};

use super::{Member, Point, Record};
use crate::id::{Epoch, Pid};

/// From a master: records, and what else has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) epoch: Epoch,
    pub(crate) from: Member,
    /// To whichever incarnation of it.
    pub(crate) to: Pid,
    /// What comes before the records in the master's log.
    pub(crate) previous: Point,
    pub(crate) records: Vec<Record>,
    /// The last record that there was to ship. Never lower than where the records end.
    pub(crate) end: u64,
    /// Up to here all is acknowledged.
    pub(crate) commit: u64,
    /// Of the in-sync set.
    pub(crate) version: u64,
    pub(crate) members: Vec<Member>,
}

impl Batch {
    /// Where its records end. Only for one that is possible.
    pub(super) fn upto(&self) -> u64 {
        self.previous.index + self.records.len() as u64
    }

    /// Whether a master can have made it.
    pub(super) fn is_possible(&self) -> bool {
        let mut epoch = self.previous.epoch;
        self.previous.is_possible(self.records.len())
            && self.records.iter().all(|record| std::mem::replace(&mut epoch, record.epoch) <= record.epoch)
            && epoch <= self.epoch
    }
}

/// To a [`Batch`], or to a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) member: Member,
    /// The epoch of the batch.
    pub(crate) epoch: Epoch,
    pub(crate) kind: Kind,
}

/// What an [`Answer`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// It has the master's log up to here, and knows this version of the set: an acknowledgement.
    Has { upto: u64, version: u64 },
    /// Its log does not go on from the record at `previous`; what it will not give up ends at `applied`.
    Lacks { previous: u64, applied: Point },
    /// It has no state, and learns.
    Empty,
    /// It was a master and may have applied what was never acknowledged: it acknowledges nothing until the set names it no more.
    Deposed,
    /// It follows (or was) a later master, or the batch was its own.
    Newer { epoch: Epoch },
    /// It has no state, since it could not apply what it was sent: it learns a state, and not from the records again.
    Unfit,
}
