//! What the three services share.

use std::sync::Arc;

use etcd_client::proto::PbResponseHeader;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::registry::store::Store;

/// Watches that all clients together may have.
const WATCHES: usize = 16_384;

/// The store as etcd's clients see it.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub(super) store: Store,
    watches: Arc<Semaphore>,
}

impl Face {
    pub(super) fn new(store: Store) -> Self {
        Self { store, watches: Arc::new(Semaphore::new(WATCHES)) }
    }

    #[allow(clippy::unnecessary_wraps, reason = "every message has an optional header")]
    pub(super) fn header(&self, revision: i64) -> Option<PbResponseHeader> {
        // No id may be 0: clients take that for "not set".
        let cluster_id = self.store.incarnation().max(1);
        Some(PbResponseHeader { cluster_id, member_id: cluster_id, revision, raft_term: 1 })
    }

    /// The right to one more watch, if there is any left.
    pub(super) fn watch_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.watches).try_acquire_owned().ok()
    }
}
