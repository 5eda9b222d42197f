//! What a service has done so far.

use std::{
    iter::Sum,
    sync::atomic::{AtomicU64, Ordering},
};

/// Written by whoever has the turn, but for the overruns, and read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    short: AtomicU64,
    queued: AtomicU64,
    overruns: AtomicU64,
}

/// How many messages a service has handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CallCounts {
    /// Calls that were run by their caller, or by the link that brought them, because the service was idle.
    pub short: u64,
    /// Calls, callbacks, ticks and events that came through the mailbox.
    pub queued: u64,
    /// Ticks of its timers that were left out, since the last one still waited or ran, or since the process was held up. See
    /// [`MissedTicks`](crate::actor::MissedTicks).
    pub overruns: u64,
}

impl Sum for CallCounts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            short: sum.short + it.short,
            queued: sum.queued + it.queued,
            overruns: sum.overruns + it.overruns,
        })
    }
}

impl Counts {
    #[inline]
    pub(crate) fn short(&self) {
        add(&self.short);
    }

    #[inline]
    pub(crate) fn queued(&self) {
        add(&self.queued);
    }

    /// By whoever keeps its timers, in nobody's turn.
    pub(crate) fn overran(&self, ticks: u64) {
        self.overruns.fetch_add(ticks, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> CallCounts {
        let [short, queued, overruns] =
            [&self.short, &self.queued, &self.overruns].map(|count| count.load(Ordering::Relaxed));
        CallCounts { short, queued, overruns }
    }
}

/// Only one writes at a time, so that nothing is lost between reading and writing.
fn add(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_count() {
        let counts = Counts::default();
        counts.short();
        (0..2).for_each(|_| counts.queued());
        counts.overran(1);
        counts.overran(2);
        assert_eq!(counts.read(), CallCounts { short: 1, queued: 2, overruns: 3 });
    }
}
