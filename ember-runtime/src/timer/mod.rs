//! Timers, declared and made at run time. They deliver their ticks through the mailbox of their service; here is when they are
//! due, and nothing of what they do.
//!
//! A timer costs one task of tokio's, which sleeps in tokio's own timer wheel (a hierarchical one, of one millisecond), and
//! holds no thread.

#[cfg(feature = "cron")]
mod cron;
mod declared;
mod made;
mod tick;

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::clock::{LONGEST, after};

pub use made::TimerHandle;

pub(crate) use self::declared::{check, start};

/// Ticks every `period`, the first time after one. One that comes late puts off those after it.
fn ticks(period: Duration) -> Interval {
    let period = period.clamp(Duration::from_millis(1), LONGEST);
    let mut ticks = interval_at(after(period), period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
