//! How many calls of this node wait for an instance. Callers that know where their calls go, count them by thread: words that
//! threads share cost more than all else that is done for a call.

use std::{
    mem,
    ops::Deref,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Instance;

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

/// All that wait for an instance.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    /// Those that are not in a share.
    others: AtomicUsize,
    shares: Mutex<Vec<Counted>>,
}

/// A share, as the instance knows it.
#[derive(Debug)]
struct Counted {
    shared: Weak<Shared>,
    /// How many references are none of calls.
    kept: Arc<AtomicUsize>,
}

/// What a thread remembers of an instance, to count the calls that it makes to it.
#[derive(Debug)]
pub(crate) struct Share {
    shared: Arc<Shared>,
    kept: Arc<AtomicUsize>,
}

/// Each waiting call has a reference, and the [`Share`] one, as long as it is there.
#[derive(Debug)]
struct Shared(Arc<Instance>);

/// A call in flight.
#[derive(Debug)]
pub(crate) struct InShare(Arc<Shared>);

/// A call in flight that is in no share.
#[derive(Debug)]
pub(crate) struct Other<'a>(&'a InFlight);

impl InFlight {
    pub(crate) fn count(&self) -> usize {
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = |it: &Counted| it.shared.strong_count().saturating_sub(it.kept.load(Ordering::Relaxed));
        self.others.load(Ordering::Relaxed) + shares.iter().map(calls).sum::<usize>()
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

impl Share {
    pub(crate) fn of(instance: Arc<Instance>) -> Self {
        let in_flight = Arc::clone(instance.in_flight.begin());
        let (shared, kept) = (Arc::new(Shared(instance)), Arc::new(AtomicUsize::new(1)));
        let mut shares = in_flight.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|share| share.shared.strong_count() > 0);
        shares.push(Counted { shared: Arc::downgrade(&shared), kept: Arc::clone(&kept) });
        Self { shared, kept }
    }

    /// A call begins to wait.
    #[inline]
    pub(crate) fn one(&self) -> InShare {
        InShare(Arc::clone(&self.shared))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.kept.store(0, Ordering::Relaxed);
    }
}

impl Deref for Share {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.shared.0
    }
}

impl Deref for InShare {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.0.0
    }
}

const _: () = assert!(mem::size_of::<InShare>() == mem::size_of::<usize>(), "it travels with each call");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actor::{ServiceIdentity, ServiceState},
        directory::NodeRecord,
        id::{Incarnation, NodeId, NodeKey, Pid},
    };

    fn instance() -> Instance {
        let key = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let record = NodeRecord::new(key, "here".into(), "127.0.0.1:0".parse().unwrap(), 0);
        let identity = Arc::new(ServiceIdentity::supposed("desk", 1, 0));
        Instance::new(Pid { node: key, number: 1 }, identity, Arc::new(record), ServiceState::Running)
    }

    #[test]
    fn calls_are_counted_until_they_end_also_after_their_thread_has_forgotten_the_instance() {
        let instance = Arc::new(instance());
        let in_flight = Arc::clone(instance.in_flight.begin());
        let (here, there) = (Share::of(Arc::clone(&instance)), Share::of(instance));
        let (first, second, other) = (here.one(), there.one(), in_flight.one());
        assert_eq!(in_flight.count(), 3);
        drop((here, other));
        assert_eq!(in_flight.count(), 2);
        drop(first);
        drop((there, second));
        assert_eq!(in_flight.count(), 0);
        assert_eq!(in_flight.shares.lock().unwrap().iter().filter(|share| share.shared.strong_count() > 0).count(), 0);
    }
}
