//! When a breaker opens, and for how long.

use std::time::Duration;

/// When a node leaves an instance alone that does not answer. [`NodeBuilder::breaker`](crate::node::NodeBuilder::breaker) sets it for all
/// services, [`NodeBuilder::breaker_of`](crate::node::NodeBuilder::breaker_of) for one.
///
/// A node has a breaker for each instance that its view lists. It is *closed* at first. When 5 calls in a row have failed, it *opens*:
/// no call of this node goes to the instance for a while, between half of a second and one. Then it is *half-open*: one call, the probe,
/// is let through, when it is the turn of the instance. If the probe is answered, the breaker closes. If it is not answered within 5 s, or fails, or its
/// caller goes away, the breaker is open again, for twice the time, up to 10 s; the answer to a probe closes it also when it comes later than that. Nothing else closes it:
/// not an answer to an earlier call, nor a sign of life of the link.
/// If every instance that a call may go to is behind an open breaker, and none retires or starts, the call ends at once, as
/// [`NotExecuted(BreakerOpen)`](crate::error::RefusedReason::BreakerOpen).
///
/// A call *fails* here if it had no answer before its deadline (or that of its [attempt](crate::call::Retry::attempt_timeout)), or if the
/// link broke under it; all calls that one link takes with it count as one, and of calls that were under way together and are late, one in 100 ms. Whatever the handler answers is an answer: values, errors of the application, panics. A refusal (the mailbox
/// is full, the service is paused) says neither, and neither does a call that is dropped by its caller: they do not count, and do not end the row.
///
/// Of its own services a node does not see each answer; of these the row ends also when the service has run a
/// [short call](crate::actor::CallCounts::short) meanwhile. Services that no view lists, such as spawned ones, have no breaker.
/// A one-way call is no probe, for nobody hears of its end: it goes to instances behind a half-open breaker as behind a closed one, and to none behind an open one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    pub(crate) failures: u32,
    pub(crate) open_for: Duration,
    pub(crate) longest: Duration,
    pub(crate) probe_timeout: Duration,
}

impl Breaker {
    /// Opens after so many failures in a row. Of 0 there is no telling whether "at once" or "never" is meant (which is [`off`](Self::off)):
    /// a node refuses to start with it.
    pub const fn after(failures: u32) -> Self {
        Self {
            failures,
            open_for: Duration::from_secs(1),
            longest: Duration::from_secs(10),
            probe_timeout: Duration::from_secs(5),
        }
    }

    /// Stays open for `first`, and twice as long after each probe that failed, up to `longest`; each time between half of that and all
    /// of it, at random, so that nodes do not probe all at once. `first` is longer than 0, and no longer than `longest`, and that is a year at
    /// most: a node refuses to start with others.
    #[must_use]
    pub const fn open_for(mut self, first: Duration, longest: Duration) -> Self {
        (self.open_for, self.longest) = (first, longest);
        self
    }

    /// A probe that has not been answered within this time has failed, whatever time its call has. Its call goes on, and if it is answered
    /// after all, the breaker closes.
    #[must_use]
    pub const fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = timeout;
        self
    }

    /// Never opens.
    pub const fn off() -> Self {
        Self { failures: u32::MAX, ..Self::after(1) }
    }

    pub(crate) const fn is_off(&self) -> bool {
        self.failures == u32::MAX
    }

    /// The bound of the time for which it stays open, after so many probes that failed.
    pub(super) fn time(&self, failed_probes: u32) -> Duration {
        self.open_for.saturating_mul(1 << failed_probes.min(16)).min(self.longest)
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::after(5)
    }
}
