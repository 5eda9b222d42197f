//! The lanes of a mailbox: how much may wait there, and what does.

use std::collections::VecDeque;

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
        Self { waiting: VecDeque::new(), put: 0, promised: 0 }
    }

    pub(super) fn is_full(&self, taken: u32, limit: usize) -> bool {
        self.put.wrapping_sub(taken).saturating_add(self.promised) as usize >= limit
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
