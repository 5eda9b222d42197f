//! Who is to be woken, where a lock guards that. A waker may be anything of the user's, also what owns a task that holds a call: it
//! is cloned, dropped and woken with nothing locked.

use std::{mem, task::Waker};

use crate::panics::woken;

/// Sees to it that `task` is woken; `false` if `spare` has to hold a clone of it first. Then `spare` holds what was there before, which
/// is to be dropped when nothing is locked any more.
#[inline]
pub(crate) fn watch(place: &mut Option<Waker>, task: &Waker, spare: &mut Option<Waker>) -> bool {
    let is_known = place.as_ref().is_some_and(|known| known.will_wake(task));
    if !is_known && spare.is_some() {
        mem::swap(place, spare);
        return true;
    }
    is_known
}

/// Wakes a task. It may be anything of the user's: if that panics, it is nobody else's panic.
pub(crate) fn wake(waker: Waker) {
    woken(|| waker.wake());
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Wake};

    use super::*;

    struct Bad;

    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("this waker panics");
        }
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_from_being_woken() {
        let told = Arc::new(Counts(std::sync::atomic::AtomicU32::new(0)));
        [Waker::from(Arc::new(Bad)), Waker::from(Arc::clone(&told))].into_iter().for_each(wake);
        assert_eq!(told.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    struct Counts(std::sync::atomic::AtomicU32);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
