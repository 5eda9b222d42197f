//! The work that is done, by whom it is asked for, and what of it is measured.

use std::{
    fmt,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// What a handler does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// It adds to its state.
    Add,
    /// It computes for some 20 µs.
    Compute,
    /// It waits for 1 ms.
    Wait,
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::Add, Self::Compute, Self::Wait];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "adds to its state",
            Self::Compute => "computes for 20 µs",
            Self::Wait => "waits for 1 ms",
        }
    }

    /// Does it, and says what the state is then.
    pub(crate) async fn on(self, state: &mut u64) -> u64 {
        self.beside(*state).await;
        *state += 1;
        *state
    }

    /// Does it, but for the state.
    pub(crate) async fn beside(self, state: u64) {
        match self {
            Self::Add => {}
            Self::Compute => compute(state),
            Self::Wait => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// The same work each time: some 20 µs on the machine of the published figures.
fn compute(seed: u64) {
    let mut value = seed | 1;
    for _ in 0..14_000 {
        value = black_box(value.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ seed);
    }
    black_box(value);
}

/// Per call, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl Measured {
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (wall, cpu) = line.trim().split_once(' ')?;
        Some(Self { wall: wall.parse().ok()?, cpu: cpu.parse().ok()? })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.wall, self.cpu)
    }
}

/// CPU time of this process, in nanoseconds.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 * 1e9 + used.tv_nsec as f64
}

/// Lets a caller for each key call as that, over and over, for half a second; a tenth of one before that does not count.
pub(crate) async fn load<C, F>(keys: Vec<u64>, call: C) -> Measured
where
    C: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    round(&keys, call.clone(), Duration::from_millis(100)).await;
    round(&keys, call, Duration::from_millis(500)).await
}

async fn round<C, F>(keys: &[u64], call: C, time: Duration) -> Measured
where
    C: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    let is_over = Arc::new(AtomicBool::new(false));
    let (begun, before) = (Instant::now(), used());
    let callers: Vec<_> = keys
        .iter()
        .map(|&key| {
            let (call, is_over) = (call.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut calls = 0_u64;
                while !is_over.load(Relaxed) {
                    call(key).await;
                    calls += 1;
                    // All others are to have their turn, also where an answer comes on the spot.
                    if calls.is_multiple_of(16) {
                        tokio::task::yield_now().await;
                    }
                }
                calls
            })
        })
        .collect();
    tokio::time::sleep(time).await;
    is_over.store(true, Relaxed);
    let mut calls = 0;
    for caller in callers {
        calls += caller.await.expect("a caller does not fail");
    }
    let each = |total: f64| total / calls as f64;
    Measured { wall: each(begun.elapsed().as_nanos() as f64), cpu: each(used() - before) }
}
