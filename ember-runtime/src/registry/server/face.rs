//! What the services share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::identity::{Member, TERM};
use crate::registry::{
    protocol::ResponseHeader,
    store::{At, Store, StoreError, Txn, TxnDone},
};

/// Watches that all clients together may have.
const WATCHES: usize = 16_384;

/// The store as etcd's clients see it.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub(super) store: Store,
    pub(super) member: Arc<Member>,
    watches: Arc<Semaphore>,
}

impl Face {
    pub(super) fn new(store: Store, member: Member) -> Self {
        Self { store, member: Arc::new(member), watches: Arc::new(Semaphore::new(WATCHES)) }
    }

    #[allow(clippy::unnecessary_wraps, reason = "every message has an optional header")]
    pub(super) fn header(&self, revision: i64) -> Option<ResponseHeader> {
        let Member { cluster_id, id: member_id, .. } = *self.member;
        Some(ResponseHeader { cluster_id, member_id, revision, raft_term: TERM })
    }

    /// Does it; returns when the outcome is kept, if that is to be, with everything that it was read from, a refusal too.
    pub(super) async fn commit(&self, txn: &Txn) -> Result<At<TxnDone>, StoreError> {
        self.store.room().await?;
        let done = self.store.commit(txn);
        self.store.settled().await?;
        done
    }

    /// The right to one more watch, if there is any left.
    pub(super) fn watch_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.watches).try_acquire_owned().ok()
    }
}
