//! How much of its cores the process uses.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the time of the machine, as that of its processors"
)]

use std::{
    num::NonZero,
    thread::available_parallelism,
    time::{Duration, Instant},
};

/// A second has so many of the ticks that Linux counts for programs, on every machine.
const TICKS: u32 = 100;

/// Looks at what the process has used.
#[derive(Debug)]
pub(crate) struct Processor {
    cores: u32,
    used: Duration,
    at: Instant,
}

impl Processor {
    /// None where it is not known.
    pub(crate) fn new() -> Option<Self> {
        let cores = available_parallelism().ok().map(NonZero::get)?;
        Some(Self { cores: u32::try_from(cores).ok()?, used: used()?, at: now() })
    }

    /// The share of the cores that it has used since this was last known.
    pub(crate) fn share(&mut self) -> Option<f64> {
        let (used, now) = (used()?, now());
        let (before, since) = (std::mem::replace(&mut self.used, used), std::mem::replace(&mut self.at, now));
        share(used.saturating_sub(before), now.duration_since(since), self.cores)
    }
}

fn share(used: Duration, passed: Duration, cores: u32) -> Option<f64> {
    let all = passed.as_secs_f64() * f64::from(cores);
    // Ticks are coarse: in a short time there may be more of them than the time has.
    (all > 0.0).then(|| (used.as_secs_f64() / all).min(1.0))
}

/// Processors know no other time: also where a test has stopped the clock.
fn now() -> Instant {
    Instant::now()
}

fn used() -> Option<Duration> {
    read(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// User and system time of all threads. The name of the program, in brackets, may have blanks and brackets in it.
fn read(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = times.next()?.ok()?.checked_add(times.next()?.ok()?)?;
    Some(Duration::from_secs(ticks) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_read_whatever_the_program_is_called() {
        let stat = "17 (a) b (c) R 1 17 17 0 -1 4194560 130 0 0 0 250 50 7 8 20 0 3 0 100 1 1";
        assert_eq!(read(stat), Some(Duration::from_secs(3)));
        for broken in ["", "17 (a", "17 (a) R 1 17", "17 (a) R 1 17 17 0 -1 4194560 130 0 0 0 x 50"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_share_is_of_all_cores_and_never_more() {
        let second = Duration::from_secs(1);
        assert_eq!(share(second, second, 2), Some(0.5));
        assert_eq!(share(second * 3, second, 2), Some(1.0));
        assert_eq!(share(second, Duration::ZERO, 2), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_what_this_process_uses() {
        assert!(Processor::new().is_some_and(|mut it| it.share().is_some()));
    }
}
