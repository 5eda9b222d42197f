//! How much has passed.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the node has started.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Events that were given to `publish_to`.
    pub(crate) published: Count,
    /// How often one of them was turned into bytes.
    pub(crate) encoded: Count,
    /// Events that were put into the queue for another node, once for each.
    pub(crate) queued: Count,
    /// Batches that other nodes have answered.
    pub(crate) batches: Count,
    /// Events of other nodes.
    pub(crate) received: Count,
}

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
