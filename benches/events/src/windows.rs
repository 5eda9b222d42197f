//! What all have in common: events are published in windows, of which two are on their way, so that nobody has to drop any.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

/// Events in a window.
pub(crate) const WINDOW: u64 = 500;
/// Other nodes, which have the subscribers.
pub(crate) const NODES: u64 = 2;
/// Subscribers on each of them.
pub(crate) const SUBSCRIBERS: u64 = 10;
/// Bytes of an event.
pub(crate) const SIZE: usize = 128;

/// What the subscribers of a process have taken together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    taken: AtomicU64,
}

impl Tally {
    /// One of them has taken one more. Says whether all of them have a window more now.
    pub(crate) fn takes(&self) -> bool {
        (self.taken.fetch_add(1, Relaxed) + 1).is_multiple_of(WINDOW * SUBSCRIBERS)
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
                done.recv().await.expect("somebody answers");
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
