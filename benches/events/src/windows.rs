//! What all have in common: events are published in windows, of which two are on their way, and three to a node that is behind the other: fewer than
//! a mailbox has room for.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, time::timeout};

/// Events in a window.
pub(crate) const WINDOW: u64 = 320;
/// Other nodes, which have the subscribers.
pub(crate) const NODES: u64 = 2;
/// Subscribers on each of them.
pub(crate) const SUBSCRIBERS: u64 = 10;
/// Whoever does not take a window in this time has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an event.
pub(crate) const SIZE: usize = 128;

/// Which windows the subscribers of a process have taken: three are on their way at most, so that no more than these are begun and not ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ended: [AtomicU64; 4],
}

impl Tally {
    /// One of them has taken one more, its `taken` so far. Says whether it is the last of them that ends this window.
    pub(crate) fn takes(&self, taken: &mut u64) -> bool {
        *taken += 1;
        if !taken.is_multiple_of(WINDOW) {
            return false;
        }
        let window = &self.ended[(*taken / WINDOW % 4) as usize];
        (window.fetch_add(1, Relaxed) + 1).is_multiple_of(SUBSCRIBERS)
    }
}

/// The publisher's side of it: `publish` publishes one event; for each window of each node there comes one word by `done`.
///
/// Whoever calls it has printed `here`. It prints `begin`, and in the end how many nanoseconds it took and how many events that were.
pub(crate) async fn publish<F: Future<Output = ()>>(publish: impl Fn() -> F, mut done: mpsc::Receiver<()>) {
    let mut windows = async |time: Duration| {
        let (begun, mut sent, mut back) = (Instant::now(), 0_u64, 0_u64);
        while begun.elapsed() < time || back < sent * NODES {
            if begun.elapsed() < time && (sent + 1) * NODES <= back + 2 * NODES {
                for _ in 0..WINDOW {
                    publish().await;
                }
                sent += 1;
            } else {
                timeout(PATIENCE, done.recv()).await.expect("a window is taken in time").expect("somebody answers");
                back += 1;
            }
        }
        (begun.elapsed().as_nanos(), sent * WINDOW)
    };
    windows(Duration::from_millis(300)).await;
    println!("begin");
    let (time, events) = windows(Duration::from_secs(2)).await;
    println!("{time} {events}");
}
