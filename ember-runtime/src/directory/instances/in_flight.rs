//! How many calls of this node wait for an instance. Callers that know where their calls go, count them by thread: words that
//! threads share cost more than all else that is done for a call.

use std::{
    mem,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::instance::Instance;

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

impl Share {
    pub(crate) fn of(instance: Arc<Instance>) -> Self {
        let in_flight = Arc::clone(instance.in_flight.begin());
        let (shared, kept) = (Arc::new(Shared(instance)), Arc::new(AtomicUsize::new(1)));
        in_flight.share(Arc::downgrade(&shared) as _, &kept);
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
        directory::records::NodeRecord,
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
        assert_eq!(in_flight.shares(), 0);
    }
}
