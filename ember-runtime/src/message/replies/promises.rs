//! Replies that are still to come, though their methods have returned: a node that ends waits for them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::sync::lock;

/// So often it is looked whether callers have gone, which nobody tells.
const LOOK: Duration = Duration::from_millis(50);

/// A reply that comes later.
pub(crate) trait Awaited: Send + Sync {
    /// Whether there is still a caller who waits for it.
    fn is_awaited(&self) -> bool;
}

/// Those of one node.
#[derive(Default)]
pub(crate) struct Promises {
    open: Mutex<Open>,
    /// The last one has gone.
    none_left: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_number: BTreeMap<u64, Promise>,
}

#[derive(Clone)]
struct Promise {
    service: &'static str,
    method: &'static str,
    reply: Weak<dyn Awaited>,
}

/// One of them, until this is dropped.
pub(crate) struct Promised {
    of: Arc<Promises>,
    number: u64,
}

impl Promises {
    /// A method of a service has promised this reply.
    pub(crate) fn add(
        self: &Arc<Self>,
        service: &'static str,
        method: &'static str,
        reply: Weak<dyn Awaited>,
    ) -> Promised {
        let mut open = lock(&self.open);
        let number = open.next;
        open.next += 1;
        open.by_number.insert(number, Promise { service, method, reply });
        Promised { of: Arc::clone(self), number }
    }

    /// The service and the method of each reply that somebody waits for.
    pub(crate) fn awaited(&self) -> Vec<(&'static str, &'static str)> {
        // Asked without the lock: what is dropped here may be the last of a reply.
        let open: Vec<_> = lock(&self.open).by_number.values().cloned().collect();
        let is_awaited = |promise: &Promise| promise.reply.upgrade().is_some_and(|reply| reply.is_awaited());
        open.into_iter().filter(is_awaited).map(|promise| (promise.service, promise.method)).collect()
    }

    /// Waits until nobody waits for any of them.
    pub(crate) async fn kept(&self) {
        while !self.awaited().is_empty() {
            let _ = timeout(LOOK, self.all_kept()).await;
        }
    }

    /// Waits until there are none.
    async fn all_kept(&self) {
        loop {
            let none_left = self.none_left.notified();
            if lock(&self.open).by_number.is_empty() {
                return;
            }
            none_left.await;
        }
    }
}

impl Drop for Promised {
    fn drop(&mut self) {
        let mut open = lock(&self.of.open);
        open.by_number.remove(&self.number);
        let none_left = open.by_number.is_empty();
        drop(open);
        if none_left {
            self.of.none_left.notify_waiters();
        }
    }
}
