//! Counts the calls of this node that wait for one instance.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use crate::{
    actor::Load,
    directory::breakers::{BreakerState, Circuit},
    sync::lock,
};

/// Counts the calls that wait for an instance. There is nothing to count before the first: of most of a large cluster's
/// instances a node never calls any.
#[derive(Debug, Default)]
pub(crate) struct Counter(OnceLock<Arc<InFlight>>);

impl Counter {
    /// Those that wait, from now on.
    pub(crate) fn begin(&self) -> &Arc<InFlight> {
        self.0.get_or_init(Arc::default)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get().map_or(0, |waiting| waiting.count())
    }

    /// Its node says how busy it is. Of one that is idle there is nothing to keep.
    #[cfg(feature = "cluster")]
    pub(crate) fn report(&self, load: Load) {
        if load.total() > 0 || self.0.get().is_some() {
            self.begin().report(load);
        }
    }

    /// How busy it was when its node last said so.
    pub(crate) fn reported(&self) -> Load {
        self.0.get().map_or_else(Load::default, |waiting| waiting.reported())
    }

    /// How much it has to do, as far as is known here: what its node said last of the calls of others, and the calls of this node.
    pub(crate) fn busy(&self) -> usize {
        self.0.get().map_or(0, |waiting| waiting.busy())
    }

    pub(crate) fn breaker(&self) -> BreakerState {
        self.0.get().map_or(BreakerState::Closed, |waiting| waiting.circuit.state())
    }

    /// Whether a call may become the probe of a breaker that is half-open.
    pub(crate) fn wants_probe(&self) -> bool {
        self.0.get().is_some_and(|waiting| waiting.circuit.wants_probe())
    }

    /// Whether a call that the one counts is counted by the other.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.0.get().zip(other.0.get()).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl Clone for Counter {
    /// The same calls, also those that begin later: an instance that changes stays the one that it is.
    fn clone(&self) -> Self {
        Self(OnceLock::from(Arc::clone(self.begin())))
    }
}

/// All that wait for an instance, and what became of those before.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    pub(crate) circuit: Circuit,
    /// Those that are not in a share.
    others: AtomicUsize,
    shares: Mutex<Vec<Counted>>,
    /// What its node said last of how busy it is: how many run, and how many wait.
    reported: [AtomicU32; 2],
    /// How many of those were calls of this node.
    own: AtomicUsize,
}

/// A share, as the instance knows it.
#[derive(Debug)]
struct Counted {
    shared: Weak<dyn Any + Send + Sync>,
    /// How many references are none of calls.
    kept: Arc<AtomicUsize>,
}

/// A call in flight that is in no share.
#[derive(Debug)]
pub(crate) struct Other<'a>(&'a InFlight);

impl InFlight {
    pub(crate) fn count(&self) -> usize {
        let shares = lock(&self.shares);
        let calls = |it: &Counted| it.shared.strong_count().saturating_sub(it.kept.load(Ordering::Relaxed));
        self.others.load(Ordering::Relaxed) + shares.iter().map(calls).sum::<usize>()
    }

    #[cfg(feature = "cluster")]
    fn report(&self, load: Load) {
        self.reported[0].store(load.running, Ordering::Relaxed);
        self.reported[1].store(load.waiting, Ordering::Relaxed);
        self.own.store(self.count(), Ordering::Relaxed);
    }

    fn reported(&self) -> Load {
        let [running, waiting] = self.reported.each_ref().map(|count| count.load(Ordering::Relaxed) as usize);
        Load::new(running, waiting)
    }

    fn busy(&self) -> usize {
        let others = self.reported().total().saturating_sub(self.own.load(Ordering::Relaxed));
        others.saturating_add(self.count())
    }

    /// Those in a share count from now on: as many as refer to it, but for those that are `kept`.
    pub(crate) fn share(&self, shared: Weak<dyn Any + Send + Sync>, kept: &Arc<AtomicUsize>) {
        let mut shares = lock(&self.shares);
        shares.retain(|share| share.shared.strong_count() > 0);
        shares.push(Counted { shared, kept: Arc::clone(kept) });
    }

    /// How many shares there are.
    #[cfg(test)]
    pub(crate) fn shares(&self) -> usize {
        let shares = lock(&self.shares);
        shares.iter().filter(|share| share.shared.strong_count() > 0).count()
    }

    pub(crate) fn one(&self) -> Other<'_> {
        self.others.fetch_add(1, Ordering::Relaxed);
        Other(self)
    }
}

impl Drop for Other<'_> {
    fn drop(&mut self) {
        self.0.others.fetch_sub(1, Ordering::Relaxed);
    }
}
