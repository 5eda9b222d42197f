//! The deadlines of calls that wait for their answers. They are watched where the heartbeat is, on a thread on which code of users
//! never runs: a handler that blocks its worker may keep tasks that were woken there from running, and deadlines must pass all the same.

use std::future::pending;

use tokio::time::{Instant, sleep_until};

use super::{pulse::Wakes, session::Session};

/// Answers calls whose deadlines have passed. Never ends.
pub(super) async fn expire(session: &Session, wakes: Wakes) -> String {
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
                wakes.wake(session.callers.expire(Instant::now())).await;
            }
            () = session.earlier.notified() => {}
        }
    }
}
