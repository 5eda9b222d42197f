//! The calls of one link that wait for their replies: a slab whose slots have generations.
//!
//! Their deadlines are kept here too, without a timer for each: the earliest one is *due*, and when it has passed all are looked
//! through. As most calls are answered long before, that is seldom; where there are many it is done less often, so that it never takes
//! more than a small share of the time.

use std::{
    mem,
    task::{Poll, Waker},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    error::{LostReason, RefusedReason},
    sync::watch,
    transport::protocol::{Correlation, RawAnswer},
};

/// The most calls in flight on one link. Both ends keep a slot each, so this bounds memory at the callee too.
pub(crate) const MAX_PENDING: usize = 1 << 20;

/// The position of a call that leaves later than its place says, and has not yet.
pub(crate) const SLOW: u64 = u64::MAX;
/// The position of such a call when it has left.
const LEFT: u64 = 0;

/// Deadlines are looked through no more often than this,
const GRAIN: Duration = Duration::from_millis(1);
/// once more for each so many slots. Looking at them takes some hundredths of that.
const SLOTS_A_GRAIN: usize = 4096;

/// What has room for more gives back what a burst has left.
const MANY: usize = 1024;
/// A slot with so many generations stays, as those after it begin where it ends.
const OLD: u32 = u32::MAX / 2;

/// The slots of a link are dealt out to so many parts.
pub(crate) const PARTS: usize = 4;

/// One part of them: the slots whose numbers have the same remainder.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    part: u32,
    slots: Vec<Slot>,
    free: Vec<u32>,
    waiting: usize,
    /// No deadline is earlier, or they were looked through too short a time before.
    due: Option<Instant>,
    /// They are not looked through before.
    rest: Option<Instant>,
    /// No slot that was given back had a later generation: a late reply must not hit the next in its place.
    given_back: u32,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Free,
    Waiting {
        /// Where its record starts in the stream of calls, which begins at 1: tells whether it has left the process.
        position: u64,
        deadline: Option<Instant>,
        waker: Option<Waker>,
    },
    Done(RawAnswer),
}

/// What a dropped call was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// It still waited; where its record starts.
    Waiting(u64),
    /// It had been answered.
    Answered,
}

impl Pending {
    /// An empty part.
    pub(crate) fn of_part(part: u32) -> Self {
        Self { part, ..Self::default() }
    }

    /// Takes a slot; `None` if there are too many calls already. Tells whether the deadline is the earliest one.
    pub(crate) fn insert(&mut self, position: u64, deadline: Option<Instant>) -> Option<(Correlation, bool)> {
        let state = State::Waiting { position, deadline, waker: None };
        let correlation = match self.free.pop() {
            Some(index) => {
                let index = self.number(index);
                let slot = &mut self.slots[index as usize / PARTS];
                slot.state = state;
                Correlation { index, generation: slot.generation }
            }
            None if self.slots.len() < MAX_PENDING / PARTS => {
                let generation = self.given_back.max(1);
                self.slots.push(Slot { generation, state });
                Correlation { index: self.number(self.slots.len() as u32 - 1), generation }
            }
            None => return None,
        };
        self.waiting += 1;
        let earliest = deadline.is_some_and(|deadline| self.due.is_none_or(|due| deadline < due));
        Some((correlation, earliest && self.bring_forward(deadline)))
    }

    #[cold]
    fn bring_forward(&mut self, deadline: Option<Instant>) -> bool {
        let at = deadline.max(self.rest);
        let earlier = self.due.is_none() || at < self.due;
        if earlier {
            self.due = at;
        }
        earlier
    }

