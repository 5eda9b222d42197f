//! The shared end of a mailbox: senders reserve a place and fill it, the service takes the next message.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures_util::task::AtomicWaker;

use super::lanes::Lanes;
use crate::{error::RefusedReason, message::Lane};

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Messages in the user lane.
    pub(crate) user: usize,
    /// Messages in the system lane.
    pub(crate) system: usize,
    /// Bytes of payload from other nodes.
    pub(crate) bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { user: 1024, system: 64, bytes: 16 << 20 }
    }
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq)]
enum Door {
    Open,
    /// The system lane only.
    Paused,
    /// Nobody new; what waits is still handed out, and what was promised a place may fill it.
    Closed(RefusedReason),
    /// Nobody at all: there is no receiver any more.
    Sealed(RefusedReason),
}

#[derive(Debug)]
struct State<T> {
    lanes: Lanes<T>,
    door: Door,
    /// Bytes of remote payload that wait.
    bytes: usize,
}

/// A mailbox with many senders and one receiver.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    state: Mutex<State<T>>,
    receiver: AtomicWaker,
    limits: Limits,
}

/// A reserved place. Dropped unfilled, it is free again.
#[derive(Debug)]
pub(crate) struct Permit<T> {
    mailbox: Arc<Mailbox<T>>,
    lane: Lane,
    filled: bool,
}

/// Bytes that wait in a mailbox. Dropped, they no longer count.
#[derive(Debug)]
pub(crate) struct ByteCharge<T> {
    mailbox: Arc<Mailbox<T>>,
    bytes: usize,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        let state = State { lanes: Lanes::new(), door: Door::Open, bytes: 0 };
        Arc::new(Self { state: Mutex::new(state), receiver: AtomicWaker::new(), limits })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, or says why there is none.
    pub(crate) fn reserve(self: &Arc<Self>, lane: Lane) -> Result<Permit<T>, RefusedReason> {
        let limit = if lane == Lane::System { self.limits.system } else { self.limits.user };
        let mut state = self.lock();
        match &state.door {
            Door::Closed(reason) | Door::Sealed(reason) => return Err(reason.clone()),
            Door::Paused if lane == Lane::User => return Err(RefusedReason::Paused),
            Door::Open | Door::Paused => {}
        }
        if !state.lanes.reserve(lane, limit) {
            return Err(RefusedReason::MailboxFull { limit: limit as u64 });
        }
        Ok(Permit { mailbox: Arc::clone(self), lane, filled: false })
    }

    /// Takes a place for something that is owed: beyond the bound if need be, and also while closed, as long as there is a
    /// receiver.
    pub(crate) fn promise(self: &Arc<Self>, lane: Lane) -> Permit<T> {
        self.lock().lanes.reserve(lane, usize::MAX);
        Permit { mailbox: Arc::clone(self), lane, filled: false }
    }

    /// Counts `bytes` of remote payload as waiting, or refuses.
    pub(crate) fn charge(self: &Arc<Self>, bytes: usize) -> Result<ByteCharge<T>, RefusedReason> {
        let mut state = self.lock();
        // A payload that is larger than the whole bound is let in when nothing else waits: its size has a limit of its own.
        if state.bytes > 0 && state.bytes.saturating_add(bytes) > self.limits.bytes {
            return Err(RefusedReason::MailboxFull { limit: self.limits.bytes as u64 });
        }
        state.bytes += bytes;
        Ok(ByteCharge { mailbox: Arc::clone(self), bytes })
    }

    /// Queues what the framework owes, whatever the bounds. The caller sees to it that there cannot be many.
    pub(crate) fn push_owed(&self, lane: Lane, message: T) -> Result<(), T> {
        let mut state = self.lock();
        if matches!(state.door, Door::Closed(_) | Door::Sealed(_)) {
            return Err(message);
        }
        state.lanes.push_owed(lane, message);
        drop(state);
        self.receiver.wake();
        Ok(())
    }

