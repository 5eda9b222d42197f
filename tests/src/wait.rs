//! Waiting for facts, with a limit, and saying what was waited for.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long any wait may take, on a busy machine: 30 s.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `probe` until it gives something.
///
/// # Panics
/// If it gives nothing within [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(Instant::now() < deadline, "gave up waiting for {what}");
        // tidy: sleep: between two questions to another process, which cannot be awaited.
        sleep(Duration::from_millis(20)).await;
    }
}

/// Awaits `future`.
///
/// # Panics
/// If it takes longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("gave up waiting for {what}"))
}

/// As [`eventually`], for tests that block.
///
/// # Panics
/// If it gives nothing within [`PATIENCE`].
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < deadline, "gave up waiting for {what}");
        // tidy: sleep: between two probes, within a limit
        std::thread::sleep(Duration::from_millis(10));
    }
}
