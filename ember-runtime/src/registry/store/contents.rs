//! What outlives a process: the contents of a store, and the entries that change them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::registry::{
    LeaseId,
    store::terms::{Change, Record},
};

/// Something that happened to a store, and that whoever takes it over has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Granted {
        lease: LeaseId,
        ttl: Duration,
    },
    Committed {
        /// The store's, with these changes.
        revision: i64,
        /// The lease that ended with them; 0: none.
        ended: LeaseId,
        changes: Arc<[Change]>,
    },
}

/// All that whoever takes a store over has to know of it. When leases end is not: they start anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) revision: i64,
    pub(crate) keys: BTreeMap<Bytes, Arc<Record>>,
    pub(crate) leases: BTreeMap<LeaseId, Duration>,
}

impl Default for Contents {
    /// Those of an empty store.
    fn default() -> Self {
        Self { revision: 1, keys: BTreeMap::new(), leases: BTreeMap::new() }
    }
}

impl Contents {
    /// What they are afterwards.
    ///
    /// # Errors
    /// The entry is none that follows on these contents; they are spoilt.
    pub(crate) fn apply(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match entry {
            Entry::Granted { lease, ttl } => {
                self.leases.insert(*lease, *ttl);
            }
            Entry::Committed { revision, ended, changes } => {
                if *revision != self.revision + i64::from(!changes.is_empty()) {
                    return Err("its revision does not follow on the one before");
                }
                self.revision = *revision;
                for change in changes.iter() {
                    match &change.now {
                        Some(now) => self.keys.insert(change.key.clone(), Arc::clone(now)),
                        None => self.keys.remove(&change.key),
                    };
                }
                if *ended != 0 && self.leases.remove(ended).is_none() {
                    return Err("it ends a lease that is not there");
                }
            }
        }
        Ok(())
    }

    /// Somebody takes them over. That is a revision in which nothing changes: whoever has seen everything before goes on from there, and
    /// whoever has not is told that it is too late for it, with a revision that can be read.
    pub(crate) fn take_over(&mut self) {
        self.revision += 1;
    }

    /// Whether every key that is to end with a lease will.
    pub(crate) fn is_whole(&self) -> bool {
        self.keys.values().all(|record| record.lease == 0 || self.leases.contains_key(&record.lease))
    }
}

impl Entry {
    /// What it costs to hold, in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Granted { .. } => size_of::<Self>(),
            Self::Committed { changes, .. } => size_of::<Self>() + changes.iter().map(Change::size).sum::<usize>(),
        }
    }
}
