//! The threads of a pool: started when there is work for them, ended when there has been none for a while.
//!
//! A thread is *idle* from when it has done a piece until it takes the next. Each idle one is going to look whether there is any before it
//! sleeps, so as long as no more pieces wait than threads are idle, nobody has to be started. It is for the pool to see to it that no more
//! pieces are given and not done than there may be threads.

use std::{collections::VecDeque, sync::PoisonError, time::Duration};

use super::sync::{Condvar, Mutex, MutexGuard};

/// Threads, and the pieces of work that they are to take.
pub(crate) struct Crew<P> {
    hands: Mutex<Hands<P>>,
    /// There is a piece, or there are no more.
    filled: Condvar,
}

struct Hands<P> {
    given: VecDeque<P>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// Whether a piece that was given is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Given {
    /// By a thread that is there.
    Taken,
    /// By a thread that the giver is to start now: it calls [`Crew::next`].
    StartOne,
}

impl<P> Crew<P> {
    pub(crate) fn new() -> Self {
        let hands = Hands { given: VecDeque::new(), threads: 0, idle: 0, closed: false };
        Self { hands: Mutex::new(hands), filled: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Hands<P>> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a piece to whichever thread comes first.
    ///
    /// # Errors
    /// It is closed: the piece comes back.
    pub(crate) fn give(&self, piece: P) -> Result<Given, P> {
        let mut hands = self.lock();
        if hands.closed {
            return Err(piece);
        }
        hands.given.push_back(piece);
        if hands.given.len() <= hands.idle {
            drop(hands);
            self.filled.notify_one();
            return Ok(Given::Taken);
        }
        hands.threads += 1;
        hands.idle += 1;
        Ok(Given::StartOne)
    }

    /// The thread that was to be started cannot be. What nobody takes then.
    pub(crate) fn could_not_start(&self) -> Vec<P> {
        let mut hands = self.lock();
        hands.threads -= 1;
        hands.idle -= 1;
        // The others come back for it, one by one.
        if hands.threads == 0 { hands.given.drain(..).collect() } else { Vec::new() }
    }

    /// For a thread that is idle: the next piece. `None`: it is to end, because there was none for as long as it has `patience`, or because
    /// there are no more.
    pub(crate) fn next(&self, patience: Duration) -> Option<P> {
        let mut hands = self.lock();
        loop {
            if let Some(piece) = hands.given.pop_front() {
                hands.idle -= 1;
                return Some(piece);
            }
            let late = hands.closed || {
                let waited = self.filled.wait_timeout(hands, patience).unwrap_or_else(PoisonError::into_inner);
                hands = waited.0;
                waited.1.timed_out()
            };
            if late && hands.given.is_empty() {
                hands.threads -= 1;
                hands.idle -= 1;
                return None;
            }
        }
    }

    /// For a thread that has done its piece: it is idle from now on.
    pub(crate) fn rest(&self) {
        self.lock().idle += 1;
    }

    /// There are no more. What no thread has taken.
    pub(crate) fn close(&self) -> Vec<P> {
        let mut hands = self.lock();
        hands.closed = true;
        let left = hands.given.drain(..).collect();
        drop(hands);
        self.filled.notify_all();
        left
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.lock().threads
    }
}
