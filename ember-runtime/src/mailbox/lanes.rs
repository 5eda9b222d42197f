//! The lanes of a mailbox: how much may wait there, and what does.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU32, Ordering},
};

use super::batch::Waiting;
use crate::message::Lane;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Messages in the user lane.
    pub(crate) user: usize,
    /// Messages in the system lane.
    pub(crate) system: usize,
    /// Bytes of payload from other nodes.
    pub(crate) bytes: usize,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self { user: 1024, system: 64, bytes: 16 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// One lane. All counts only grow, modulo the word.
#[derive(Debug)]
pub(super) struct Queue<T> {
    pub(super) waiting: VecDeque<Waiting<T>>,
    /// Counted messages that were put in.
    put: u32,
    /// Counted messages that were handed out, when somebody last looked.
    taken: u32,
    /// Places that are promised to somebody who has not filled them yet.
    pub(super) promised: u32,
}

/// Both.
#[derive(Debug)]
pub(super) struct Lanes<T, A> {
    pub(super) system: Queue<T>,
    pub(super) user: Queue<T>,
    /// What the messages in the user lane have left here.
    pub(super) aside: A,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: VecDeque::new(), put: 0, taken: 0, promised: 0 }
    }

    /// Whether there is no place; `taken` counts those that were handed out, and is read only if it matters.
    pub(super) fn is_full(&mut self, taken: &AtomicU32, limit: usize) -> bool {
        let used = self.put.wrapping_add(self.promised);
        let full = |taken| used.wrapping_sub(taken) as usize >= limit;
        full(self.taken) && {
            self.taken = taken.load(Ordering::Relaxed);
            full(self.taken)
        }
    }

    /// For how many of `count` there is a place; `taken` counts those that were handed out, and is read only if it matters.
    pub(super) fn room(&mut self, count: usize, taken: &AtomicU32, limit: usize) -> usize {
        let used = self.put.wrapping_add(self.promised);
        let room = |taken| limit.saturating_sub(used.wrapping_sub(taken) as usize);
        if room(self.taken) < count {
            self.taken = taken.load(Ordering::Relaxed);
        }
        room(self.taken).min(count)
    }

    /// How many counted messages were put in and not handed out; `taken` counts those that were.
    pub(super) fn left(&self, taken: &AtomicU32) -> usize {
        self.put.wrapping_sub(taken.load(Ordering::Relaxed)) as usize
    }

    /// Whether nothing waits, and nobody was promised a place.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.promised == 0
    }

    pub(super) fn put(&mut self, message: T) {
        self.put = self.put.wrapping_add(1);
        self.waiting.push_back((message, true));
    }
}

impl<T, A: Default> Default for Lanes<T, A> {
    fn default() -> Self {
        Self { system: Queue::new(), user: Queue::new(), aside: A::default() }
    }
}

impl<T, A> Lanes<T, A> {
    pub(super) fn queue(&mut self, lane: Lane) -> &mut Queue<T> {
        match lane {
            Lane::System => &mut self.system,
            Lane::User => &mut self.user,
        }
    }
}
