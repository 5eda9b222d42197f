//! What a timer makes of ticks that could not come when they were due.

use std::time::Duration;

/// What becomes of ticks of a timer that could not come when they were due: since the last one still waited or ran, or since the whole
/// process was held up. In any case no tick comes before the last one has ended, and each that is left out counts as an
/// [overrun](crate::actor::CallCounts::overruns).
///
/// In an attribute it is named: `#[every("1s", missed = "skip")]`, `"delay"`, `"catch_up(3)"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTicks {
    /// They are left out. If the process was held up, for more than 5 ms, the next tick is due a full period after the one that came late, and all
    /// that follow are put off with it. The default of [`every`](crate::actor::Cx::every).
    #[default]
    Delay,
    /// They are left out. The next one comes at its own time: all ticks are at multiples of the period, counted from the start.
    Skip,
    /// They come after all, one after the other, as soon as the last one has ended; at most so many at a time, beside the one that is due. What
    /// is over that is left out, the oldest first. Like those of [`Skip`](Self::Skip), ticks are due at multiples of the period.
    CatchUp(u32),
}

/// One tick of a timer with a fixed step: `#[tick("50ms")] async fn step(&mut self, tick: Tick)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tick {
    /// Which one it is, from 1; those that were left out count too. So the time of the world that is stepped is `number` times
    /// [`period`](Self::period), since the timer began.
    pub number: u64,
    /// How many were left out immediately before this one: its step is `skipped + 1` periods long.
    pub skipped: u64,
    /// From one to the next.
    pub period: Duration,
}

impl Tick {
    /// The tick of this number.
    pub(crate) fn new(number: u64, skipped: u64, period: Duration) -> Self {
        Self { number, skipped, period }
    }
}
