//! How many handlers of a service are at work at once: what scaling reads and moves.

use std::{ops::RangeInclusive, time::Duration};

/// The workers of a concurrent service, as they are at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerCounts {
    /// The bounds of their number: the two ends of `workers = 2..=16`.
    pub bounds: (u32, u32),
    /// So many handlers may run at once.
    pub limit: u32,
    /// So many do, those included that wait for something. After the limit was lowered it can be more for a while.
    pub busy: u32,
    /// Messages that wait, also those of a key of which one runs.
    pub waiting: usize,
    /// Of those, how many could begin at once if there were as many workers.
    pub ready: usize,
    /// How long the one that waits longest has waited.
    pub oldest: Option<Duration>,
}

impl dyn Workers + '_ {
    /// All of it.
    pub(crate) fn counts(&self) -> WorkerCounts {
        let bounds = self.bounds();
        WorkerCounts {
            bounds: (*bounds.start(), *bounds.end()),
            limit: self.now(),
            busy: self.busy(),
            waiting: self.waiting(),
            ready: self.ready(),
            oldest: self.oldest(),
        }
    }
}

/// The workers of a service of which several handlers run at once.
pub(crate) trait Workers: Send + Sync {
    /// Within what the limit can be moved; both ends are at least 1. Equal where there is nothing to move.
    fn bounds(&self) -> RangeInclusive<u32>;
    /// The limit. It begins at the lower bound.
    fn now(&self) -> u32;
    /// Moves the limit, within its bounds; what it is then. Growing begins what waits at once. After shrinking the handlers that run go on to
    /// their end, and none begins until fewer than that run. What waits stays where it is.
    fn set(&self, workers: u32) -> u32;
    /// Handlers that have begun and not ended, also while they wait. After shrinking it can be above the limit for a while.
    fn busy(&self) -> u32;
    /// Messages that wait, also those of a key of which one runs.
    fn waiting(&self) -> usize;
    /// Of those, how many could begin at once if there were as many workers.
    fn ready(&self) -> usize;
    /// How long the oldest that waits has waited; `None` if none does.
    fn oldest(&self) -> Option<Duration>;
}
