//! What a peer says of its workers.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether the peer says that its workers are late. Told on the thread of heartbeats, acted upon on the node's runtime.
#[derive(Debug, Default)]
pub(crate) struct PeerLate {
    is_late: AtomicBool,
    changed: Notify,
}

impl PeerLate {
    pub(crate) fn set(&self, is_late: bool) {
        if self.is_late.swap(is_late, Ordering::AcqRel) != is_late {
            self.changed.notify_one();
        }
    }

    /// Waits for news.
    pub(crate) async fn changed(&self) -> bool {
        self.changed.notified().await;
        self.is_late.load(Ordering::Acquire)
    }
}
