//! The wall clock, which only what follows the calendar reads. Deadlines, leases and periods are on the monotonic clock of tokio; how
//! far ahead they may be, stands here too.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Whoever waits longer waits this long: a hundred years, which can be added to any point in time.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What time it is. A node is given another one by [`NodeBuilder::clock`](crate::node::NodeBuilder::clock), for tests.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time since 1970-01-01T00:00:00Z, without leap seconds.
    fn now(&self) -> Duration;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
