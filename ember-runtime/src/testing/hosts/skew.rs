//! The wall clock of a host, which can be wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::{clock::Clock, testing::trace::now};

/// What a wall clock shows when a simulation begins: the year 2030.
const BEGINNING: Duration = Duration::from_secs(1_893_456_000);

/// How many milliseconds the wall clock of a host is ahead.
#[derive(Debug, Clone, Default)]
pub(in crate::testing) struct Skew(Arc<AtomicI64>);

impl Skew {
    pub(in crate::testing) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

/// Shows the time of the simulation, as a host has it.
#[derive(Debug)]
pub(in crate::testing) struct SimClock(pub(in crate::testing) Skew);

impl Clock for SimClock {
    fn now(&self) -> Duration {
        let (right, millis) = (BEGINNING + now(), self.0.0.load(Ordering::Relaxed));
        let by = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { right.saturating_sub(by) } else { right.saturating_add(by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_wrong_in_both_directions_and_not_below_its_beginning() {
        let skew = Skew::default();
        let clock = SimClock(skew.clone());
        let right = clock.now();
        skew.set(-1_500);
        assert_eq!(clock.now() + Duration::from_millis(1_500), right);
        skew.set(2_000);
        assert_eq!(clock.now(), right + Duration::from_secs(2));
        skew.set(i64::MIN);
        assert_eq!(clock.now(), Duration::ZERO);
    }
}
