//! How many events have passed.

use crate::event::away::Hub;

/// Events of one node since it was started: [`Node::event_counts`](crate::node::Node::event_counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventCounts {
    /// Given to `publish_to` on this node.
    pub published: u64,
    /// How often one of them was turned into bytes: once, however many nodes it goes to, and not at all if it goes to none.
    pub encoded: u64,
    /// Queued for another node, once for each such node.
    pub queued: u64,
    /// Those that another node misses, once for each such node: there was no room, they could not be written, or it was away, also while they waited for it. Of these some may have
    /// arrived, if it had not answered yet.
    pub dropped: u64,
    /// Batches of them that other nodes have answered. Events that are published while one is on its way go together in the next.
    pub batches: u64,
    /// Events that have come from other nodes.
    pub received: u64,
    /// Events that subscribers here have missed, each counted once for each of them.
    pub missed: u64,
}

impl EventCounts {
    pub(super) fn of(hub: &Hub) -> Self {
        let counts = &hub.counts;
        Self {
            published: counts.published.now(),
            encoded: counts.encoded.now(),
            queued: counts.queued.now(),
            dropped: hub.dropped(),
            batches: counts.batches.now(),
            received: counts.received.now(),
            missed: hub.missed(),
        }
    }
}
