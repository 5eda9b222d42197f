//! Where a node's ids come from: the slot that it has, the time that is reserved, and the lease, all behind one lock.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    place::Place,
    reserved::{STEP, ahead},
};
use crate::{
    call::Router,
    clock::Clock,
    error::{Error, NoUniqueId, Result},
    id::{Generator, Short, UniqueId},
    office::{Tenure, Term},
    sync::lock,
};

/// Of one node.
pub(crate) struct Source {
    pub(super) router: Arc<Router>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tenure: Arc<Tenure>,
    pub(super) place: Place,
    known: Mutex<Known>,
    /// Somebody needs an id, and there is none.
    pub(super) wake: Notify,
    /// How often it was tried to have what is needed.
    pub(super) attempts: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) held: Option<Held>,
    /// No id of this node is before this time: milliseconds.
    pub(super) floor: u64,
    /// Why the last attempt has failed.
    pub(super) trouble: Option<NoUniqueId>,
    /// The node leaves: it makes no more.
    pub(super) given_back: bool,
}

/// A slot that the node has.
pub(super) struct Held {
    pub(super) ids: Generator,
    /// By which lease. Under another it must be made sure first that it still has it.
    pub(super) term: Term,
    /// The registry was away since, and may have lost what it was told.
    pub(super) doubted: bool,
    /// It has made ids since that was looked at.
    pub(super) used: bool,
    /// When it was seen last that it had.
    pub(super) last_used: Instant,
    /// Somebody wants more than is reserved.
    pub(super) asked: bool,
}

/// Whether a clock that shows `now` is behind the last id. Nothing is reserved by such a clock: if it is corrected, that would be for
/// nobody.
pub(super) fn is_too_late(now: u64) -> bool {
    now >= UniqueId::END
}

impl Held {
    pub(super) fn new(ids: Generator, term: Term) -> Self {
        Self { ids, term, doubted: false, used: false, last_used: Instant::now(), asked: false }
    }
}

impl Source {
    pub(crate) fn new(router: Arc<Router>, clock: Arc<dyn Clock>, tenure: Arc<Tenure>) -> Arc<Self> {
        Arc::new(Self {
            router,
            clock,
            tenure,
            place: Place::default(),
            known: Mutex::default(),
            wake: Notify::new(),
            attempts: watch::Sender::new(0),
        })
    }

    /// The registry decides from now on. Once, before anybody asks.
    #[cfg(feature = "cluster")]
    pub(crate) fn decide_by(&self, ledger: super::Ledger) {
        self.place.decide_by(ledger);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// What the clock shows, in milliseconds of the time of ids.
    pub(super) fn now(&self) -> u64 {
        UniqueId::millis_of(self.clock.now())
    }

    /// The next id, if there is one at once. If not, it is seen to that there will be.
    pub(super) fn next(&self) -> Result<UniqueId> {
        if let Some(over) = self.router.over() {
            return Err(over.into());
        }
        let mut known = self.lock();
        if known.given_back {
            return Err(Error::Closed);
        }
        let now = self.now();
        let why = match &mut known.held {
            // The lease is looked at after the clock: between the two this process may have stood still for an hour.
            Some(Held { term, .. }) if !self.tenure.is_in(*term) => None,
            Some(Held { ids, used, asked, .. }) => match ids.next(now) {
                Ok(id) => {
                    *used = true;
                    return Ok(id);
                }
                Err(Short { .. }) if is_too_late(now) => Some(NoUniqueId::ClockTooLate),
                Err(Short { wanted }) => {
                    *asked = true;
                    let is_ahead = ids.until().saturating_add(STEP) > ahead(now);
                    is_ahead.then(|| NoUniqueId::Ahead { by: Duration::from_millis(wanted.saturating_sub(now)) })
                }
            },
            None => None,
        };
        let why = why.or_else(|| known.trouble.clone()).unwrap_or(NoUniqueId::NotYet);
        drop(known);
        self.wake.notify_one();
        Err(why.into())
    }

    /// Gives the slot back: from now on this node makes no ids.
    #[cfg(feature = "cluster")]
    pub(crate) async fn give_back(&self) {
        let held = {
            let mut known = self.lock();
            known.given_back = true;
            known.held.take()
        };
        self.ends();
        if let Some(Held { ids, .. }) = held {
            let here = self.router.directory().here();
            self.place.give_back(here, ids.slot(), ids.unused(), self.now()).await;
        }
    }

    /// The node has ended, or leaves: those who wait look again.
    pub(crate) fn ends(&self) {
        self.attempts.send_modify(|attempts| *attempts += 1);
    }
}
