//! The newest value, for several who wait. As tokio's `watch`, but those who wait are woken in the order in which they began
//! to: tokio wakes them in a random one, which calls that wait for the same link, and a simulation, would see.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use super::{lock, shield::shielded};

/// Sets the value. When it is dropped, the waiting are told.
#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Shared<T>>);

/// Waits for changes.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// There will be no further value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

#[derive(Debug)]
struct Shared<T> {
    value: Mutex<T>,
    version: AtomicU64,
    closed: AtomicBool,
    changed: Notify,
}

impl<T> Sender<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Shared {
            value: Mutex::new(value),
            version: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            changed: Notify::new(),
        }))
    }

    /// A receiver that has seen the present value.
    pub(crate) fn subscribe(&self) -> Receiver<T> {
        Receiver { shared: Arc::clone(&self.0), seen: self.0.version.load(Ordering::Acquire) }
    }

    pub(crate) fn send_replace(&self, value: T) {
        self.send_modify(|present| *present = value);
    }

    /// Whether there are receivers.
    pub(crate) fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Changes the value in place; `change` says whether it did, and only then are the waiting woken.
    pub(crate) fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) {
        if change(&mut lock(&self.0.value)) {
            self.0.version.fetch_add(1, Ordering::Release);
            self.0.changed.notify_waiters();
        }
    }

    /// Changes the value in place.
    pub(crate) fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.changed.notify_waiters();
    }
}

impl<T> Receiver<T> {
    /// Takes the present value for seen.
    pub(crate) fn mark_unchanged(&mut self) {
        self.seen = self.shared.version.load(Ordering::Acquire);
    }

    /// Whether there is a value that was not seen.
    pub(crate) fn has_changed(&self) -> bool {
        self.shared.version.load(Ordering::Acquire) != self.seen
    }

    /// Waits for a value that was not seen, and takes it for seen. Cancel safe.
    pub(crate) async fn changed(&mut self) -> Result<(), Closed> {
        self.seen = self.unseen().await?;
        Ok(())
    }

    /// Waits for a value that was not seen; which one it is. It stays so. Cancel safe.
    pub(crate) async fn unseen(&self) -> Result<u64, Closed> {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            // Before the version: a value sent before the end still counts.
            let closed = self.shared.closed.load(Ordering::Acquire);
            let version = self.shared.version.load(Ordering::Acquire);
            if version != self.seen {
                return Ok(version);
            }
            if closed {
                return Err(Closed);
            }
            shielded(changed).await;
        }
    }

    /// Waits for a value like this, the present one included. Cancel safe.
    pub(crate) async fn wait_for(&mut self, fits: impl Fn(&T) -> bool) -> Result<T, Closed>
    where
        T: Clone,
    {
        loop {
            self.mark_unchanged();
            let value = lock(&self.shared.value).clone();
            if fits(&value) {
                return Ok(value);
            }
            self.changed().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Wake, Waker};

    use super::*;

    #[tokio::test]
    async fn the_waiting_are_woken_in_the_order_of_their_waiting() {
        let sender = Sender::new(0);
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (mut receiver, order, waiting) = (sender.subscribe(), Arc::clone(&order), Arc::clone(&waiting));
                tokio::spawn(async move {
                    waiting.fetch_add(1, Ordering::Relaxed);
                    receiver.wait_for(|value| *value == 1).await.unwrap();
                    order.lock().unwrap().push(number);
                })
            })
            .collect();
        // tokio comes back to the test before it has begun all of them.
        while waiting.load(Ordering::Relaxed) < 100 {
            tokio::task::yield_now().await;
        }
        sender.send_replace(1);
        for task in tasks {
            task.await.unwrap();
        }
        assert!(order.lock().unwrap().is_sorted());
    }

    /// Counts how often it was woken, and panics if it is to.
    struct Counts(AtomicU64, bool);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            assert!(!self.1, "a waker that panics");
        }
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_from_being_woken() {
        let sender = Sender::new(0);
        let wakers: Vec<_> = (0..100).map(|number| Arc::new(Counts(AtomicU64::new(0), number % 7 == 0))).collect();
        let mut waiting: Vec<_> = wakers
            .iter()
            .map(|waker| {
                let mut receiver = sender.subscribe();
                let mut changed = Box::pin(async move { receiver.changed().await });
                let waker = Waker::from(Arc::clone(waker));
                assert!(changed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                changed
            })
            .collect();
        sender.send_replace(1);
        assert!(wakers.iter().all(|waker| waker.0.load(Ordering::Relaxed) == 1));
        waiting.clear();
    }

    #[tokio::test]
    async fn the_last_value_is_seen_and_then_the_end() {
        let sender = Sender::new(0);
        let mut receiver = sender.subscribe();
        sender.send_replace(1);
        drop(sender);
        assert_eq!((receiver.changed().await, receiver.changed().await), (Ok(()), Err(Closed)));
    }
}
