//! The workers of a sharded service: how many of its shards are at work at once.

use std::{ops::RangeInclusive, sync::atomic::Ordering, time::Duration};

use crate::actor::{
    cell::Front,
    erased::{AnyCell as _, Workers},
    service::Service,
    turn::Limit,
};

impl<S: Service> Front<S> {
    /// Itself, if it has a limit.
    pub(crate) fn workers(&self) -> Option<&dyn Workers> {
        self.limit.is_some().then_some(self as _)
    }

    /// What is asked of a limit: without one there is as much as nobody has asked for.
    fn limit<T: Default>(&self, ask: impl FnOnce(&Limit) -> T) -> T {
        self.limit.as_deref().map(ask).unwrap_or_default()
    }
}

impl<S: Service> Workers for Front<S> {
    fn bounds(&self) -> RangeInclusive<u32> {
        let (least, most) = self.limit(Limit::bounds);
        least..=most
    }

    fn now(&self) -> u32 {
        self.limit(Limit::now)
    }

    fn set(&self, workers: u32) -> u32 {
        self.limit(|limit| limit.set(workers))
    }

    fn busy(&self) -> u32 {
        self.limit(Limit::busy)
    }

    fn waiting(&self) -> usize {
        self.shards.iter().map(|shard| shard.mailbox.waiting()).sum()
    }

    fn ready(&self) -> usize {
        // One of each shard that has something to do and no worker: what is behind it in the mailbox waits for its shard, and a worker more
        // does not begin it.
        self.limit(Limit::queued)
    }

    fn oldest(&self) -> Option<Duration> {
        self.limit(Limit::oldest)
    }

    fn wait_p99(&self) -> Option<Duration> {
        let counts = self.call_counts();
        let handled = counts.short + counts.queued;
        let before = self.handled.swap(handled, Ordering::Relaxed);
        self.limit(|limit| limit.wait_p99(handled.saturating_sub(before)))
    }
}
