//! Places in a log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Epoch;

/// A record, by where it stands and by the epoch in which it was written. Two logs that have the same one are the same up to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) epoch: Epoch,
    /// Counted from 1.
    pub(crate) index: u64,
}

impl Point {
    /// Before the first record.
    pub(crate) const NOTHING: Self = Self { epoch: Epoch(0), index: 0 };

    /// No log gets so far: what says so is wrong.
    const MAX_INDEX: u64 = 1 << 62;

    /// Whether there can be such a record, with so many after it. What comes over the network is asked this first.
    pub(super) fn is_possible(self, after: usize) -> bool {
        let end = self.index.checked_add(after as u64);
        (self.index == 0) == (self.epoch == Self::NOTHING.epoch) && end.is_some_and(|end| end <= Self::MAX_INDEX)
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.index, self.epoch)
    }
}
