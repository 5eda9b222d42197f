//! The beat of a timer that goes on and on.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::clock::{LONGEST, after};

/// Ticks every `period`, the first time after one. One that comes late puts off those after it.
pub(super) fn ticks(period: Duration) -> Interval {
    let period = period.clamp(Duration::from_millis(1), LONGEST);
    let mut ticks = interval_at(after(period), period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
