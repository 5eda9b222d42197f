//! The clock on which the right to act runs out: one that goes on while the machine sleeps. The clock of tokio, and of the standard
//! library on Linux, stands still then, and a laptop or a virtual machine that wakes up would believe in a lease that ended long ago.

use std::time::Duration;

use tokio::time::Instant;

/// How often the kernel moves its own clock on where time is simulated: 4 ms, as most do.
const SIMULATED: u64 = 4_000_000;

/// Where times are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BootClock {
    /// The machine's, since it was started.
    Machine,
    /// Of the tokio runtime: where time is simulated. Times count from here.
    Runtime(Instant),
}

impl BootClock {
    /// `real`: whether time is not simulated.
    pub(crate) fn new(real: bool) -> Self {
        if real { Self::Machine } else { Self::Runtime(Instant::now()) }
    }

    /// Nanoseconds; 584 years fit.
    #[inline]
    pub(crate) fn now(self) -> u64 {
        match self {
            Self::Machine => machine(),
            Self::Runtime(since) => nanos(since.elapsed()),
        }
    }

    /// What the kernel's own clock showed when it was moved on last, some milliseconds ago, for a quarter of what a look at this one costs. It
    /// moves on while a process is stopped, and is another after the machine has slept; but it does not count that. None where there is no such thing.
    #[inline]
    pub(crate) fn tick(self) -> Option<u64> {
        match self {
            Self::Machine => tick(),
            Self::Runtime(since) => Some(nanos(since.elapsed()) / SIMULATED * SIMULATED),
        }
    }
}

#[inline]
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(feature = "cluster", any(target_os = "linux", target_os = "android")))]
#[inline]
fn machine() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

#[cfg(all(feature = "cluster", any(target_os = "linux", target_os = "android")))]
#[inline]
fn tick() -> Option<u64> {
    let tick = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    Some(tick.tv_sec as u64 * 1_000_000_000 + tick.tv_nsec as u64)
}

#[cfg(not(all(feature = "cluster", any(target_os = "linux", target_os = "android"))))]
fn tick() -> Option<u64> {
    None
}

/// Elsewhere the standard library's clock goes on by itself, or there is nothing better.
#[cfg(not(all(feature = "cluster", any(target_os = "linux", target_os = "android"))))]
fn machine() -> u64 {
    use std::sync::LazyLock;
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    nanos(BEGIN.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is the first number that the kernel writes there, in hundredths of a second.
    #[cfg(all(feature = "cluster", target_os = "linux"))]
    #[test]
    fn the_machines_clock_counts_from_its_start() {
        let up = || {
            let said = std::fs::read_to_string("/proc/uptime").expect("the time since the start");
            said.split(' ').next().and_then(|seconds| seconds.parse::<f64>().ok()).expect("a number") * 1e9
        };
        let (before, now, after) = (up(), BootClock::new(true).now() as f64, up());
        assert!(before - 2e7 <= now && now <= after + 2e7, "{before} {now} {after}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_simulated_clock_goes_with_the_simulation() {
        let clock = BootClock::new(false);
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!((clock.now(), clock.tick()), (1_500_000_000, Some(1_500_000_000)));
        tokio::time::advance(Duration::from_millis(3)).await;
        assert_eq!((clock.now(), clock.tick()), (1_503_000_000, Some(1_500_000_000)), "within the tick");
    }
}
