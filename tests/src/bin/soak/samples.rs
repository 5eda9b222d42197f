//! Memory at quiet points, and whether it grew.

use std::{fmt::Write as _, time::Duration};

use tokio::time::{Instant, sleep};

use crate::unsafe_heap::{self, CLASSES, STEP};

/// Something that is counted, and how much more of it is counted as flat.
pub(crate) struct Bound {
    pub(crate) what: &'static str,
    of: fn(&Sample) -> i64,
    /// However short the run …
    slack: i64,
    /// … and for each thousand rounds.
    per_thousand: i64,
}

/// Bytes come and go by hundreds of KiB, as links keep room for large messages for a while; the number of blocks does not, and shows
/// what is small. At a run's beginning, which may be all of it, nodes meet what they keep.
pub(crate) const BOUNDS: [Bound; 2] = [
    Bound { what: "bytes", of: |sample| sample.bytes, slack: 2 << 20, per_thousand: 64 << 10 },
    Bound { what: "blocks", of: Sample::blocks, slack: 2_000, per_thousand: 500 },
];

/// What was alive.
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) rounds: u64,
    pub(crate) bytes: i64,
    pub(crate) resident: u64,
    blocks: Box<[i64]>,
}

impl Sample {
    pub(crate) fn blocks(&self) -> i64 {
        self.blocks.iter().sum()
    }

    /// Takes a sample: the least that is seen for a while, as timers of what has ended, and tasks, still come and go.
    pub(crate) async fn take(begin: Instant, rounds: u64, settle: Duration) -> Self {
        let mut best = Self::now(begin, rounds);
        let until = Instant::now() + settle;
        while Instant::now() < until {
            // tidy: sleep: between two looks at the heap, within a limit
            sleep(Duration::from_millis(20)).await;
            if unsafe_heap::bytes() < best.bytes {
                best = Self::now(begin, rounds);
            }
        }
        best
    }

    fn now(begin: Instant, rounds: u64) -> Self {
        let resident = std::fs::read_to_string("/proc/self/statm").ok().and_then(|it| {
            let pages: u64 = it.split(' ').nth(1)?.parse().ok()?;
            Some(pages * 4096)
        });
        let (bytes, blocks) = (unsafe_heap::bytes(), unsafe_heap::blocks());
        Self { at: begin.elapsed(), rounds, bytes, resident: resident.unwrap_or(0), blocks }
    }
}

/// The first sample that counts: a quarter of them warms up.
pub(crate) fn warm(samples: &[Sample]) -> &[Sample] {
    &samples[samples.len() / 4..]
}

impl Bound {
    /// How much the line through the samples grows, from the first to the last: the median of the slopes of all pairs, which a
    /// few high samples do not move (Theil and Sen).
    pub(crate) fn growth(&self, samples: &[Sample]) -> f64 {
        let mut slopes = Vec::new();
        for (index, a) in samples.iter().enumerate() {
            for b in samples.iter().skip(index + 1).filter(|b| b.rounds > a.rounds) {
                slopes.push(((self.of)(b) - (self.of)(a)) as f64 / (b.rounds - a.rounds) as f64);
            }
        }
        slopes.sort_by(f64::total_cmp);
        slopes.get(slopes.len() / 2).copied().unwrap_or(0.0) * span(samples) as f64
    }

    /// What the growth may be.
    pub(crate) fn most(&self, samples: &[Sample]) -> i64 {
        self.slack + self.per_thousand * i64::try_from(span(samples)).unwrap_or(i64::MAX / self.per_thousand) / 1000
    }
}

/// The rounds from the first sample to the last.
pub(crate) fn span(samples: &[Sample]) -> u64 {
    samples.last().map_or(0, |last| last.rounds) - samples.first().map_or(0, |first| first.rounds)
}

/// Which sizes of blocks grew most between two samples.
pub(crate) fn grown(first: &Sample, last: &Sample) -> String {
    let mut by: Vec<(i64, usize)> =
        (0..CLASSES).map(|class| (last.blocks[class] - first.blocks[class], class)).filter(|(by, _)| *by > 0).collect();
    by.sort_by_key(|(by, class)| std::cmp::Reverse(*by * i64::try_from(class * STEP).unwrap_or(0)));
    let mut text = String::new();
    for (by, class) in by.into_iter().take(8) {
        let size = if class == CLASSES - 1 { "more than 4096".to_owned() } else { format!("up to {}", class * STEP) };
        let _ = writeln!(text, "- {by} blocks of {size} bytes");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of samples, with `leaked` blocks of `size` bytes in each round, and large ones now and then.
    fn hour(leaked: i64, size: i64) -> Vec<Sample> {
        let sample = |index: u64| {
            let rounds = index * 30;
            let lost = leaked * i64::try_from(rounds).unwrap();
            let large = if index.is_multiple_of(5) { 1 << 20 } else { 0 };
            let at = Duration::from_secs(index * 30);
            Sample { at, rounds, bytes: (2 << 20) + large + lost * size, resident: 0, blocks: Box::new([6000 + lost]) }
        };
        (0..120).map(sample).collect()
    }

    fn exceeded(samples: &[Sample]) -> Vec<&'static str> {
        let warm = warm(samples);
        BOUNDS.iter().filter(|it| it.growth(warm) > it.most(warm) as f64).map(|it| it.what).collect()
    }

    #[test]
    fn a_kilobyte_or_two_blocks_lost_in_every_round_exceed_the_bounds_and_large_blocks_that_come_and_go_do_not() {
        assert_eq!(exceeded(&hour(0, 0)), [""; 0]);
        assert_eq!(exceeded(&hour(1, 1024)), ["bytes"]);
        assert_eq!(exceeded(&hour(2, 32)), ["blocks"]);
        assert_eq!(exceeded(&hour(0, 0)[..1]), [""; 0], "one sample is no line");
    }
}
