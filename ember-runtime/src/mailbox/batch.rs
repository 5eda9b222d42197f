//! The receiver's end of a mailbox: user messages are taken over all at once, and handed out one by one.

use std::collections::VecDeque;

/// After this many system messages in a row a waiting user message has its turn.
const SYSTEM_RUN: u32 = 32;

/// A message that waits, and whether it counts against the bound of its lane.
pub(super) type Waiting<T> = (T, bool);

/// Where messages in the user lane leave a part of themselves.
pub(crate) trait Aside: Default {
    /// Gives back memory beyond what is used again and again. What is in it, stays.
    fn trim(&mut self);
}

impl Aside for () {
    fn trim(&mut self) {}
}

/// What the receiver has taken over. One per mailbox.
#[derive(Debug)]
pub(crate) struct Batch<T, A = ()> {
    pub(super) user: VecDeque<Waiting<T>>,
    /// What the messages in the user lane that were taken over have left.
    pub(crate) aside: A,
    /// So many were taken over at once that they leave memory to be given back.
    pub(super) burst: bool,
    /// Counted messages in the user lane that were handed out.
    pub(super) user_taken: u32,
    /// System messages in a row.
    system_run: u32,
}

/// What a mailbox has for its receiver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<T> {
    Message(T),
    /// Nothing now.
    Empty,
    /// Nothing, and there will never be anything again.
    Over,
}

impl<T, A: Aside> Batch<T, A> {
    pub(crate) fn new() -> Self {
        Self { user: VecDeque::new(), aside: A::default(), burst: false, user_taken: 0, system_run: 0 }
    }

    /// Whether a user message that waits goes before one in the system lane.
    pub(super) fn is_users_turn(&self) -> bool {
        self.system_run >= SYSTEM_RUN
    }

    pub(super) fn ran_system(&mut self) {
        self.system_run = self.system_run.saturating_add(1);
    }

    pub(super) fn ran_user(&mut self) {
        self.system_run = 0;
    }

    /// What has not been handed out.
    pub(crate) fn into_rest(self) -> (impl Iterator<Item = T>, A) {
        (self.user.into_iter().map(|(message, _)| message), self.aside)
    }
}
