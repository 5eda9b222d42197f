//! The keys, the leases and the history, kept consistent with each other. Knows no locks and no clock: `now` is passed in.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    contents::{Contents, Entry},
    history::History,
    leases::Leases,
};
use crate::registry::{
    LeaseId,
    store::terms::{Change, KeyRange, Record, StoreError, limits},
};

#[derive(Debug, Clone)]
pub(super) struct State {
    /// Of the last write. An empty store is at 1, as in etcd.
    pub(super) revision: i64,
    pub(super) keys: BTreeMap<Bytes, Arc<Record>>,
    /// What the keys cost.
    pub(super) bytes: usize,
    pub(super) leases: Leases,
    pub(super) history: History,
    /// The last sign that the process runs, if its host gives such signs.
    pub(super) pulse: Option<Instant>,
    /// What has happened that is yet to be kept, if it is to be.
    pub(super) entries: Option<Vec<Entry>>,
}

impl State {
    pub(super) fn new(incarnation: u64) -> Self {
        Self {
            revision: 1,
            keys: BTreeMap::new(),
            bytes: 0,
            leases: Leases::new(incarnation),
            history: History::new(),
            pulse: None,
            entries: None,
        }
    }

    /// What an earlier process left; of the revisions before, only the outcome is known.
    pub(super) fn restored(contents: &Contents, incarnation: u64, now: Instant) -> Self {
        let mut state = Self::new(incarnation);
        if *contents != Contents::default() {
            state.revision = contents.revision;
            state.history = History::from(contents.revision);
        }
        for (lease, ttl) in &contents.leases {
            state.leases.restore(*lease, *ttl, now);
        }
        for (key, record) in &contents.keys {
            state.set(key, Some(Arc::clone(record)));
        }
        state
    }

    /// Has it kept, if somebody does.
    pub(super) fn note(&mut self, entry: Entry) {
        if let Some(entries) = &mut self.entries {
            entries.push(entry);
        }
    }

    /// While this process stood still nobody could renew a lease: then all of them start anew, as etcd's do after a restart.
    pub(super) fn forgive(&mut self, now: Instant) {
        if let Some(last) = &mut self.pulse
            && now.saturating_duration_since(*last) > limits::STANDSTILL
        {
            *last = now;
            self.leases.renew_all(now);
        }
    }

    /// Deletes the keys of the leases whose time is over, each lease in a revision of its own, in order of death.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(lease) = self.leases.expired(now) {
            let _known = self.revoke(lease);
        }
    }

    /// The time left, the time granted, and the keys of a lease.
    pub(super) fn lease(&self, id: LeaseId, now: Instant) -> Result<(Duration, Duration, Vec<Bytes>), StoreError> {
        let entry = self.leases.find(id)?;
        Ok((entry.deadline.saturating_duration_since(now), entry.ttl, entry.keys.iter().cloned().collect()))
    }

    /// Whether the store can be read as of `revision`.
    pub(super) fn check_revision(&self, revision: i64) -> Result<(), StoreError> {
        let (current, oldest) = (self.revision, self.history.oldest());
        if revision > current {
            return Err(StoreError::FutureRevision { wanted: revision, current });
        }
        if revision < oldest {
            return Err(StoreError::Compacted { oldest });
        }
        Ok(())
    }

    pub(super) fn compact(&mut self, revision: i64) -> Result<(), StoreError> {
        if revision > self.revision {
            return Err(StoreError::FutureRevision { wanted: revision, current: self.revision });
        }
        if revision <= self.history.oldest() {
            return Err(StoreError::Compacted { oldest: self.history.oldest() });
        }
        self.history.compact(revision);
        Ok(())
    }

    /// Writes or deletes a key as it is told; what was there before. The history is the caller's business.
    pub(super) fn set(&mut self, key: &Bytes, record: Option<Arc<Record>>) -> Option<Arc<Record>> {
        if let Some(record) = &record {
            self.bytes += record.size();
        }
        let lease = record.as_ref().map(|record| record.lease);
        let before = match record {
            Some(record) => self.keys.insert(key.clone(), record),
            None => self.keys.remove(key),
        };
        if let Some(before) = &before {
            self.bytes -= before.size();
            self.leases.detach(before.lease, key);
        }
        if let Some(lease) = lease {
            self.leases.attach(lease, key);
        }
        before
    }

    /// The records in `range`, in order of their keys.
    pub(super) fn range(&self, range: &KeyRange) -> impl Iterator<Item = &Arc<Record>> {
        range.bounds().into_iter().flat_map(|bounds| self.keys.range::<[u8], _>(bounds)).map(|(_, record)| record)
    }

    /// The records in `range` as they were at `revision`: the present with the later changes undone, newest first.
    /// `pending` are changes that are not in the history yet.
    pub(super) fn range_at(&self, range: &KeyRange, revision: i64, pending: &[Change]) -> Vec<Arc<Record>> {
        let mut records: BTreeMap<&Bytes, &Arc<Record>> =
            self.range(range).map(|record| (&record.key, record)).collect();
        let past = self.history.since(revision + 1).rev().flat_map(|changes| changes.iter().rev());
        for change in pending.iter().rev().chain(past).filter(|change| range.contains(&change.key)) {
            match &change.before {
                Some(before) => records.insert(&change.key, before),
                None => records.remove(&change.key),
            };
        }
        records.into_values().cloned().collect()
    }
}
