//! Signs of life: one is sent every heartbeat, and their absence ends the link. Any byte that arrives is one, so that a
//! large message on a slow connection does not look like death.
//!
//! Both nodes should have the same settings: each expects the other to be as lively as itself. If one direction is lost,
//! the end that hears nothing closes the connection, and that tells the other end.

use tokio::time::{Instant, sleep_until};

use super::{lock, session::Session};

/// Ends when nothing was heard from the peer for too long.
pub(super) async fn watch(session: &Session) -> String {
    let (heartbeat, grace) = (session.config.heartbeat, session.config.grace);
    let mut next_ping = Instant::now();
    let mut last_heard = session.sever.last_heard();
    loop {
        let due = next_ping.min(last_heard + heartbeat + grace);
        sleep_until(due).await;
        let now = Instant::now();
        if now >= next_ping {
            session.control.ping();
            lock(&session.outbox).tidy();
            next_ping = now + heartbeat;
        }
        last_heard = last_heard.max(session.sever.last_heard());
        if now > due + grace {
            // This process itself stood still: what the peer sent meanwhile has yet to be read.
            last_heard = now;
        }
        if now >= last_heard + heartbeat + grace {
            return format!("nothing was heard from it for {:?}", heartbeat + grace);
        }
    }
}
