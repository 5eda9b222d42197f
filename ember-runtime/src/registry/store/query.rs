//! Reading a range: which records, in which order, how many.

use std::{cmp::Ordering, sync::Arc};

use super::draft::Draft;
use crate::registry::store::terms::{KeyRange, Record, StoreError};

/// What to read. The default of everything but `range` is "no restriction".
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) range: KeyRange,
    /// Read as of this revision; 0 or less: now.
    pub(crate) revision: i64,
    /// At most so many records; 0: all.
    pub(crate) limit: usize,
    /// Only the number of records.
    pub(crate) count_only: bool,
    /// The values are not wanted. They are found all the same: they cost nothing before they are sent.
    pub(crate) keys_only: bool,
    /// By what, other than ascending keys.
    pub(crate) order: Option<Order>,
    pub(crate) modified: Window,
    pub(crate) created: Window,
}

/// An order of records. Equals stay in order of their keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) by: fn(&Record, &Record) -> Ordering,
    pub(crate) descending: bool,
}

/// A window of revisions, both ends inclusive; 0: no such end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Window {
    fn holds(self, revision: i64) -> bool {
        (self.min == 0 || revision >= self.min) && (self.max == 0 || revision <= self.max)
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) records: Vec<Arc<Record>>,
    /// The number of records in the range, whatever the limit and the windows.
    pub(crate) count: usize,
    /// Whether the limit left some out.
    pub(crate) more: bool,
    /// The values are not wanted.
    pub(crate) keys_only: bool,
}

impl Query {
    /// Everything in `range`, now.
    pub(crate) fn new(range: KeyRange) -> Self {
        let (modified, created) = (Window::default(), Window::default());
        Self { range, revision: 0, limit: 0, count_only: false, keys_only: false, order: None, modified, created }
    }

    pub(super) fn run(&self, draft: &Draft<'_>) -> Result<Found, StoreError> {
        let mut records = self.fetch(draft)?;
        let count = records.len();
        if self.count_only {
            return Ok(Found { records: Vec::new(), count, more: false, keys_only: self.keys_only });
        }
        records.retain(|record| self.modified.holds(record.modified) && self.created.holds(record.created));
        if let Some(Order { by, descending }) = self.order {
            records.sort_by(|a, b| if descending { by(b, a) } else { by(a, b) });
        }
        let more = self.limit != 0 && records.len() > self.limit;
        if more {
            records.truncate(self.limit);
        }
        Ok(Found { records, count, more, keys_only: self.keys_only })
    }

    /// What `record` costs in the answer.
    pub(super) fn cost(&self, record: &Record) -> usize {
        record.size() - if self.keys_only { record.value.len() } else { 0 }
    }

    fn fetch(&self, draft: &Draft<'_>) -> Result<Vec<Arc<Record>>, StoreError> {
        let state = draft.state();
        if self.revision <= 0 || self.revision == draft.revision() {
            return Ok(state.range(&self.range).cloned().collect());
        }
        state.check_revision(self.revision)?;
        Ok(state.range_at(&self.range, self.revision, draft.changes()))
    }
}
