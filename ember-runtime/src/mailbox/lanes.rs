//! Two queues and the rule that says which goes next.

use std::collections::VecDeque;

use crate::message::Lane;

/// After this many system messages in a row a waiting user message has its turn.
const SYSTEM_RUN: u32 = 32;

/// One queue: what waits, and how many places are promised to somebody who has not filled them yet.
#[derive(Debug)]
struct Queue<T> {
    /// Each with whether it counts against the bound.
    waiting: VecDeque<(T, bool)>,
    counted: usize,
    promised: usize,
}

#[derive(Debug)]
pub(super) struct Lanes<T> {
    system: Queue<T>,
    user: Queue<T>,
    system_run: u32,
}

impl<T> Lanes<T> {
    pub(super) fn new() -> Self {
        let queue = || Queue { waiting: VecDeque::new(), counted: 0, promised: 0 };
        Self { system: queue(), user: queue(), system_run: 0 }
    }

    fn lane(&mut self, lane: Lane) -> &mut Queue<T> {
        match lane {
            Lane::System => &mut self.system,
            Lane::User => &mut self.user,
        }
    }

    /// Takes a place; `false` if all `limit` are taken.
    pub(super) fn reserve(&mut self, lane: Lane, limit: usize) -> bool {
        let queue = self.lane(lane);
        let free = queue.counted + queue.promised < limit;
        queue.promised += usize::from(free);
        free
    }

    /// Gives a place back unfilled.
    pub(super) fn release(&mut self, lane: Lane) {
        self.lane(lane).promised -= 1;
    }

    /// Fills a reserved place.
    pub(super) fn fill(&mut self, lane: Lane, message: T) {
        let queue = self.lane(lane);
        queue.promised -= 1;
        queue.counted += 1;
        queue.waiting.push_back((message, true));
    }

    /// Queues what the framework owes, beyond the bound. The sender must see to it that there cannot be many.
    pub(super) fn push_owed(&mut self, lane: Lane, message: T) {
        self.lane(lane).waiting.push_back((message, false));
    }

    /// The next message: system first, but a user message is let in now and then.
    pub(super) fn pop(&mut self) -> Option<T> {
        let user_turn = self.system_run >= SYSTEM_RUN && !self.user.waiting.is_empty();
        let first = if user_turn { Lane::User } else { Lane::System };
        let second = if user_turn { Lane::System } else { Lane::User };
        for lane in [first, second] {
            if let Some((message, counted)) = self.lane(lane).waiting.pop_front() {
                self.lane(lane).counted -= usize::from(counted);
                self.system_run = if lane == Lane::System { self.system_run.saturating_add(1) } else { 0 };
                return Some(message);
            }
        }
        None
    }

    /// Whether a reserved place may still be filled.
    pub(super) fn has_promises(&self) -> bool {
        self.system.promised + self.user.promised > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(lanes: &mut Lanes<u32>, lane: Lane, message: u32) {
        assert!(lanes.reserve(lane, usize::MAX));
        lanes.fill(lane, message);
    }

    #[test]
    fn system_goes_first() {
        let mut lanes = Lanes::new();
        put(&mut lanes, Lane::User, 1);
        put(&mut lanes, Lane::System, 2);
        assert_eq!((lanes.pop(), lanes.pop(), lanes.pop()), (Some(2), Some(1), None));
    }

    #[test]
    fn system_cannot_starve_user_for_ever() {
        let mut lanes = Lanes::new();
        put(&mut lanes, Lane::User, 0);
        let mut popped = Vec::new();
        for i in 1..100 {
            put(&mut lanes, Lane::System, i);
            popped.push(lanes.pop().unwrap());
        }
        assert!(popped.contains(&0));
    }

    #[test]
    fn a_full_lane_refuses_and_a_popped_message_frees_its_place() {
        let mut lanes = Lanes::new();
        assert!(lanes.reserve(Lane::User, 1));
        assert!(!lanes.reserve(Lane::User, 1), "a reserved place counts");
        lanes.fill(Lane::User, 1);
        assert!(!lanes.reserve(Lane::User, 1), "a filled place counts");
        assert_eq!(lanes.pop(), Some(1));
        assert!(lanes.reserve(Lane::User, 1));
        lanes.release(Lane::User);
        assert!(lanes.reserve(Lane::User, 1));
    }
}
