//! A revision in the making: all of it is committed, or none of it stays.

use std::{mem, sync::Arc};

use bytes::Bytes;

use super::{contents::Entry, state::State};
use crate::registry::{
    LeaseId,
    store::terms::{Change, KeyRange, Record, StoreError, limits},
};

/// Writes go into the state at once; dropped without [`commit`](Self::commit), it takes them back.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    state: &'a mut State,
    changes: Vec<Change>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(state: &'a mut State) -> Self {
        Self { state, changes: Vec::new() }
    }

    pub(super) fn state(&self) -> &State {
        self.state
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The store's revision as a reader within this draft sees it.
    pub(super) fn revision(&self) -> i64 {
        self.state.revision + i64::from(!self.changes.is_empty())
    }

    /// Writes a key. `None` keeps the value or the lease that it has. Returns the record before.
    pub(super) fn put(
        &mut self,
        key: &Bytes,
        value: Option<&Bytes>,
        lease: Option<LeaseId>,
    ) -> Result<Option<Arc<Record>>, StoreError> {
        if key.is_empty() {
            return Err(StoreError::EmptyKey);
        }
        let revision = self.state.revision + 1;
        let before = self.state.keys.get(key);
        let kept = || before.ok_or(StoreError::KeyNotFound);
        let record = Record {
            key: key.clone(),
            value: match value {
                Some(value) => value.clone(),
                None => kept()?.value.clone(),
            },
            created: before.map_or(revision, |before| before.created),
            modified: revision,
            version: before.map_or(1, |before| before.version + 1),
            lease: match lease {
                Some(lease) => lease,
                None => kept()?.lease,
            },
        };
        if record.lease != 0 {
            self.state.leases.find(record.lease)?;
        }
        let freed = before.map_or(0, |before| before.size());
        if self.state.bytes - freed + record.size() > limits::STORE_BYTES {
            return Err(StoreError::NoSpace);
        }
        Ok(self.change(key.clone(), Some(Arc::new(record))))
    }

    /// Deletes the keys in `range`; what they were.
    pub(super) fn delete(&mut self, range: &KeyRange) -> Vec<Arc<Record>> {
        let doomed: Vec<_> = self.state.range(range).map(Arc::clone).collect();
        for record in &doomed {
            self.change(record.key.clone(), None);
        }
        doomed
    }

    /// Makes the changes a revision, if there are any.
    pub(super) fn commit(self) {
        self.commit_with(0);
    }

    /// The same, with the end of a lease: whoever keeps both keeps them as one. Lease 0 is none.
    fn commit_with(mut self, ended: LeaseId) {
        let changes: Arc<[Change]> = mem::take(&mut self.changes).into();
        let state = &mut *self.state;
        if !changes.is_empty() {
            state.revision += 1;
            state.history.push(state.revision, Arc::clone(&changes));
        }
        if ended != 0 || !changes.is_empty() {
            state.note(Entry::Committed { revision: state.revision, ended, changes });
        }
    }

    fn change(&mut self, key: Bytes, now: Option<Arc<Record>>) -> Option<Arc<Record>> {
        let before = self.state.set(&key, now.clone());
        let revision = self.state.revision + 1;
        self.changes.push(Change::new(revision, key, now, before.clone()));
        before
    }
}

impl State {
    /// Ends a lease and deletes its keys.
    pub(super) fn revoke(&mut self, lease: LeaseId) -> Result<(), StoreError> {
        let keys = self.leases.remove(lease)?;
        let mut draft = Draft::new(self);
        for key in keys {
            draft.delete(&KeyRange::single(key));
        }
        draft.commit_with(lease);
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        for change in mem::take(&mut self.changes).into_iter().rev() {
            self.state.set(&change.key, change.before);
        }
    }
}
