//! Connections of which nobody knows yet who is at the other end: their number, what they may send and their time are
//! bounded, so that whoever finds the port cannot make a node run out of anything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use crate::sync::lock;

/// How many there may be at a time. Far fewer than a process has file descriptors.
pub(crate) const PLACES: usize = 256;
/// What one may send, in bytes: a handshake takes 1 KiB.
pub(crate) const ALLOWANCE: usize = 16 << 10;
/// What the dialling side of HTTP/2 begins with.
pub(crate) const PREFACE: usize = 24;
/// The head of an HTTP/2 frame; it begins with three bytes for the length of the rest.
const HEAD: usize = 9;

/// A connection of a stranger.
pub(crate) trait Guest: Send + Sync {
    /// Ends it.
    fn cut_off(&self);
}

/// Since when it has made no step, and what ends it.
type Place = (Instant, Weak<dyn Guest>);

/// The strangers among a node's accepted connections.
#[derive(Default)]
pub(crate) struct Strangers {
    /// By the connection's number.
    places: Mutex<BTreeMap<u64, Place>>,
    left: Notify,
}

impl std::fmt::Debug for Strangers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Strangers").field("count", &lock(&self.places).len()).finish_non_exhaustive()
    }
}

impl Strangers {
    /// Waits for a free place. When there is none, whoever has made no step for `patience` loses its own, so that those who say
    /// nothing keep nobody away for long.
    pub(crate) async fn place(&self, patience: Duration) {
        loop {
            let left = self.left.notified();
            let Some((since, number)) = self.slowest() else { return };
            let late = since + patience;
            if late > Instant::now() {
                tokio::select! {
                    biased;
                    () = left => {}
                    () = sleep_until(late) => {}
                }
                continue;
            }
            let Some(guest) = self.guest(number) else { continue };
            tracing::debug!(target: "ember::link", "too many strangers: the slowest is cut off");
            guest.cut_off();
            // Should its task not get to it: it keeps nobody away for that.
            if timeout(patience, left).await.is_err() {
                self.leave(number);
            }
        }
    }

    /// What cuts this stranger off. One that has gone loses its place.
    fn guest(&self, number: u64) -> Option<Arc<dyn Guest>> {
        let guest = lock(&self.places).get(&number).and_then(|(_, guest)| guest.upgrade());
        if guest.is_none() {
            self.leave(number);
        }
        guest
    }

    /// Who has made no step for longest, if all places are taken.
    fn slowest(&self) -> Option<(Instant, u64)> {
        let places = lock(&self.places);
        let all = places.iter().map(|(number, (since, _))| (*since, *number));
        all.min().filter(|_| places.len() >= PLACES)
    }

    pub(crate) fn enter(&self, number: u64, guest: Weak<dyn Guest>) {
        lock(&self.places).insert(number, (Instant::now(), guest));
    }

    /// It goes on with its handshake.
    pub(crate) fn step(&self, number: u64) {
        if let Some((since, _)) = lock(&self.places).get_mut(&number) {
            *since = Instant::now();
        }
    }

    /// It is no stranger any more, or has gone.
    pub(crate) fn leave(&self, number: u64) {
        let left = lock(&self.places).remove(&number);
        if left.is_some() {
            self.left.notify_one();
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.places).len()
    }
}

/// Watches what a stranger sends: no more bytes than it may, and no HTTP/2 frame that announces more, because room for a frame is
/// made when its head has come.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: usize,
    /// Bytes until the next head begins.
    skip: usize,
    /// Of the head that is coming.
    head: [u8; HEAD],
    have: usize,
}

impl Allowance {
    /// `preface` bytes come before the first frame.
    pub(crate) fn new(preface: usize) -> Self {
        Self { left: ALLOWANCE, skip: preface, head: [0; HEAD], have: 0 }
    }

    /// Whether these bytes may still come.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) -> bool {
        let Some(left) = self.left.checked_sub(bytes.len()) else { return false };
        self.left = left;
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            (self.skip, bytes) = (self.skip - skipped, &bytes[skipped..]);
            let part = bytes.len().min(HEAD - self.have);
            self.head[self.have..self.have + part].copy_from_slice(&bytes[..part]);
            (self.have, bytes) = (self.have + part, &bytes[part..]);
            if self.have == HEAD {
                let [a, b, c, ..] = self.head;
                (self.skip, self.have) = (u32::from_be_bytes([0, a, b, c]) as usize, 0);
                if self.skip > ALLOWANCE {
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::socket::Sever;
    use super::*;

    fn frame(length: usize) -> Vec<u8> {
        let [_, a, b, c] = (length as u32).to_be_bytes();
        let mut frame = vec![a, b, c, 0, 0, 0, 0, 0, 1];
        frame.resize(HEAD + length, 0xff);
        frame
    }

    #[test]
    fn a_frame_that_announces_too_much_is_found_wherever_the_bytes_are_cut() {
        let fine = [vec![0xff; PREFACE], frame(0), frame(300), frame(1)].concat();
        let wrong = [&fine[..], &frame(ALLOWANCE + 1)[..HEAD]].concat();
        for step in 1..=wrong.len() {
            let mut allowance = Allowance::new(PREFACE);
            assert!(fine.chunks(step).all(|part| allowance.take(part)), "in steps of {step}");
            let mut allowance = Allowance::new(PREFACE);
            assert!(!wrong.chunks(step).all(|part| allowance.take(part)), "in steps of {step}");
        }
    }

    #[test]
    fn bytes_are_counted() {
        let mut allowance = Allowance::new(0);
        let frames = (0..).map(|_| frame(91)).take_while(|frame| allowance.take(frame)).count();
        assert_eq!(frames, ALLOWANCE / 100);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_makes_room_and_a_step_saves_a_place() {
        let (strangers, patience) = (Strangers::default(), Duration::from_millis(250));
        let severs: Vec<_> = (0..PLACES).map(|_| Arc::<Sever>::default()).collect();
        let start = Instant::now();
        for (number, sever) in severs.iter().enumerate() {
            strangers.place(patience).await;
            strangers.enter(number as u64, Arc::downgrade(sever) as _);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        tokio::time::advance(patience / 2).await;
        strangers.step(0);
        strangers.place(patience).await;
        // It is cut, and if it does not go then its place is free all the same.
        assert_eq!((start.elapsed(), strangers.count()), (patience * 2, PLACES - 1));
        assert!(severs[1].is_cut() && !severs[0].is_cut() && !severs[2].is_cut());
        strangers.enter(PLACES as u64, Arc::downgrade(&severs[1]) as _);
        tokio::join!(strangers.place(Duration::MAX / 1024), async { strangers.leave(7) });
        assert_eq!(start.elapsed(), patience * 2);
    }
}