    /// The next message; `None` once the mailbox is closed, empty, and owes nobody a place. One receiver at a time.
    ///
    /// # Cancel safety
    /// No message is lost.
    pub(crate) async fn next(&self) -> Option<T> {
        poll_fn(|cx| {
            if let Some(result) = self.try_next() {
                return Poll::Ready(result);
            }
            self.receiver.register(cx.waker());
            self.try_next().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn try_next(&self) -> Option<Option<T>> {
        let mut state = self.lock();
        match state.lanes.pop() {
            Some(message) => Some(Some(message)),
            None => match state.door {
                Door::Open | Door::Paused => None,
                Door::Closed(_) => (!state.lanes.has_promises()).then_some(None),
                Door::Sealed(_) => Some(None),
            },
        }
    }

    /// Lets nobody in any more; what waits stays. A closed mailbox stays closed, with the first reason.
    pub(crate) fn close(&self, reason: RefusedReason) {
        let mut state = self.lock();
        if matches!(state.door, Door::Open | Door::Paused) {
            state.door = Door::Closed(reason);
        }
        drop(state);
        self.receiver.wake();
    }

    /// The receiver has gone: nothing can be added, and what still waits comes back.
    pub(crate) fn seal(&self, reason: RefusedReason) -> Vec<T> {
        let mut state = self.lock();
        state.door = Door::Sealed(reason);
        std::iter::from_fn(|| state.lanes.pop()).collect()
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

impl<T> Permit<T> {
    /// Fills the place. Gives the message back if the receiver has gone.
    pub(crate) fn fill(mut self, message: T) -> Result<(), (T, RefusedReason)> {
        let mut state = self.mailbox.lock();
        if let Door::Sealed(reason) = &state.door {
            let reason = reason.clone();
            drop(state);
            return Err((message, reason));
        }
        state.lanes.fill(self.lane, message);
        drop(state);
        self.filled = true;
        self.mailbox.receiver.wake();
        Ok(())
    }
}

impl<T> Drop for Permit<T> {
    fn drop(&mut self) {
        if !self.filled {
            self.mailbox.lock().lanes.release(self.lane);
            self.mailbox.receiver.wake();
        }
    }
}

impl<T> Drop for ByteCharge<T> {
    fn drop(&mut self) {
        self.mailbox.lock().bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn small() -> Arc<Mailbox<u32>> {
        Mailbox::new(Limits { user: 2, system: 1, bytes: 10 })
    }

    #[tokio::test]
    async fn a_full_mailbox_refuses_at_once_and_loses_nothing() {
        let mailbox = small();
        for i in 0..2 {
            mailbox.reserve(Lane::User).unwrap().fill(i).unwrap();
        }
        assert_eq!(mailbox.reserve(Lane::User).unwrap_err(), RefusedReason::MailboxFull { limit: 2 });
        mailbox.reserve(Lane::System).unwrap().fill(9).unwrap();
        assert_eq!([mailbox.next().await, mailbox.next().await, mailbox.next().await], [Some(9), Some(0), Some(1)]);
    }

    #[tokio::test]
    async fn closing_refuses_new_messages_and_hands_out_the_old() {
        let mailbox = small();
        mailbox.reserve(Lane::User).unwrap().fill(1).unwrap();
        mailbox.close(RefusedReason::Retiring);
        assert_eq!(mailbox.reserve(Lane::User).unwrap_err(), RefusedReason::Retiring);
        assert_eq!((mailbox.next().await, mailbox.next().await), (Some(1), None));
    }

    #[tokio::test]
    async fn a_promised_place_outlives_closing_and_ends_with_the_receiver() {
        let mailbox = small();
        let (kept, broken) = (mailbox.reserve(Lane::User).unwrap(), mailbox.reserve(Lane::User).unwrap());
        mailbox.close(RefusedReason::Retiring);
        kept.fill(1).unwrap();
        assert_eq!(mailbox.next().await, Some(1));
        assert!(mailbox.next().now_or_never().is_none(), "one place is still promised");
        assert!(mailbox.seal(RefusedReason::Stopped).is_empty());
        assert_eq!(broken.fill(2).unwrap_err(), (2, RefusedReason::Stopped));
    }

    #[test]
    fn paused_lets_the_system_lane_in() {
        let mailbox = small();
        mailbox.pause(true);
        assert_eq!(mailbox.reserve(Lane::User).unwrap_err(), RefusedReason::Paused);
        mailbox.reserve(Lane::System).unwrap();
        mailbox.pause(false);
        mailbox.reserve(Lane::User).unwrap();
    }

    #[test]
    fn bytes_are_bounded_but_one_large_payload_passes() {
        let mailbox = small();
        let large = mailbox.charge(100).unwrap();
        assert!(mailbox.charge(1).is_err());
        drop(large);
        mailbox.charge(1).unwrap();
    }

    #[tokio::test]
    async fn a_waiting_receiver_is_woken() {
        let mailbox = small();
        let waiting = tokio::spawn({
            let mailbox = Arc::clone(&mailbox);
            async move { mailbox.next().await }
        });
        tokio::task::yield_now().await;
        mailbox.reserve(Lane::User).unwrap().fill(5).unwrap();
        assert_eq!(waiting.await.unwrap(), Some(5));
    }
}
