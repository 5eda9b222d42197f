//! Says how far a proof is, for whoever waits for it.

use std::time::Duration;

use tokio::time::Instant;

/// So often, on the clock of whoever waits.
const EACH: Duration = Duration::from_secs(5);

/// How far a proof is. Says it on stderr, which a test runner shows if the test fails, or with `--nocapture`.
pub(super) struct Progress {
    seeds: u64,
    began: Instant,
    said: Option<Duration>,
}

impl Progress {
    /// Begins now; there are so many seeds.
    pub(super) fn of(seeds: u64) -> Self {
        Self { seeds, began: Instant::now(), said: None }
    }

    /// So many have passed.
    pub(super) fn passed(&mut self, done: u64) {
        if let Some(line) = self.line(done, self.began.elapsed()) {
            eprintln!("{line}");
        }
    }

    /// One has failed, which is made smaller now.
    pub(super) fn failed(&self, seed: u64, most: usize) {
        let took = self.began.elapsed().as_secs();
        eprintln!("prove: seed {seed} failed, after {took} s; it is made smaller, in {most} runs at most");
    }

    /// What is to be said after so long, if it is time.
    fn line(&mut self, done: u64, elapsed: Duration) -> Option<String> {
        let is_first = self.said.is_none();
        if done >= self.seeds || elapsed < self.said.unwrap_or_default() + EACH {
            return None;
        }
        self.said = Some(elapsed);
        let fewer = if is_first { "; `EMBER_PROVE_SEEDS=10`, say, tries fewer" } else { "" };
        Some(format!("prove: {done} of {} seeds have passed, in {} s{fewer}", self.seeds, elapsed.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_every_five_seconds_and_none_at_the_end() {
        let mut progress = Progress::of(100);
        let said: Vec<String> = [(1, 4_900), (12, 5_100), (13, 5_200), (24, 10_000), (26, 10_200), (100, 60_000)]
            .into_iter()
            .filter_map(|(done, millis)| progress.line(done, Duration::from_millis(millis)))
            .collect();
        assert_eq!(
            said,
            [
                "prove: 12 of 100 seeds have passed, in 5 s; `EMBER_PROVE_SEEDS=10`, say, tries fewer",
                "prove: 26 of 100 seeds have passed, in 10 s",
            ]
        );
    }
}
