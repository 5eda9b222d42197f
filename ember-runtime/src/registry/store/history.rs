//! The last changes, oldest first. Watchers read them here by revision, so nothing is queued for anybody.

use std::{collections::VecDeque, sync::Arc};

use crate::registry::store::terms::{Change, limits};

#[derive(Debug, Clone)]
pub(super) struct History {
    revisions: VecDeque<Revision>,
    changes: usize,
    bytes: usize,
    /// What happened before this revision is gone.
    oldest: i64,
}

#[derive(Debug, Clone)]
struct Revision {
    revision: i64,
    changes: Arc<[Change]>,
    bytes: usize,
}

impl History {
    /// Before the first compaction etcd is at -1: so are answers about revisions that are none.
    pub(super) fn new() -> Self {
        Self { revisions: VecDeque::new(), changes: 0, bytes: 0, oldest: -1 }
    }

    /// That of a store whose changes before `revision` nobody knows any more.
    pub(super) fn from(revision: i64) -> Self {
        Self { oldest: revision, ..Self::new() }
    }

    /// The oldest revision that can still be watched from, or read.
    pub(super) fn oldest(&self) -> i64 {
        self.oldest
    }

    pub(super) fn push(&mut self, revision: i64, changes: Arc<[Change]>) {
        let bytes = changes.iter().map(Change::size).sum();
        self.bytes += bytes;
        self.changes += changes.len();
        self.revisions.push_back(Revision { revision, changes, bytes });
        while self.revisions.len() > 1 && (self.changes > limits::HISTORY_CHANGES || self.bytes > limits::HISTORY_BYTES)
        {
            self.drop_front();
        }
    }

    /// Forgets what happened before `revision`.
    pub(super) fn compact(&mut self, revision: i64) {
        while self.revisions.front().is_some_and(|front| front.revision < revision) {
            self.drop_front();
        }
        self.oldest = self.oldest.max(revision);
    }

    /// The changes from `revision` on, grouped by revision. The caller has compared with [`oldest`](Self::oldest).
    pub(super) fn since(&self, revision: i64) -> impl DoubleEndedIterator<Item = &Arc<[Change]>> {
        let first = self.revisions.partition_point(|entry| entry.revision < revision);
        self.revisions.range(first..).map(|entry| &entry.changes)
    }

    fn drop_front(&mut self) {
        if let Some(front) = self.revisions.pop_front() {
            self.bytes -= front.bytes;
            self.changes -= front.changes.len();
            self.oldest = self.oldest.max(front.revision + 1);
        }
    }
}
