//! The shared end of a mailbox: senders put messages in or are refused, the service takes the next.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
};

use super::{
    batch::{Aside, Batch, Next},
    lanes::{Lanes, Limits, Queue},
};
use crate::{error::RefusedReason, message::Lane};

/// A queue without messages keeps places for so many.
const KEPT: usize = 64;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// The system lane only.
    Paused,
    /// Nobody new; what waits is still handed out, and what was promised a place may fill it.
    Closed,
    /// Nobody at all: there is no receiver any more.
    Sealed,
}

#[derive(Debug)]
struct State<T, A> {
    door: Door,
    /// None as long as nothing has waited here.
    lanes: Option<Box<Lanes<T, A>>>,
}

/// A mailbox with many senders and one receiver, which keeps a [`Batch`]. A message in the user lane may leave a part of itself
/// in `A`, which goes where the messages go.
#[derive(Debug)]
pub(crate) struct Mailbox<T, A = ()> {
    state: Mutex<State<T, A>>,
    /// Counted messages of each lane that were handed out: written by the receiver only.
    system_taken: AtomicU32,
    user_taken: AtomicU32,
    /// Something waits in the system lane.
    system_waits: AtomicBool,
    /// Bytes of remote payload that wait.
    bytes: AtomicUsize,
    /// None if they are the default ones.
    limits: Option<Box<Limits>>,
}

impl<T, A: Aside> State<T, A> {
    fn lanes(&mut self) -> &mut Lanes<T, A> {
        self.lanes.get_or_insert_default()
    }

    fn queue(&mut self, lane: Lane) -> &mut Queue<T> {
        self.lanes().queue(lane)
    }
}

/// Counts a message as handed out. Only the receiver does, so that nothing is lost between reading and writing.
fn count(taken: &AtomicU32, counted: bool) {
    taken.store(taken.load(Ordering::Relaxed).wrapping_add(u32::from(counted)), Ordering::Relaxed);
}

/// The receiver of a mailbox with many places tells of this many free ones at a time: each time costs senders on other threads
/// as much as a message.
const TOLD: u32 = 16;

/// So many places are many.
const MANY: usize = 256;

