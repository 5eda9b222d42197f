//! How busy a service is.

use std::iter::Sum;

/// How much a service has to do at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Load {
    /// How many handlers run or wait for something: 1 at most of an exclusive service, of a sharded one 1 of each shard.
    pub running: u32,
    /// How many messages wait in its mailbox, or its shards'.
    pub waiting: u32,
}

impl Load {
    pub(crate) fn new(running: usize, waiting: usize) -> Self {
        let [running, waiting] = [running, waiting].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Self { running, waiting }
    }

    /// Both together.
    pub fn total(self) -> usize {
        (self.running as usize).saturating_add(self.waiting as usize)
    }
}

impl Sum for Load {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            running: sum.running.saturating_add(it.running),
            waiting: sum.waiting.saturating_add(it.waiting),
        })
    }
}
