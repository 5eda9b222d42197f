//! What a service has done so far.

use std::{
    iter::Sum,
    sync::atomic::{AtomicU64, Ordering},
};

/// Written by whoever has the turn, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    short: AtomicU64,
    queued: AtomicU64,
}

/// How many messages a service has handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CallCounts {
    /// Calls that were run by their caller, or by the link that brought them, because the service was idle.
    pub short: u64,
    /// Calls, callbacks, ticks and events that came through the mailbox.
    pub queued: u64,
}

impl Sum for CallCounts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self { short: sum.short + it.short, queued: sum.queued + it.queued })
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

    pub(crate) fn read(&self) -> CallCounts {
        CallCounts { short: self.short.load(Ordering::Relaxed), queued: self.queued.load(Ordering::Relaxed) }
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
        assert_eq!(counts.read(), CallCounts { short: 1, queued: 2 });
    }
}
