//! How long messages have waited: counts by length, from which percentiles are read.

use std::time::Duration;

/// Lengths are told apart by their power of two, in nanoseconds, and the three bits below it: a percentile is an eighth too long at most.
const BITS: u32 = 3;
const STEPS: usize = 1 << BITS;
/// Up to 2⁴⁴ ns, five hours; what is longer counts as that.
const POWERS: usize = 44;

/// Counts by length.
pub(crate) struct Waits {
    counts: Box<[u64]>,
}

impl Waits {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; POWERS * STEPS].into() }
    }

    /// So many have waited for so long.
    pub(crate) fn note(&mut self, waited: Duration, messages: u64) {
        self.counts[place(waited)] += messages;
    }

    /// The length that `share` of them, in per cent, did not exceed, where there were `all`, and those not noted did not wait. None of
    /// none. Nothing is noted after this.
    pub(crate) fn take(&mut self, share: u64, all: u64) -> Option<Duration> {
        let noted: u64 = self.counts.iter().sum();
        let all = all.max(noted);
        // So many may be longer.
        let mut longer = all - (all * share).div_ceil(100);
        let found = self.counts.iter().rposition(|count| {
            let within = *count > longer;
            longer = longer.saturating_sub(*count);
            within
        });
        self.counts.fill(0);
        (all > 0).then(|| found.map_or(Duration::ZERO, longest))
    }
}

fn place(waited: Duration) -> usize {
    let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX).clamp(1, (1 << POWERS) - 1);
    let power = nanos.ilog2();
    let step = if power >= BITS { nanos >> (power - BITS) } else { nanos << (BITS - power) };
    power as usize * STEPS + step as usize % STEPS
}

/// The longest of those that have this place.
fn longest(place: usize) -> Duration {
    let (power, step) = ((place / STEPS) as u32, (place % STEPS + STEPS) as u64);
    let [from, to] = [step, step + 1].map(|step| step << power >> BITS);
    // Below 8 ns there is one length in each.
    Duration::from_nanos((to - 1).max(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_an_eighth_too_long_at_most_and_never_too_short() {
        for nanos in (0..44).flat_map(|power| [1_u64 << power, (1 << power) + (1 << power) / 3, (2 << power) - 1]) {
            let longest = longest(place(Duration::from_nanos(nanos))).as_nanos() as u64;
            assert!(longest >= nanos && longest <= nanos + nanos / 8, "{nanos} ns came to {longest}");
        }
        assert_eq!(place(Duration::MAX), POWERS * STEPS - 1);
        assert_eq!(place(Duration::ZERO), 0);
    }

    #[test]
    fn the_percentile_counts_those_that_did_not_wait() {
        let mut waits = Waits::new();
        assert_eq!(waits.take(99, 0), None);
        assert_eq!(waits.take(99, 10), Some(Duration::ZERO));
        let ms = Duration::from_millis(8);
        let noted = |waited: u64, all| {
            let mut waits = Waits::new();
            waits.note(ms, waited);
            waits.take(99, all).is_some_and(|it| it >= ms)
        };
        // One of a hundred may be longer.
        assert!(!noted(1, 100));
        assert!(noted(2, 100));
        assert!(noted(1, 99));
        // More are noted than are known of.
        assert!(noted(3, 0));
    }

    #[test]
    fn what_was_asked_for_is_forgotten() {
        let mut waits = Waits::new();
        waits.note(Duration::from_secs(1), 1);
        assert!(waits.take(99, 1) >= Some(Duration::from_secs(1)));
        assert_eq!(waits.take(99, 1), Some(Duration::ZERO));
    }
}
