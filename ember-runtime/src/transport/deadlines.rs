//! The deadlines of calls that wait for their answers. They are watched where the heartbeat is, on a thread on which code of users
//! never runs: a handler that blocks its worker may keep tasks that were woken there from running, and deadlines must pass all the same.

use std::{future::pending, task::Waker};

use tokio::time::{Instant, sleep_until};

use super::session::Session;
use crate::panics::woken;

/// Answers calls whose deadlines have passed. Never ends.
pub(super) async fn expire(session: &Session) -> String {
    loop {
        let due = session.callers.due();
        let passed = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = passed => {
                session.callers.expire(Instant::now()).into_iter().for_each(wake);
            }
            () = session.earlier.notified() => {}
        }
    }
}

/// Wakes whoever polls the call.
pub(super) fn wake(waker: Waker) {
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
