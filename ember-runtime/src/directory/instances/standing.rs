//! What an instance of an elected service is in its group, and what all who call the group share of it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    id::Epoch,
    office::{Role, Shown},
    sync::lock,
};

/// What an instance of an elected service is, as far as this node knows.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) role: Role,
    /// That of the master, or of the last one; none if no master is known yet.
    pub(crate) epoch: Option<Epoch>,
    pub(crate) office: Arc<OfficeSeen>,
}

impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        (self.role, self.epoch) == (other.role, other.epoch)
    }
}

/// An office, as those see it who call its master.
#[derive(Debug, Default)]
pub(crate) struct OfficeSeen {
    /// The highest epoch that was ever seen; 0 if none was.
    highest: AtomicU64,
    /// How many calls look for the master anew.
    looking: AtomicUsize,
    /// Those of each service, in the order in which they began to; the first may go on.
    by_caller: Mutex<BTreeMap<u64, VecDeque<Arc<Notify>>>>,
    /// Why there is no master, if that does not end by itself.
    vacancy: Mutex<Option<Arc<str>>>,
    /// Its group has a state, as the registry says.
    replicated: AtomicBool,
    /// How much of that the clients here have seen.
    shown: Arc<Shown>,
}

impl OfficeSeen {
    /// Of a group of whose state so much has been seen.
    pub(crate) fn of(shown: Arc<Shown>) -> Self {
        Self { shown, ..Self::default() }
    }

    /// How much of its group's state the clients here have seen, if that has one.
    #[inline]
    pub(crate) fn shown(&self) -> Option<&Arc<Shown>> {
        self.replicated.load(Ordering::Relaxed).then_some(&self.shown)
    }

    /// Whether its group has a state.
    pub(crate) fn is_replicated(&self, it_is: bool) {
        self.replicated.store(it_is, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn highest(&self) -> Option<Epoch> {
        Some(Epoch(self.highest.load(Ordering::Acquire))).filter(|epoch| epoch.0 > 0)
    }

    /// What was known before.
    pub(crate) fn raise(&self, epoch: Epoch) -> Option<Epoch> {
        Some(Epoch(self.highest.fetch_max(epoch.0, Ordering::AcqRel))).filter(|epoch| epoch.0 > 0)
    }

    /// Why there is no master, if that does not end by itself.
    pub(crate) fn vacancy(&self) -> Option<Arc<str>> {
        lock(&self.vacancy).clone()
    }

    pub(crate) fn is_vacant(&self, why: Option<String>) {
        *lock(&self.vacancy) = why.map(Into::into);
    }

    /// Whether some caller's calls have to keep an order.
    #[inline]
    pub(crate) fn is_looked_for(&self) -> bool {
        self.looking.load(Ordering::Acquire) > 0
    }

    /// Whether a call of this service that looks for the master anew has not ended.
    pub(crate) fn is_looked_for_by(&self, caller: u64) -> bool {
        self.is_looked_for() && lock(&self.by_caller).contains_key(&caller)
    }

    /// A call of this service is behind all those that look for the master already. It has its turn until the result is dropped, which is done when it is on its way to a master: from there on the link and the mailbox keep the order.
    pub(crate) fn line_up(self: &Arc<Self>, caller: u64) -> Turn {
        let first = Arc::new(Notify::new());
        let mut by_caller = lock(&self.by_caller);
        self.looking.fetch_add(1, Ordering::AcqRel);
        let line = by_caller.entry(caller).or_default();
        if line.is_empty() {
            first.notify_one();
        }
        line.push_back(Arc::clone(&first));
        drop(by_caller);
        Turn { office: Arc::clone(self), caller, first, has_come: false }
    }
}

/// The place of a call among those of one service that look for a master.
#[derive(Debug)]
pub(crate) struct Turn {
    office: Arc<OfficeSeen>,
    caller: u64,
    /// Told once, when none is before it any more.
    first: Arc<Notify>,
    has_come: bool,
}

impl Turn {
    /// Waits until all that began to look before it have found their master, or have ended. Cancel safe.
    pub(crate) async fn come(&mut self) {
        if !self.has_come {
            self.first.notified().await;
            self.has_come = true;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut by_caller = lock(&self.office.by_caller);
        self.office.looking.fetch_sub(1, Ordering::AcqRel);
        let Some(line) = by_caller.get_mut(&self.caller) else { return };
        let place = line.iter().position(|other| Arc::ptr_eq(other, &self.first));
        if let Some(place) = place {
            line.remove(place);
        }
        match line.front() {
            Some(next) if place == Some(0) => next.notify_one(),
            Some(_) => {}
            None => drop(by_caller.remove(&self.caller)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn calls_of_one_service_go_on_in_their_order_and_those_of_others_at_once() {
        let office = Arc::new(OfficeSeen::default());
        let (mut one, mut two, mut three, mut other) =
            (office.line_up(7), office.line_up(7), office.line_up(7), office.line_up(8));
        let comes = |turn: &mut Turn| turn.come().now_or_never().is_some();
        assert!(comes(&mut one) && comes(&mut other) && !comes(&mut two) && !comes(&mut three));
        // One that gives up lets nobody pass before the first has ended.
        drop(two);
        assert!(!comes(&mut three) && office.is_looked_for_by(7));
        drop(one);
        assert!(comes(&mut three) && comes(&mut three), "it has come");
        drop((three, other));
        assert!(!office.is_looked_for() && !office.is_looked_for_by(7));
    }
}
