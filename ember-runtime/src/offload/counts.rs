//! What a pool has done so far.

/// What the pool of a node for offloaded work is doing, and has done since the node was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OffloadCounts {
    /// Pieces that wait for their turn.
    pub waiting: usize,
    /// Keys under which a piece waits or runs; each piece without a key counts as one.
    pub keys: usize,
    /// Pieces of blocking work that run.
    pub running: usize,
    /// Futures that run.
    pub futures: usize,
    /// Threads that there are. One that has had nothing to do for 10 s ends.
    pub threads: usize,
    /// Pieces that have come to their ends.
    pub done: u64,
    /// Pieces that panicked.
    pub panicked: u64,
    /// Pieces that were refused, because there was no room for them.
    pub refused: u64,
    /// Pieces that were dropped before they had begun, because their owner had ended.
    pub dropped: u64,
}
