//! Which leases live, until when, and which keys die with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use crate::registry::{
    LeaseId,
    store::terms::{StoreError, limits},
};

#[derive(Debug, Clone)]
pub(super) struct Leases {
    entries: BTreeMap<LeaseId, Entry>,
    deadlines: BTreeSet<(Instant, LeaseId)>,
    /// The upper half of the ids that are made up here.
    base: i64,
    made: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) ttl: Duration,
    pub(super) deadline: Instant,
    pub(super) keys: BTreeSet<Bytes>,
}

impl Leases {
    /// Ids differ between incarnations, or a node that missed a restart would renew the lease of another.
    pub(super) fn new(incarnation: u64) -> Self {
        Self { entries: BTreeMap::new(), deadlines: BTreeSet::new(), base: base(incarnation), made: 0 }
    }

    /// From now on ids are those of another incarnation.
    #[cfg(feature = "testing")]
    pub(super) fn made_anew(&mut self, incarnation: u64) {
        (self.base, self.made) = (base(incarnation), 0);
    }

    pub(super) fn grant(
        &mut self,
        wanted: Option<LeaseId>,
        ttl: Duration,
        now: Instant,
    ) -> Result<LeaseId, StoreError> {
        if ttl > limits::TTL {
            return Err(StoreError::TtlTooLarge);
        }
        if self.entries.len() >= limits::LEASES {
            return Err(StoreError::TooManyLeases);
        }
        let id = wanted.unwrap_or_else(|| self.free_id());
        if self.entries.contains_key(&id) {
            return Err(StoreError::LeaseExists(id));
        }
        self.restore(id, ttl, now);
        Ok(id)
    }

    /// A lease that is not there yet begins, with its whole time.
    pub(super) fn restore(&mut self, id: LeaseId, ttl: Duration, now: Instant) {
        let deadline = now + ttl;
        self.entries.insert(id, Entry { ttl, deadline, keys: BTreeSet::new() });
        self.deadlines.insert((deadline, id));
    }

    /// Starts the whole time of the lease anew.
    pub(super) fn renew(&mut self, id: LeaseId, now: Instant) -> Result<Duration, StoreError> {
        let entry = self.entries.get_mut(&id).ok_or(StoreError::LeaseNotFound(id))?;
        self.deadlines.remove(&(entry.deadline, id));
        entry.deadline = now + entry.ttl;
        self.deadlines.insert((entry.deadline, id));
        Ok(entry.ttl)
    }

    /// Starts the whole time of every lease anew.
    pub(super) fn renew_all(&mut self, now: Instant) {
        self.deadlines.clear();
        for (id, entry) in &mut self.entries {
            entry.deadline = now + entry.ttl;
            self.deadlines.insert((entry.deadline, *id));
        }
    }

    /// Forgets the lease; the keys that were to die with it.
    pub(super) fn remove(&mut self, id: LeaseId) -> Result<BTreeSet<Bytes>, StoreError> {
        let entry = self.entries.remove(&id).ok_or(StoreError::LeaseNotFound(id))?;
        self.deadlines.remove(&(entry.deadline, id));
        Ok(entry.keys)
    }

    pub(super) fn find(&self, id: LeaseId) -> Result<&Entry, StoreError> {
        self.entries.get(&id).ok_or(StoreError::LeaseNotFound(id))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.entries.keys().copied()
    }

    /// A lease whose time is over; the longest dead one first.
    pub(super) fn expired(&self, now: Instant) -> Option<LeaseId> {
        self.deadlines.first().filter(|(deadline, _)| *deadline <= now).map(|(_, id)| *id)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Lease 0 is none, here and in [`detach`](Self::detach).
    pub(super) fn attach(&mut self, id: LeaseId, key: &Bytes) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.keys.insert(key.clone());
        }
    }

    pub(super) fn detach(&mut self, id: LeaseId, key: &Bytes) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.keys.remove(key);
        }
    }

    fn free_id(&mut self) -> LeaseId {
        loop {
            self.made = self.made.wrapping_add(1);
            let id = self.base | i64::from(self.made);
            if id != 0 && !self.entries.contains_key(&id) {
                return id;
            }
        }
    }
}
/// Multiplied by 2^64 / φ, so that incarnations that follow each other differ in the upper 31 bits.
fn base(incarnation: u64) -> i64 {
    (incarnation.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).cast_signed() << 32
}
