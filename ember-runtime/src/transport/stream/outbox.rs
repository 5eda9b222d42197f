//! What waits for the writer of a link's data stream, behind one short lock.

use std::{sync::Arc, task::Waker};

use tokio::time::Instant;

use super::{
    inbound::Inbound,
    intake::Intake,
    pending::{Dropped, SLOW},
    queue::{Parts, Queue},
};
use crate::transport::protocol::{CALL, Correlation, wire};

/// The two queues of a link and what holds them back.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) calls: Queue,
    pub(crate) replies: Queue,
    /// The bytes of calls that the peer still takes; a frame may overdraw it by one call.
    credit: i64,
    /// The calls of the peer that are in progress here.
    pub(crate) inbound: Inbound,
    /// Why nothing is sent any more.
    closed: Option<Arc<str>>,
    /// New calls are no longer accepted; the stream ends when everything else is done.
    finishing: bool,
    /// The peer sends no more calls than are on their way.
    peer_finishing: bool,
    /// Calls of the peer wait until fewer bytes of replies do.
    parked: Option<usize>,
    /// When a frame was last written, or else when the link was made.
    pub(crate) seen: Instant,
    /// Whose turn it is to be written.
    turn: usize,
    /// The writer's, while it has nothing to do.
    waker: Option<Waker>,
}

impl Outbox {
    /// An empty one. Deadlines of calls count from `epoch`.
    pub(crate) fn new(credit: u64, epoch: Instant) -> Self {
        Self {
            calls: Queue::new(Some(epoch)),
            replies: Queue::new(None),
            credit: i64::try_from(credit).unwrap_or(i64::MAX),
            inbound: Inbound::default(),
            closed: None,
            finishing: false,
            peer_finishing: false,
            parked: None,
            seen: epoch,
            turn: 0,
            waker: None,
        }
    }

    pub(crate) fn closed(&self) -> Option<&Arc<str>> {
        self.closed.as_ref()
    }

    /// Whether new calls are accepted.
    pub(crate) fn accepts(&self) -> bool {
        self.closed.is_none() && !self.finishing
    }

    pub(crate) fn finishing(&self) -> bool {
        self.finishing
    }

    /// Whether everything was said.
    pub(crate) fn exhausted(&self) -> bool {
        let nothing_waits = self.calls.waiting() == 0 && self.replies.waiting() == 0;
        self.finishing && self.peer_finishing && nothing_waits && self.inbound.live() == 0
    }

    /// Ends it for good; returns how many one-way calls are lost with it, and whom to wake.
    pub(crate) fn close(&mut self, why: &Arc<str>) -> (usize, Vec<Waker>) {
        self.closed = Some(why.clone());
        let mut wakers = self.inbound.wake_all();
        wakers.extend(self.waker.take());
        (self.calls.sends(), wakers)
    }

    /// Accepts no more calls. Returns the writer to wake.
    pub(crate) fn finish(&mut self, peer_too: bool) -> Option<Waker> {
        self.finishing = true;
        self.peer_finishing |= peer_too;
        self.waker.take()
    }

    /// Notes that the peer sends no more. Returns the writer to wake.
    pub(crate) fn peer_finish(&mut self) -> Option<Waker> {
        self.peer_finishing = true;
        self.waker.take()
    }

    /// More credit. Returns the writer to wake.
    pub(crate) fn grant(&mut self, credit: u64) -> Option<Waker> {
        self.credit = self.credit.saturating_add(i64::try_from(credit).unwrap_or(i64::MAX));
        self.wake()
    }

    /// The writer, if it is parked and there is something for it.
    pub(crate) fn wake(&mut self) -> Option<Waker> {
        if self.sendable() { self.waker.take() } else { None }
    }

    /// The writer, if it is parked: it looks for itself.
    pub(crate) fn kick(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// The writer has nothing to do. Its waker is the connection's, a task of the runtime, and none of the user's.
    pub(crate) fn park(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    pub(crate) fn sendable(&self) -> bool {
        self.replies.has_some(i64::MAX) || self.calls.has_some(self.credit)
    }

    /// Whether what waits may have company soon: not a single call that is the only one, nor the last replies that are owed.
    /// `pending` tells how many calls wait for their answers.
    pub(crate) fn may_gather(&self, pending: impl FnOnce() -> usize) -> bool {
        match (self.replies.waiting(), self.calls.waiting()) {
            (_, 0) => self.inbound.live() > 0,
            (0, _) if self.calls.only() == Some(CALL) => pending() > 1,
            _ => true,
        }
    }

    /// What happens to a call of the peer: it waits while more than `limit` bytes of replies do.
    /// [`unparks`](Self::unparks) tells when that is over.
    pub(crate) fn intake(&mut self, limit: usize) -> Intake {
        let over = self.replies.waiting() > limit;
        self.parked = over.then_some(limit);
        match self.finishing {
            _ if over => Intake::Shut,
            true => Intake::Retiring,
            false => Intake::Open,
        }
    }

    /// Whether calls that were parked can go on now.
    pub(crate) fn unparks(&mut self) -> bool {
        self.parked.take_if(|limit| self.replies.waiting() <= *limit).is_some()
    }

    /// The next frame, and the call that has left with it if it was a slow one. Replies and calls, small and large, take turns.
    pub(crate) fn frame(&mut self) -> Option<(Parts, Option<Correlation>)> {
        let free = &mut i64::MAX.clone();
        (0..4).find_map(|_| {
            self.turn = (self.turn + 1) % 4;
            match self.turn {
                0 => self.replies.piece(free).map(|(parts, _)| (parts, None)),
                1 => self.replies.frame(free).map(|parts| (parts, None)),
                2 => self.calls.frame(&mut self.credit).map(|parts| (parts, None)),
                _ => self.calls.piece(&mut self.credit),
            }
        })
    }

    /// To be called now and then: gives memory back that is not used.
    pub(crate) fn tidy(&mut self) {
        self.calls.tidy();
        self.replies.tidy();
    }

    /// Queues the cancel of a call that nobody waits for any more, behind the call itself. Returns the writer to wake.
    pub(crate) fn cancel(&mut self, call: Correlation, dropped: &Dropped) -> Option<Waker> {
        let Dropped::Waiting(position) = *dropped else { return None };
        if self.closed.is_some() {
            return None;
        }
        if position == SLOW && self.calls.cancel_slow(call) {
            return self.waker.take();
        }
        // A slow one may have left since its place was looked up.
        let sent = position == SLOW || position < self.calls.taken();
        let queue = if sent { &mut self.replies } else { &mut self.calls };
        let out = queue.open();
        let start = out.len();
        wire::put_cancel(call, out);
        queue.push(start);
        self.wake()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_call_that_left_while_its_caller_gave_up_is_cancelled_where_it_went() {
        let mut outbox = Outbox::new(1 << 20, Instant::now());
        outbox.cancel(Correlation { index: 3, generation: 1 }, &Dropped::Waiting(SLOW));
        assert!(outbox.replies.waiting() > 0, "its cancel is on its way");
    }
}
