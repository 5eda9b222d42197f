//! The shared end of a mailbox: senders put messages in or are refused, the service takes the next.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use super::{
    batch::{Aside, Batch, Next},
    bytes::Bytes,
    lanes::{Lanes, Limits, Queue},
};
use crate::sync::lock;
use crate::{error::RefusedReason, message::Lane};

/// A queue without messages keeps places for so many.
const KEPT: usize = 64;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
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
    gate: Gate,
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
    bytes: Bytes,
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
            state: Mutex::new(State { gate: Gate::Open, lanes: None }),
            system_taken: AtomicU32::new(0),
            user_taken: AtomicU32::new(0),
            system_waits: AtomicBool::new(false),
            bytes: Bytes::default(),
            limits: (limits != Limits::DEFAULT).then(|| Box::new(limits)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, A>> {
        lock(&self.state)
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
        match state.gate {
            Gate::Closed => return Err(RefusedReason::Retiring),
            Gate::Sealed => return Err(RefusedReason::Stopped),
            Gate::Paused if lane == Lane::User => return Err(RefusedReason::Paused),
            Gate::Open | Gate::Paused => {}
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

    /// Puts in as many of `count` messages for the user lane as there are places for, in their order: how many, or why none. What they leave of
    /// themselves `leave` puts aside, once; it is not called for none.
    pub(crate) fn put_some(
        &self,
        count: usize,
        leave: impl FnOnce(&mut A, usize),
        mut message: impl FnMut(usize) -> T,
    ) -> Result<usize, RefusedReason> {
        let (taken, limit) = self.limit(Lane::User);
        let mut state = self.lock();
        match state.gate {
            Gate::Closed => return Err(RefusedReason::Retiring),
            Gate::Sealed => return Err(RefusedReason::Stopped),
            Gate::Paused => return Err(RefusedReason::Paused),
            Gate::Open => {}
        }
        let Lanes { user, aside, .. } = state.lanes();
        let room = user.room(count, taken, limit);
        if room == 0 {
            return Err(RefusedReason::MailboxFull { limit: limit as u64 });
        }
        leave(aside, room);
        (0..room).for_each(|place| user.put(message(place)));
        Ok(room)
    }

    /// Takes a place for something that comes later, also while closed, as long as there is a receiver. It must be filled or
    /// given back.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn promise(&self, lane: Lane) -> Result<(), RefusedReason> {
        let (taken, limit) = self.limit(lane);
        let mut state = self.lock();
        if state.gate == Gate::Sealed {
            return Err(RefusedReason::Stopped);
        }
        let queue = state.queue(lane);
        if queue.is_full(taken, limit) {
            return Err(RefusedReason::MailboxFull { limit: limit as u64 });
        }
        queue.promised += 1;
        Ok(())
    }

    /// Fills a promised place. Gives the message back if the receiver has gone.
    pub(crate) fn fill(&self, lane: Lane, message: T) -> Result<(), (T, RefusedReason)> {
        let mut state = self.lock();
        if state.gate == Gate::Sealed {
            return Err((message, RefusedReason::Stopped));
        }
        state.queue(lane).promised -= 1;
        state.queue(lane).put(message);
        self.note_system(lane);
        Ok(())
    }

    /// Gives a promised place back unfilled.
    pub(crate) fn release(&self, lane: Lane) {
        let mut state = self.lock();
        if state.gate != Gate::Sealed {
            state.queue(lane).promised -= 1;
        }
    }

    /// Queues what the framework owes, whatever the bounds. The caller sees to it that there cannot be many.
    pub(crate) fn put_owed(&self, lane: Lane, message: T) -> Result<(), T> {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Closed | Gate::Sealed) {
            return Err(message);
        }
        state.queue(lane).waiting.push_back((message, false));
        self.note_system(lane);
        Ok(())
    }

    /// The same, also while closed, as long as there is a receiver.
    pub(crate) fn put_last(&self, lane: Lane, message: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.gate == Gate::Sealed {
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
        self.bytes.charge(bytes, self.limits().bytes)
    }

    /// The same for as many payloads of these sizes as there is room for, in their order: how many, or why none.
    pub(crate) fn charge_some(&self, sizes: impl Iterator<Item = usize> + Clone) -> Result<usize, RefusedReason> {
        self.bytes.charge_some(sizes, self.limits().bytes)
    }

    /// Those that wait.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The next message: system first, but a user message is let in now and then. Over once the mailbox is closed, empty,
    /// and owes nobody a place.
    pub(crate) fn next(&self, batch: &mut Batch<T, A>) -> Next<T> {
        let system_first = self.system_waits.load(Ordering::Acquire) && !batch.is_users_turn();
        if !system_first && let Some(message) = self.next_taken_over(batch) {
            return Next::Message(message);
        }
        let mut state = self.lock();
        let State { gate, lanes } = &mut *state;
        let mut promised = 0;
        if let Some(lanes) = lanes {
            let Lanes { system, user, aside } = &mut **lanes;
            if batch.user.is_empty() {
                std::mem::swap(&mut batch.aside, aside);
                std::mem::swap(&mut batch.user, &mut user.waiting);
                batch.burst |= batch.user.len() > KEPT;
            }
            batch.burst |= system.waiting.len() > KEPT;
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
        let over = match gate {
            Gate::Open | Gate::Paused => false,
            Gate::Closed => promised == 0,
            Gate::Sealed => true,
        };
        drop(state);
        match self.next_taken_over(batch) {
            Some(message) => Next::Message(message),
            None if over => Next::Over,
            None => Next::Empty,
        }
    }

    /// Takes over all that waits, for a receiver that has an order of its own: with its lane, and whether it counts. What counts does so until it
    /// is [handed out](Self::hand_out). `true` once the mailbox is closed, empty, and owes nobody a place.
    pub(crate) fn take_over(&self, take: &mut dyn FnMut(Lane, T, bool)) -> bool {
        let mut state = self.lock();
        let State { gate, lanes } = &mut *state;
        let mut promised = 0;
        if let Some(lanes) = lanes {
            let Lanes { system, user, .. } = &mut **lanes;
            for (lane, queue) in [(Lane::System, system), (Lane::User, user)] {
                queue.waiting.drain(..).for_each(|(message, counted)| take(lane, message, counted));
                promised += queue.promised;
            }
        }
        self.system_waits.store(false, Ordering::Relaxed);
        match gate {
            Gate::Open | Gate::Paused => false,
            Gate::Closed => promised == 0,
            Gate::Sealed => true,
        }
    }

    /// A message that was taken over is handed out now. One at a time.
    pub(crate) fn hand_out(&self, lane: Lane, counted: bool) {
        count(self.limit(lane).0, counted);
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
            let Lanes { system, user, aside } = state.lanes();
            system.waiting.shrink_to(KEPT);
            for (waiting, aside) in [(&mut user.waiting, aside), (&mut batch.user, &mut batch.aside)] {
                waiting.shrink_to(KEPT);
                aside.trim();
            }
        }
    }

    /// Lets nobody in any more, because the service retires; what waits stays.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Open | Gate::Paused) {
            state.gate = Gate::Closed;
        }
    }

    /// The receiver has gone: nothing can be added, and what still waits comes back. Nothing is kept.
    pub(crate) fn seal(&self) -> (impl Iterator<Item = T> + use<T, A>, A) {
        let mut state = self.lock();
        state.gate = Gate::Sealed;
        let lanes = state.lanes.take();
        drop(state);
        let Lanes { system, user, aside } = lanes.map(|lanes| *lanes).unwrap_or_default();
        (system.waiting.into_iter().chain(user.waiting).map(|(message, _)| message), aside)
    }

    /// Seals a closed mailbox, if nothing waits in it, and nobody was promised a place.
    pub(crate) fn seal_if_empty(&self) -> bool {
        let mut state = self.lock();
        let empty = state.lanes.as_ref().is_none_or(|lanes| lanes.system.is_empty() && lanes.user.is_empty());
        let seals = state.gate == Gate::Closed && empty;
        if seals {
            state.gate = Gate::Sealed;
        }
        seals
    }

    /// How many messages wait, of those that are counted.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.lock();
        let Some(lanes) = &state.lanes else { return 0 };
        lanes.system.left(&self.system_taken) + lanes.user.left(&self.user_taken)
    }

    /// Whether anybody is let in to the user lane, if there are places.
    pub(crate) fn admits(&self) -> bool {
        self.limits().user > 0 && self.lock().gate == Gate::Open
    }

    /// Whether user messages are refused for now.
    pub(crate) fn is_paused(&self) -> bool {
        self.lock().gate == Gate::Paused
    }

    /// Refuses user messages (`true`), or lets them in again. Nothing happens to a closed mailbox.
    pub(crate) fn pause(&self, paused: bool) {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Open | Gate::Paused) {
            state.gate = if paused { Gate::Paused } else { Gate::Open };
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
