//! What is waited for again and again, now by one task and now by another: a timer, which costs more to make than to use.

use std::{
    fmt,
    sync::{Arc, Mutex},
    task::{Context, Wake, Waker},
};

use super::lock;
use crate::panics::woken;

/// Wakes whoever has waited last, and does not panic when that one's waker does: it may be of an executor of the user's.
pub(crate) struct Bell {
    /// Says of `waker` whom it wakes.
    rings: Arc<Rings>,
    waker: Waker,
}

#[derive(Default)]
struct Rings(Mutex<Option<Waker>>);

impl Bell {
    pub(crate) fn new() -> Self {
        let rings = Arc::new(Rings::default());
        Self { waker: Waker::from(Arc::clone(&rings)), rings }
    }

    /// What to poll with, so that `task` is woken once.
    pub(crate) fn for_task(&self, task: &Context<'_>) -> Context<'_> {
        if !self.rings.is_for(task.waker()) {
            self.rings.set(Some(task.waker().clone()));
        }
        Context::from_waker(&self.waker)
    }

    /// Nobody waits any more.
    pub(crate) fn mute(&self) {
        self.rings.set(None);
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}

impl Rings {
    fn is_for(&self, waker: &Waker) -> bool {
        lock(&self.0).as_ref().is_some_and(|own| own.will_wake(waker))
    }

    /// A waker is dropped when nothing is locked: it may own a task, and that anything.
    fn set(&self, waker: Option<Waker>) {
        let old = std::mem::replace(&mut *lock(&self.0), waker);
        if old.is_some() {
            woken(|| drop(old));
        }
    }
}

impl Wake for Rings {
    fn wake(self: Arc<Self>) {
        let waker = lock(&self.0).take();
        if let Some(waker) = waker {
            woken(|| waker.wake_by_ref());
            woken(|| drop(waker));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts how often it is woken; then it panics.
    #[derive(Default)]
    struct Bad(AtomicUsize);

    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("this waker panics");
        }
    }

    #[test]
    fn bell_wakes_the_last_one_once_and_holds_nobody_afterwards() {
        let bell = Bell::new();
        let tasks = [Arc::new(Bad::default()), Arc::new(Bad::default())];
        for task in &tasks {
            let waker = Waker::from(Arc::clone(task));
            let _ = bell.for_task(&Context::from_waker(&waker));
        }
        [(), ()].iter().for_each(|()| bell.waker.wake_by_ref());
        assert_eq!(tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed)), [0, 1]);
        assert_eq!(tasks.each_ref().map(Arc::strong_count), [1, 1]);
    }

    #[test]
    fn muted_bell_wakes_nobody_and_holds_nobody() {
        let (bell, task) = (Bell::new(), Arc::new(Bad::default()));
        let waker = Waker::from(Arc::clone(&task));
        let _ = bell.for_task(&Context::from_waker(&waker));
        drop(waker);
        bell.mute();
        assert_eq!(Arc::strong_count(&task), 1);
        bell.waker.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
    }
}
