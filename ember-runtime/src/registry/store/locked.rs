//! The store: one mutex around plain data, and those who wait for a change.

use std::{
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::{
    Found, Query, Txn, TxnDone,
    check::check,
    contents::{Contents, Entry},
    draft::Draft,
    log::Log,
    plan::Plan,
    state::State,
};
use crate::{
    registry::{
        LeaseId,
        store::terms::{At, StoreError, limits},
    },
    sync::{lock, ordered, shielded},
};

/// Nobody sleeps longer than this at a time: tokio's timer has an end.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// The store. Clones are the same store.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Arc<ordered::Sender<()>>,
    /// To whoever keeps it, if somebody does.
    log: Option<Arc<Log>>,
}

impl Store {
    /// An empty store. Stores that follow each other at the same address need different incarnations: lease ids come
    /// from it.
    pub(crate) fn new(incarnation: u64) -> Self {
        Self::of(State::new(incarnation), None, Arc::default())
    }

    /// A store with these contents, and its log, which somebody has to keep: nothing is acknowledged before. Its leases start anew; its
    /// history begins here, if they are not those of an empty store.
    #[cfg(any(unix, test))]
    pub(crate) fn kept(contents: &Contents, incarnation: u64) -> (Self, Arc<Log>) {
        let mut state = State::restored(contents, incarnation, Instant::now());
        state.entries = Some(Vec::new());
        let changed = Arc::<ordered::Sender<()>>::default();
        let log = Arc::new(Log::new(state.revision, Arc::clone(&changed)));
        (Self::of(state, Some(Arc::clone(&log)), changed), log)
    }

    fn of(state: State, log: Option<Arc<Log>>, changed: Arc<ordered::Sender<()>>) -> Self {
        Self(Arc::new(Shared { state: Mutex::new(state), changed, log }))
    }