impl<T, A: Aside> Mailbox<T, A> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            state: Mutex::new(State { door: Door::Open, lanes: None }),
            system_taken: AtomicU32::new(0),
            user_taken: AtomicU32::new(0),
            system_waits: AtomicBool::new(false),
            bytes: AtomicUsize::new(0),
            limits: (limits != Limits::DEFAULT).then(|| Box::new(limits)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> &Limits {
        self.limits.as_deref().unwrap_or(&Limits::DEFAULT)
    }

    fn limit(&self, lane: Lane) -> (&AtomicU32, usize) {
        match lane {
            Lane::System => (&self.system_taken, self.limits().system),
            Lane::User => (&self.user_taken, self.limits().user),
        }
    }

    /// Puts in the message that `make` makes, or says why not; then it is not made.
    pub(crate) fn put(&self, lane: Lane, make: impl FnOnce(&mut A) -> T) -> Result<(), RefusedReason> {
        let (taken, limit) = self.limit(lane);
        let mut state = self.lock();
        match state.door {
            Door::Closed => return Err(RefusedReason::Retiring),
            Door::Sealed => return Err(RefusedReason::Stopped),
            Door::Paused if lane == Lane::User => return Err(RefusedReason::Paused),
            Door::Open | Door::Paused => {}
        }
        if state.queue(lane).is_full(taken, limit) {
            return Err(RefusedReason::MailboxFull { limit: limit as u64 });
        }
        let lanes = state.lanes();
        let message = make(&mut lanes.aside);
        lanes.queue(lane).put(message);
        self.note_system(lane);
        Ok(())
    }

    /// Takes a place for something that is owed: beyond the bound if need be, and also while closed, as long as there is a
    /// receiver. It must be filled or given back.
    pub(crate) fn promise(&self, lane: Lane) {
        self.lock().queue(lane).promised += 1;
    }

    /// Fills a promised place. Gives the message back if the receiver has gone.
    pub(crate) fn fill(&self, lane: Lane, message: T) -> Result<(), (T, RefusedReason)> {
        let mut state = self.lock();
        state.queue(lane).promised -= 1;
        if state.door == Door::Sealed {
            return Err((message, RefusedReason::Stopped));
        }
        state.queue(lane).put(message);
        self.note_system(lane);
        Ok(())
    }

    /// Gives a promised place back unfilled.
    pub(crate) fn release(&self, lane: Lane) {
        self.lock().queue(lane).promised -= 1;
    }

    /// Queues what the framework owes, whatever the bounds. The caller sees to it that there cannot be many.
    pub(crate) fn put_owed(&self, lane: Lane, message: T) -> Result<(), T> {
        let mut state = self.lock();
        if matches!(state.door, Door::Closed | Door::Sealed) {
            return Err(message);
        }
        state.queue(lane).waiting.push_back((message, false));
        self.note_system(lane);
        Ok(())
    }

    /// Under the lock.
    fn note_system(&self, lane: Lane) {
        if lane == Lane::System {
            self.system_waits.store(true, Ordering::Release);
        }
    }

    /// Counts `bytes` of remote payload as waiting, or refuses.
    pub(crate) fn charge(&self, bytes: usize) -> Result<(), RefusedReason> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A payload that is larger than the whole bound is let in when nothing else waits: its size has a limit of its own.
        if before > 0 && before.saturating_add(bytes) > self.limits().bytes {
            self.discharge(bytes);
            return Err(RefusedReason::MailboxFull { limit: self.limits().bytes as u64 });
        }
        Ok(())
    }

    /// Bytes that were charged wait no longer.
    pub(crate) fn discharge(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The next message: system first, but a user message is let in now and then. Over once the mailbox is closed, empty,
    /// and owes nobody a place.
    pub(crate) fn next(&self, batch: &mut Batch<T, A>) -> Next<T> {
        let system_first = self.system_waits.load(Ordering::Acquire) && !batch.is_users_turn();
        if !system_first && let Some(message) = self.next_taken_over(batch) {
            return Next::Message(message);
        }
        let mut state = self.lock();
        let State { door, lanes } = &mut *state;
        let mut promised = 0;
        if let Some(lanes) = lanes {
            let Lanes { system, user, aside } = &mut **lanes;
            if batch.user.is_empty() {
                std::mem::swap(&mut batch.aside, aside);
                std::mem::swap(&mut batch.user, &mut user.waiting);
                batch.burst |= batch.user.len() > KEPT;
            }
            if !batch.is_users_turn() || batch.user.is_empty() {
                let first = system.waiting.pop_front();
                self.system_waits.store(!system.waiting.is_empty(), Ordering::Relaxed);
                if let Some((message, counted)) = first {
                    drop(state);
                    count(&self.system_taken, counted);
                    batch.ran_system();
                    return Next::Message(message);
                }
            }
            promised = system.promised + user.promised;
        }
        let over = match door {
            Door::Open | Door::Paused => false,
            Door::Closed => promised == 0,
            Door::Sealed => true,
        };
        drop(state);
        match self.next_taken_over(batch) {
            Some(message) => Next::Message(message),
            None if over => Next::Over,
            None => Next::Empty,
        }
    }

    fn next_taken_over(&self, batch: &mut Batch<T, A>) -> Option<T> {
        let (message, counted) = batch.user.pop_front()?;
        batch.user_taken = batch.user_taken.wrapping_add(u32::from(counted));
        if batch.user.is_empty() || batch.user_taken.is_multiple_of(TOLD) || self.limits().user < MANY {
            self.tell(batch);
        }
        batch.ran_user();
        Some(message)
    }

    /// Tells senders how many messages were handed out. To be called before the receiver waits for anything.
    pub(crate) fn tell(&self, batch: &Batch<T, A>) {
        self.user_taken.store(batch.user_taken, Ordering::Relaxed);
    }

    /// Gives back what memory a burst has left. What senders have put in meanwhile stays.
    pub(crate) fn trim(&self, batch: &mut Batch<T, A>) {
        if std::mem::take(&mut batch.burst) {
            let mut state = self.lock();
            let Lanes { user, aside, .. } = state.lanes();
            for (waiting, aside) in [(&mut user.waiting, aside), (&mut batch.user, &mut batch.aside)] {
                waiting.shrink_to(KEPT);
                aside.trim();
            }
        }
    }

    /// Lets nobody in any more, because the service retires; what waits stays.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if matches!(state.door, Door::Open | Door::Paused) {
            state.door = Door::Closed;
        }
    }

    /// The receiver has gone: nothing can be added, and what still waits comes back.
    pub(crate) fn seal(&self) -> (Vec<T>, A) {
        let mut state = self.lock();
        state.door = Door::Sealed;
        let Some(lanes) = &mut state.lanes else { return Default::default() };
        let waiting = lanes.system.waiting.drain(..).chain(lanes.user.waiting.drain(..));
        (waiting.map(|(message, _)| message).collect(), std::mem::take(&mut lanes.aside))
    }

    /// Whether anybody is let in to the user lane, if there are places.
    pub(crate) fn admits(&self) -> bool {
        self.limits().user > 0 && self.lock().door == Door::Open
    }

    /// Whether user messages are refused for now.
    pub(crate) fn is_paused(&self) -> bool {
        self.lock().door == Door::Paused
    }

    /// Refuses user messages (`true`), or lets them in again. Nothing happens to a closed mailbox.
    pub(crate) fn pause(&self, paused: bool) {
        let mut state = self.lock();
        if matches!(state.door, Door::Open | Door::Paused) {
            state.door = if paused { Door::Paused } else { Door::Open };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Mailbox<u32> {
        Mailbox::new(Limits { user: 2, system: 1, bytes: 10 })
    }

    fn all(mailbox: &Mailbox<u32>, batch: &mut Batch<u32>) -> Vec<u32> {
        std::iter::from_fn(|| match mailbox.next(batch) {
            Next::Message(message) => Some(message),
            Next::Empty | Next::Over => None,
        })
        .collect()
    }

    #[test]
    fn a_full_mailbox_refuses_at_once_and_loses_nothing() {
        let (mailbox, mut batch) = (small(), Batch::new());
        for i in 0..2 {
            mailbox.put(Lane::User, |()| i).unwrap();
        }
        assert_eq!(mailbox.put(Lane::User, |()| 7).unwrap_err(), RefusedReason::MailboxFull { limit: 2 });
        mailbox.put(Lane::System, |()| 9).unwrap();
        assert_eq!(all(&mailbox, &mut batch), [9, 0, 1]);
    }

    #[test]
    fn each_message_that_is_taken_frees_its_place_though_others_were_taken_over_with_it() {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.put(Lane::User, |()| 0).unwrap();
        mailbox.put(Lane::User, |()| 1).unwrap();
        assert_eq!(mailbox.next(&mut batch), Next::Message(0));
        mailbox.put(Lane::User, |()| 2).unwrap();
        mailbox.put(Lane::User, |()| 3).unwrap_err();
        assert_eq!(all(&mailbox, &mut batch), [1, 2]);
    }

    #[test]
    fn system_goes_first_also_before_what_was_taken_over() {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.put(Lane::User, |()| 0).unwrap();
        mailbox.put(Lane::User, |()| 1).unwrap();
        assert_eq!(mailbox.next(&mut batch), Next::Message(0));
        mailbox.put(Lane::System, |()| 9).unwrap();
        assert_eq!(all(&mailbox, &mut batch), [9, 1]);
    }

    #[test]
    fn system_cannot_starve_user_for_ever() {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.put(Lane::User, |()| 0).unwrap();
        for i in 1..100 {
            mailbox.put(Lane::System, |()| i).unwrap();
            if mailbox.next(&mut batch) == Next::Message(0) {
                return;
            }
        }
        panic!("the user message never had its turn");
    }

    #[test]
    fn closing_refuses_new_messages_and_hands_out_the_old() {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.put(Lane::User, |()| 1).unwrap();
        mailbox.close();
        assert_eq!(mailbox.put(Lane::User, |()| 2).unwrap_err(), RefusedReason::Retiring);
        assert_eq!((mailbox.next(&mut batch), mailbox.next(&mut batch)), (Next::Message(1), Next::Over));
    }

    #[test]
    fn a_promised_place_outlives_closing_and_ends_with_the_receiver() {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.promise(Lane::User);
        mailbox.promise(Lane::User);
        mailbox.close();
        mailbox.fill(Lane::User, 1).unwrap();
        assert_eq!(mailbox.next(&mut batch), Next::Message(1));
        assert_eq!(mailbox.next(&mut batch), Next::Empty, "one place is still promised");
        assert!(mailbox.seal().0.is_empty());
        assert_eq!(mailbox.fill(Lane::User, 2).unwrap_err(), (2, RefusedReason::Stopped));
    }

    #[test]
    fn paused_lets_the_system_lane_in() {
        let mailbox = small();
        mailbox.pause(true);
        assert!(!mailbox.admits());
        assert_eq!(mailbox.put(Lane::User, |()| 1).unwrap_err(), RefusedReason::Paused);
        mailbox.put(Lane::System, |()| 2).unwrap();
        mailbox.pause(false);
        assert!(mailbox.admits());
        mailbox.put(Lane::User, |()| 3).unwrap();
    }

    #[test]
    fn a_burst_leaves_no_memory_behind() {
        let mailbox = Mailbox::<u32>::new(Limits { user: 2_000, system: 1, bytes: 1 });
        let mut batch = Batch::new();
        for _ in 0..2 {
            (0..2_000).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
            assert_eq!(all(&mailbox, &mut batch).len(), 2_000);
        }
        mailbox.trim(&mut batch);
        assert!(batch.user.capacity() + mailbox.lock().lanes().user.waiting.capacity() < 4 * KEPT);
    }

    #[test]
    fn bytes_are_bounded_but_one_large_payload_passes() {
        let mailbox = small();
        mailbox.charge(100).unwrap();
        assert!(mailbox.charge(1).is_err());
        mailbox.discharge(100);
        mailbox.charge(1).unwrap();
    }
}
