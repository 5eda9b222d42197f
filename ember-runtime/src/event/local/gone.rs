//! What is the user's and nobody has any more.

use crate::panics::dispose;

/// Drops events that are kept no more, or a subscriber that has left, each by itself: it is the user's, and may panic as it is dropped. That is told to the
/// log, and ends neither the task that drops it nor what that does for others.
pub(crate) fn let_go<T>(all: impl IntoIterator<Item = T>) {
    for one in all {
        if let Err(panic) = dispose(one) {
            tracing::error!(target: "ember::event", %panic, "an event, or what belongs to its subscriber, panicked as it was dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Bomb<'a>(&'a AtomicU32);

    impl Drop for Bomb<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("dropped");
        }
    }

    #[test]
    fn each_is_dropped_whatever_the_others_do_and_no_panic_goes_on() {
        let count = AtomicU32::new(0);
        let_go([Bomb(&count), Bomb(&count)]);
        let_go(Some(Bomb(&count)));
        assert_eq!(count.into_inner(), 3);
    }
}
