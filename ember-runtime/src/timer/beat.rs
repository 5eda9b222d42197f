//! The beat of a timer that goes on and on: when it is due, and what becomes of ticks that could not come.

use std::time::Duration;

use crate::{
    actor::{MissedTicks, Tick},
    clock::LONGEST,
};

/// Whoever is not later than this is in time, for [`MissedTicks::Delay`]: as for tokio's intervals.
const SLACK: u64 = 5_000_000;

/// Times are nanoseconds since the beginning of the wheel.
#[derive(Debug)]
pub(super) struct Beat {
    period: u64,
    /// When the next tick is.
    pub(super) due: u64,
    missed: MissedTicks,
    /// Ticks that are to come as soon as the last one has ended.
    owed: u64,
    /// Ticks that were due so far.
    number: u64,
    /// Ticks that were left out since the last one.
    skipped: u64,
}

impl Beat {
    /// Of a timer that is made now. It counts at least a millisecond, and at most a hundred years.
    pub(super) fn new(now: u64, period: Duration, missed: MissedTicks) -> Self {
        let period = nanos(period.clamp(Duration::from_millis(1), LONGEST));
        Self { period, due: now.saturating_add(period), missed, owed: 0, number: 0, skipped: 0 }
    }

    /// It is due, if not more than that: what comes now, and how many were left out. Nothing comes while the last one is `under_way`.
    pub(super) fn come(&mut self, now: u64, under_way: bool) -> (Option<Tick>, u64) {
        let late = now.saturating_sub(self.due);
        let is_in_time = self.missed == MissedTicks::Delay && late <= SLACK;
        let ticks = if is_in_time { 1 } else { 1 + late / self.period };
        self.due = match self.missed {
            MissedTicks::Delay if !is_in_time => now.saturating_add(self.period),
            _ => self.due.saturating_add(ticks.saturating_mul(self.period)),
        };
        self.number += ticks;
        self.owed += ticks;
        if !under_way {
            self.owed -= 1;
        }
        let most = if let MissedTicks::CatchUp(most) = self.missed { most.into() } else { 0 };
        let over = self.owed.saturating_sub(most);
        self.owed -= over;
        self.skipped += over;
        ((!under_way).then(|| self.tick()), over)
    }

    /// One that is to come now that the last has ended.
    pub(super) fn owed(&mut self) -> Option<Tick> {
        self.owed = self.owed.checked_sub(1)?;
        Some(self.tick())
    }

    /// The last one but those that are owed.
    fn tick(&mut self) -> Tick {
        Tick::new(self.number - self.owed, std::mem::take(&mut self.skipped), Duration::from_nanos(self.period))
    }
}

/// As a count; more than five hundred years are not counted.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn beat(missed: MissedTicks) -> Beat {
        Beat::new(0, Duration::from_millis(10), missed)
    }

    /// The number of the tick and how many before it were left out, how many overran, and when the next is due in ms.
    fn come(beat: &mut Beat, at: u64, under_way: bool) -> (Option<(u64, u64)>, u64, u64) {
        let (tick, overruns) = beat.come(at * MS, under_way);
        (tick.map(|tick| (tick.number, tick.skipped)), overruns, beat.due / MS)
    }

    #[test]
    fn who_is_in_time_ticks_at_multiples_of_the_period_whatever_the_policy() {
        for missed in [MissedTicks::Delay, MissedTicks::Skip, MissedTicks::CatchUp(3)] {
            let mut beat = beat(missed);
            for number in 1..100 {
                // Late by some milliseconds: nothing adds up.
                assert_eq!(come(&mut beat, number * 10 + number % 5, false), (Some((number, 0)), 0, (number + 1) * 10));
            }
        }
        let mut odd = Beat::new(0, Duration::from_micros(1500), MissedTicks::Skip);
        let dues: Vec<u64> = (0..3).map(|_| (odd.due, odd.come(odd.due, false)).0 / 1000).collect();
        assert_eq!(dues, [1500, 3000, 4500]);
    }

    #[test]
    fn what_a_process_that_was_held_up_has_missed_is_left_out_or_made_up_for() {
        assert_eq!(come(&mut beat(MissedTicks::Delay), 57, false), (Some((5, 4)), 4, 67), "put off");
        assert_eq!(come(&mut beat(MissedTicks::Skip), 57, false), (Some((5, 4)), 4, 60), "at its own time");
        let mut three = beat(MissedTicks::CatchUp(3));
        assert_eq!(come(&mut three, 57, false), (Some((2, 1)), 1, 60), "the oldest is left out");
        let made_up: Vec<u64> = std::iter::from_fn(|| three.owed().map(|tick| tick.number)).collect();
        assert_eq!(made_up, [3, 4, 5]);
        assert_eq!(come(&mut three, 60, false), (Some((6, 0)), 0, 70));
    }

    #[test]
    fn nothing_comes_while_the_last_one_is_under_way() {
        for missed in [MissedTicks::Delay, MissedTicks::Skip] {
            let mut beat = beat(missed);
            assert_eq!(come(&mut beat, 10, false), (Some((1, 0)), 0, 20));
            assert_eq!(come(&mut beat, 20, true), (None, 1, 30));
            assert_eq!(come(&mut beat, 30, true), (None, 1, 40));
            assert!(beat.owed().is_none());
            assert_eq!(come(&mut beat, 40, false), (Some((4, 2)), 0, 50));
        }
        let mut two = beat(MissedTicks::CatchUp(2));
        assert_eq!(come(&mut two, 10, false), (Some((1, 0)), 0, 20));
        let overruns: Vec<u64> = [20, 30, 40].map(|at| come(&mut two, at, true).1).to_vec();
        assert_eq!(overruns, [0, 0, 1]);
        let made_up: Vec<_> = std::iter::from_fn(|| two.owed().map(|tick| (tick.number, tick.skipped))).collect();
        assert_eq!(made_up, [(3, 1), (4, 0)]);
    }

    #[test]
    fn every_tick_that_was_due_came_or_was_left_out_and_is_said() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let missed = [MissedTicks::Delay, MissedTicks::Skip, MissedTicks::CatchUp(rng.u32(..5))][rng.usize(..3)];
            let (mut beat, mut now, mut under_way) = (beat(missed), 0, false);
            let (mut last, mut overruns) = (0, 0);
            let mut check = |tick: Tick| {
                assert_eq!(tick.number, last + tick.skipped + 1, "seed {seed}, {missed:?}");
                last = tick.number;
            };
            for _ in 0..500 {
                if under_way && rng.bool() {
                    let next = beat.owed();
                    under_way = next.is_some();
                    next.into_iter().for_each(&mut check);
                }
                now = beat.due.max(now) + rng.u64(..2) * rng.u64(..70 * MS);
                let (tick, over) = beat.come(now, under_way);
                assert!(beat.due > now || missed == MissedTicks::Delay);
                under_way |= tick.is_some();
                overruns += over;
                tick.into_iter().for_each(&mut check);
            }
            assert_eq!(last + beat.owed + beat.skipped, beat.number);
            assert!(overruns > 0 && overruns >= beat.skipped);
        }
    }
}