    /// When [`expire`](Self::expire) wants to be called.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Answers the calls whose deadlines have passed.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.due = None;
        for slot in &mut self.slots {
            let State::Waiting { deadline: Some(deadline), waker, .. } = &mut slot.state else { continue };
            if *deadline > now {
                self.due = Some(self.due.map_or(*deadline, |due| due.min(*deadline)));
                continue;
            }
            wakers.extend(waker.take());
            slot.state = State::Done(RawAnswer::Failed(LostReason::Deadline.into()));
            self.waiting -= 1;
        }
        self.rest = Some(now + GRAIN * (1 + self.slots.len() / SLOTS_A_GRAIN) as u32);
        self.due = self.due.and(self.due.max(self.rest));
        wakers
    }

    /// Notes that a call waits among the slow ones.
    pub(crate) fn delay(&mut self, correlation: Correlation) {
        self.place(correlation, SLOW);
    }

    /// Notes that a slow call has left.
    pub(crate) fn left(&mut self, correlation: Correlation) {
        self.place(correlation, LEFT);
    }

    fn place(&mut self, correlation: Correlation, place: u64) {
        if let Some(Slot { state: State::Waiting { position, .. }, .. }) = self.slot(correlation) {
            *position = place;
        }
    }

    /// Answers a call. A reply that comes late, or twice, finds nothing and is dropped.
    pub(crate) fn complete(&mut self, correlation: Correlation, answer: RawAnswer) -> Option<Waker> {
        let slot = self.slot(correlation)?;
        let State::Waiting { waker, .. } = &mut slot.state else { return None };
        let waker = waker.take();
        slot.state = State::Done(answer);
        self.waiting -= 1;
        waker
    }

    /// Takes the answer, and frees the slot, if there is one. `None` if the call waits, and `spare` has to hold a clone of `task`
    /// first; see [`watch`].
    #[inline]
    pub(crate) fn poll(
        &mut self,
        correlation: Correlation,
        task: &Waker,
        spare: &mut Option<Waker>,
    ) -> Option<Poll<RawAnswer>> {
        let no_reply = || Some(Poll::Ready(RawAnswer::Failed(LostReason::NoReply.into())));
        let Some(slot) = self.slot(correlation) else { return no_reply() };
        if let State::Waiting { waker, .. } = &mut slot.state {
            return watch(waker, task, spare).then_some(Poll::Pending);
        }
        match self.free(correlation.index) {
            State::Done(answer) => Some(Poll::Ready(answer)),
            State::Waiting { .. } | State::Free => no_reply(),
        }
    }

    /// Forgets a call. With it, who was to be woken, to be dropped when nothing is locked any more.
    pub(crate) fn remove(&mut self, correlation: Correlation) -> (Dropped, Option<Waker>) {
        let is_free = self.slot(correlation).is_none_or(|slot| matches!(slot.state, State::Free));
        if is_free {
            return (Dropped::Answered, None);
        }
        match self.free(correlation.index) {
            State::Waiting { position, waker, .. } => {
                self.waiting -= 1;
                (Dropped::Waiting(position), waker)
            }
            State::Done(_) | State::Free => (Dropped::Answered, None),
        }
    }

    /// Answers all that wait: what starts at or after `taken` has certainly not left this process.
    pub(crate) fn sweep(&mut self, taken: u64, why: &str) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for slot in &mut self.slots {
            let State::Waiting { position, waker, .. } = &mut slot.state else { continue };
            wakers.extend(waker.take());
            let failure = if *position >= taken {
                RefusedReason::Unreachable(why.to_owned()).into()
            } else {
                LostReason::LinkLost(why.to_owned()).into()
            };
            slot.state = State::Done(RawAnswer::Failed(failure));
        }
        self.waiting = 0;
        wakers
    }

    /// Gives back what a burst has left; to be called now and then.
    pub(crate) fn tidy(&mut self) {
        let used = self.slots.len() - self.free.len();
        if self.slots.len() <= MANY || used > self.slots.len() / 4 {
            return;
        }
        let unused = |slot: &Slot| matches!(slot.state, State::Free) && slot.generation < OLD;
        while let Some(last) = self.slots.pop_if(|last| unused(last)) {
            self.given_back = self.given_back.max(last.generation);
        }
        // The first ones are used first from now on: so the last ones become free.
        self.free.clear();
        let free = self
            .slots
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, slot)| matches!(slot.state, State::Free) && slot.generation < u32::MAX);
        self.free.extend(free.map(|(index, _)| index as u32));
        self.slots.shrink_to(MANY.max(self.slots.len() * 2));
        self.free.shrink_to(MANY.max(self.slots.len() * 2));
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// What the slot at `index` is called.
    fn number(&self, index: u32) -> u32 {
        index * PARTS as u32 + self.part
    }

    fn slot(&mut self, correlation: Correlation) -> Option<&mut Slot> {
        self.slots.get_mut(correlation.index as usize / PARTS).filter(|slot| slot.generation == correlation.generation)
    }

    fn free(&mut self, number: u32) -> State {
        let index = number / PARTS as u32;
        let slot = &mut self.slots[index as usize];
        // A slot whose generations are used up is never used again.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(index);
        }
        mem::replace(&mut slot.state, State::Free)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn poll(pending: &mut Pending, call: Correlation) -> Poll<RawAnswer> {
        pending.poll(call, Waker::noop(), &mut Some(Waker::noop().clone())).expect("it has a waker")
    }

    #[test]
    fn a_late_reply_never_hits_a_reused_slot() {
        let mut pending = Pending::default();
        let old = pending.insert(0, None).unwrap().0;
        assert_eq!(pending.remove(old).0, Dropped::Waiting(0));
        let new = pending.insert(9, None).unwrap().0;
        assert_eq!(old.index, new.index);
        pending.complete(old, RawAnswer::Value(Bytes::from_static(b"late").into()));
        assert!(poll(&mut pending, new).is_pending());
        pending.complete(new, RawAnswer::Value(Bytes::from_static(b"right").into()));
        pending.complete(new, RawAnswer::Value(Bytes::from_static(b"twice").into()));
        assert!(matches!(poll(&mut pending, new), Poll::Ready(RawAnswer::Value(value)) if *value == b"right"[..]));
        assert_eq!(pending.waiting(), 0);
    }

    #[test]
    fn a_slot_without_generations_left_is_not_used_again() {
        let mut pending = Pending::default();
        let first = pending.insert(0, None).unwrap().0;
        pending.slots[0].generation = u32::MAX;
        pending.remove(Correlation { generation: u32::MAX, ..first });
        assert_eq!(pending.insert(0, None).unwrap().0.index, PARTS as u32);
    }

    #[test]
    fn what_a_burst_has_left_is_given_back_and_its_late_replies_hit_nobody() {
        const BURST: usize = 100_000;
        let mut pending = Pending::default();
        let burst: Vec<_> = (0..BURST).map(|_| pending.insert(0, None).unwrap().0).collect();
        let room = pending.slots.capacity();
        pending.tidy();
        assert_eq!(pending.slots.capacity(), room, "all are used");
        // One that stays, in the middle.
        let stays = burst[BURST / 2];
        for call in burst.iter().filter(|call| **call != stays) {
            pending.remove(*call);
        }
        pending.tidy();
        assert_eq!(pending.slots.len(), BURST / 2 + 1);
        let next = pending.insert(0, None).unwrap().0;
        assert_eq!(next.index, 0, "the first ones are used first");
        pending.remove(stays);
        pending.tidy();
        assert!(pending.slots.capacity() <= 2 * MANY && pending.free.capacity() <= 2 * MANY);
        let again: Vec<_> = (0..BURST - 1).map(|_| pending.insert(0, None).unwrap().0).collect();
        for late in &burst {
            pending.complete(*late, RawAnswer::Value(Bytes::from_static(b"late").into()));
        }
        assert_eq!(pending.waiting(), BURST);
        assert!(again.into_iter().chain([next]).all(|call| poll(&mut pending, call).is_pending()));
    }

    #[test]
    fn the_more_there_are_the_less_often_their_deadlines_are_looked_through() {
        let mut pending = Pending::default();
        let start = Instant::now();
        let after = |milliseconds| Some(start + Duration::from_millis(milliseconds));
        for _ in 0..10 * SLOTS_A_GRAIN {
            pending.insert(0, after(1_000));
        }
        pending.insert(0, after(1));
        pending.expire(start + Duration::from_millis(1));
        // Whatever comes meanwhile.
        assert!(pending.insert(0, after(3)).unwrap().1);
        assert!(!pending.insert(0, after(2)).unwrap().1);
        assert_eq!((pending.waiting(), pending.due()), (10 * SLOTS_A_GRAIN + 2, after(1 + 11)));
        pending.expire(start + Duration::from_millis(12));
        assert_eq!((pending.waiting(), pending.due()), (10 * SLOTS_A_GRAIN, after(1_000)));
    }

    #[test]
    fn a_sweep_tells_what_left_the_process() {
        let mut pending = Pending::default();
        let (sent, kept) = (pending.insert(0, None).unwrap().0, pending.insert(100, None).unwrap().0);
        pending.sweep(100, "cut");
        let lost = LostReason::LinkLost("cut".into()).into();
        assert!(matches!(poll(&mut pending, sent), Poll::Ready(RawAnswer::Failed(why)) if why == lost));
        let refused = RefusedReason::Unreachable("cut".into()).into();
        assert!(matches!(poll(&mut pending, kept), Poll::Ready(RawAnswer::Failed(why)) if why == refused));
    }

    #[test]
    fn what_has_expired_is_answered_and_the_next_deadline_is_due() {
        let mut pending = Pending::default();
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let (late, earliest) = pending.insert(0, after(9)).unwrap();
        assert!(earliest && !pending.insert(0, after(10)).unwrap().1 && !pending.insert(0, None).unwrap().1);
        let (soon, earliest) = pending.insert(0, after(5)).unwrap();
        assert!(earliest && pending.due() == after(5));
        pending.expire(start + Duration::from_secs(5));
        let lost = LostReason::Deadline.into();
        assert!(matches!(poll(&mut pending, soon), Poll::Ready(RawAnswer::Failed(why)) if why == lost));
        assert!(poll(&mut pending, late).is_pending());
        assert_eq!((pending.waiting(), pending.due()), (3, after(9)));
        pending.expire(start + Duration::from_secs(60));
        assert_eq!((pending.waiting(), pending.due()), (1, None));
    }
}
