//! The planned end of all links.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::links::Links;
use crate::sync::lock;

impl Links {
    /// Ends all links: refuses new calls, waits until the replies that peers wait for are written and received, then
    /// closes everything. Takes `budget` at most; what is not done by then is cut.
    pub(crate) async fn shutdown(&self, budget: Duration) {
        const WHY: &str = "the node is shutting down";
        lock(&self.table).closed = true;
        let sessions = self.sessions();
        let ends = sessions.iter().map(|session| {
            session.finish(WHY);
            session.reached(|progress| progress.stop.is_some())
        });
        if timeout(budget, join_all(ends)).await.is_err() {
            tracing::warn!(target: "ember::link", "the links were cut: their calls took longer than the shutdown");
        }
        self.close(WHY);
        let server = lock(&self.server).take();
        if let Some(server) = server {
            // It was aborted; once it has ended its address is free.
            let _ = server.await;
        }
    }
}