    /// Waits until everything that this store has done is kept, if it is to be. What it says may leave the process then.
    ///
    /// # Errors
    /// [`StoreError::Stopped`]: it will not be.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn settled(&self) -> Result<(), StoreError> {
        match &self.0.log {
            Some(log) => log.settled().await,
            None => Ok(()),
        }
    }

    /// Waits until what is yet to be kept is little enough for a write.
    ///
    /// # Errors
    /// As [`settled`](Self::settled).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn room(&self) -> Result<(), StoreError> {
        match &self.0.log {
            Some(log) => log.room().await,
            None => Ok(()),
        }
    }

    /// The revision up to which it may be told: what is not kept is not seen.
    pub(crate) fn shown(&self) -> i64 {
        self.with(|state, _| self.shown_of(state))
    }

    /// The same, of a state that is at hand.
    pub(super) fn shown_of(&self, state: &State) -> i64 {
        self.0.log.as_ref().map_or(state.revision, |log| log.shown().min(state.revision))
    }

    /// Handles of the store, those of watchers included.
    #[cfg(all(test, feature = "etcd"))]
    pub(crate) fn users(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether both are the same store.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The revision of the last write.
    pub(crate) fn revision(&self) -> i64 {
        self.with(|state, _| state.revision)
    }

    /// What all keys cost.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|state, _| state.bytes)
    }

    /// The oldest revision that can still be watched from, or read.
    pub(crate) fn oldest(&self) -> i64 {
        self.with(|state, _| state.history.oldest())
    }

    /// Reads a range.
    pub(crate) fn range(&self, query: &Query) -> Result<At<Found>, StoreError> {
        self.with(|state, _| {
            let found = query.run(&Draft::new(state))?;
            Ok(At { revision: state.revision, value: found })
        })
    }

    /// Applies a transaction: all of it, or on an error nothing.
    pub(crate) fn commit(&self, txn: &Txn) -> Result<At<TxnDone>, StoreError> {
        check(txn)?;
        self.with(|state, _| {
            let plan = Plan::of(txn, state);
            plan.check(state)?;
            let mut draft = Draft::new(state);
            let done = plan.apply(&mut draft, &mut { limits::REPLY_BYTES })?;
            draft.commit();
            Ok(At { revision: state.revision, value: done })
        })
    }

    /// As etcd does when it starts with the data of an earlier run: leases do not age while nobody serves them.
    #[cfg(feature = "testing")]
    pub(crate) fn restarted(&self) {
        let mut state = lock(&self.0.state);
        state.leases.renew_all(Instant::now());
    }

    /// A copy of all that it holds. Its own leases get ids that the original never gives.
    #[cfg(feature = "testing")]
    pub(crate) fn copied(&self, incarnation: u64) -> Self {
        let mut state = lock(&self.0.state).clone();
        state.leases.made_anew(incarnation);
        Self::of(state, None, Arc::default())
    }

    /// The leases of the keys that are meant.
    #[cfg(feature = "testing")]
    pub(crate) fn leases_of(&self, is_meant: impl Fn(&super::Record) -> bool) -> std::collections::BTreeSet<LeaseId> {
        self.with(|state, _| {
            let meant = state.keys.values().filter(|it| it.lease != 0 && is_meant(it));
            meant.map(|it| it.lease).collect()
        })
    }

    /// All keys with what they hold.
    #[cfg(feature = "testing")]
    pub(crate) fn all(&self) -> Vec<std::sync::Arc<super::Record>> {
        self.with(|state, _| state.keys.values().cloned().collect())
    }

    /// Forgets the history before `revision`.
    pub(crate) fn compact(&self, revision: i64) -> Result<At<()>, StoreError> {
        self.with(|state, _| {
            state.compact(revision)?;
            Ok(At { revision: state.revision, value: () })
        })
    }

    /// A sign that this process runs. A host gives one every few hundred milliseconds: after a longer silence it was frozen,
    /// or the machine asleep, and no lease ends because of that. Without a first sign none is expected.
    pub(crate) fn pulse(&self) {
        self.with(|state, now| state.pulse = Some(now));
    }

    /// Grants a lease, with an id of the caller's choice or a free one.
    pub(crate) fn grant(&self, id: Option<LeaseId>, ttl: Duration) -> Result<At<LeaseId>, StoreError> {
        self.with(|state, now| {
            let id = state.leases.grant(id, ttl, now)?;
            state.note(Entry::Granted { lease: id, ttl });
            Ok(At { revision: state.revision, value: id })
        })
    }

    /// Renews a lease; the time that it lives from now.
    pub(crate) fn keep_alive(&self, lease: LeaseId) -> Result<At<Duration>, StoreError> {
        self.with(|state, now| {
            let ttl = state.leases.renew(lease, now)?;
            Ok(At { revision: state.revision, value: ttl })
        })
    }

    /// Ends a lease and deletes its keys.
    pub(crate) fn revoke(&self, lease: LeaseId) -> Result<At<()>, StoreError> {
        self.with(|state, _| {
            state.revoke(lease)?;
            Ok(At { revision: state.revision, value: () })
        })
    }

    /// What is known of a lease.
    pub(crate) fn lease(&self, lease: LeaseId) -> Result<At<LeaseState>, StoreError> {
        self.with(|state, now| {
            let (remaining, granted, keys) = state.lease(lease, now)?;
            Ok(At { revision: state.revision, value: LeaseState { remaining, granted, keys } })
        })
    }

    /// The leases that live, in order of their ids.
    pub(crate) fn leases(&self) -> At<Vec<LeaseId>> {
        self.with(|state, _| At { revision: state.revision, value: state.leases.ids().collect() })
    }

    /// Waits until the store is past `revision`. Cancel safe.
    pub(crate) async fn wait_past(&self, revision: i64) {
        let mut changes = self.0.changed.subscribe();
        loop {
            changes.mark_unchanged();
            let (current, wake) = self.with(|state, now| {
                let latest = now + LONGEST_SLEEP;
                (self.shown_of(state), state.leases.next_deadline().map_or(latest, |deadline| deadline.min(latest)))
            });
            if current > revision {
                return;
            }
            let _changed_or_time_to_look = shielded(timeout_at(wake, changes.changed())).await;
        }
    }

    /// Every look at the state goes through here: ends what is over, and wakes the waiting if there is a reason.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State, Instant) -> T) -> T {
        let mut state = lock(&self.0.state);
        let now = Instant::now();
        let (revision, deadline) = (state.revision, state.leases.next_deadline());
        state.forgive(now);
        state.expire(now);
        let result = look(&mut state, now);
        let sooner = match (state.leases.next_deadline(), deadline) {
            (Some(next), Some(planned)) => next < planned,
            (next, _) => next.is_some(),
        };
        let wake = match &self.0.log {
            Some(log) => {
                if let Some(entries) = state.entries.as_mut().filter(|entries| !entries.is_empty()) {
                    log.append(mem::take(entries));
                }
                // Who waits for a change is woken when it is kept.
                sooner
            }
            None => sooner || state.revision != revision,
        };
        drop(state);
        if wake {
            self.0.changed.send_replace(());
        }
        result
    }
}

/// What is known of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseState {
    pub(crate) remaining: Duration,
    pub(crate) granted: Duration,
    /// In order.
    pub(crate) keys: Vec<Bytes>,
}
