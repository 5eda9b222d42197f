//! How many handlers of a service are at work at once, and what waits for them.

use std::{ops::RangeInclusive, time::Duration};

/// How many handlers of a service are at work at once, and what waits for them: what scaling reads and moves.
/// Object-safe, so that a test of a strategy implements it on recorded numbers.
pub(crate) trait Workers: Send + Sync {
    /// Within what `set` moves the limit; both ends are at least 1. Equal if the service has no range: then there is nothing to scale.
    fn bounds(&self) -> RangeInclusive<u32>;
    /// The limit now. Starts at the lower bound.
    fn now(&self) -> u32;
    /// Moves the limit, into the bounds; what it is now. Growing starts what waits at once; after shrinking the handlers that run go on to
    /// their end, and none begins until fewer than that run. Never moves or reorders what waits.
    fn set(&self, workers: u32) -> u32;
    /// Handlers that have begun and have not ended, also while they await; of a sharded service the shards that run, and do not await. Can be
    /// above `now()` for a while after shrinking.
    fn busy(&self) -> u32;
    /// Messages that wait: also those of a key, or a shard, of which one runs.
    fn waiting(&self) -> usize;
    /// Of those, how many a worker more could begin at once (their key is free). This is what growth helps.
    fn ready(&self) -> usize;
    /// How long the oldest that waits has waited (tokio's clock, so virtual time in tests). `None` if none does.
    fn oldest(&self) -> Option<Duration>;
    /// The 99th percentile of how long messages waited that have begun since this was last asked; what began at once counts as zero.
    /// One asker. As good as that: how long the oldest waits.
    fn wait_p99(&self) -> Option<Duration> {
        self.oldest()
    }
}
