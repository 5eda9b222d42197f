//! What a member holds.

use super::{Log, Point, Record};

/// A log, and how much of it is committed and applied.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) log: Log,
    pub(super) commit: u64,
    pub(super) applied: u64,
}

impl Held {
    pub(super) fn nothing() -> Self {
        Self { log: Log::new(), commit: 0, applied: 0 }
    }

    /// A state without the records that have made it.
    pub(super) fn snapshot(point: Point) -> Self {
        let mut log = Log::new();
        log.reset(point);
        Self { log, commit: point.index, applied: point.index }
    }

    /// What a journal has: a state, as it was at a point, and records after it, of which nobody knows whether they are acknowledged.
    pub(super) fn restored(point: Point, records: Vec<Record>) -> Self {
        Self { log: Log::restored(point, records), commit: point.index, applied: point.index }
    }

    /// The entries of the last record, which nobody else has, have come to this.
    pub(super) fn came_to(&mut self, outputs: u32) {
        self.log.came_to(outputs);
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Up to here every record is acknowledged, as far as this member knows.
    pub(crate) fn commit(&self) -> u64 {
        self.commit
    }

    /// Up to here the records are in the state.
    pub(crate) fn applied(&self) -> u64 {
        self.applied
    }

    /// What is to be applied next: committed, and not [applied](Self::has_applied) yet.
    pub(crate) fn unapplied(&self) -> Option<(Point, &Record)> {
        let index = self.applied + 1;
        let record = self.log.get(index).filter(|_| index <= self.commit)?;
        Some((Point { epoch: record.epoch, index }, record))
    }

    /// The state has this record now, and all before it. What is not in the log (any more) changes nothing: the state that had it is gone.
    pub(crate) fn has_applied(&mut self, point: Point) {
        if self.log.point_at(point.index) == Some(point) {
            self.applied = self.applied.max(point.index);
        }
    }

    /// What this member never gives up: another log that lacks it is not a later one of the same group.
    pub(super) fn kept(&self) -> u64 {
        self.commit.max(self.applied)
    }

    /// Drops records up to `index`, as far as they are committed and applied. Every member of every later set has those.
    pub(super) fn trim(&mut self, index: u64) {
        self.log.trim(index.min(self.commit).min(self.applied));
    }
}
