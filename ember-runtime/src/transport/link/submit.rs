//! Sending a call, and waiting for its answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    callers::{Abandon, Part},
    session::Session,
};
use crate::{
    error::RefusedReason,
    message::{Lane, Unwritten},
    sync::{lock, wake},
    transport::{
        protocol::{Correlation, OutCall, RawAnswer, header, wire},
        stream::{Put, Scratch},
    },
};

/// A deadline this close to when the link was last seen at work is compared with the clock; others cannot have passed, or the
/// callee will notice.
const NEAR: Duration = Duration::from_secs(2);

impl Session {
    /// Queues `call`; `None` if the link takes no more calls. On an error, and on `None`, nothing was sent.
    pub(crate) fn submit(&self, mut call: OutCall<'_>) -> Result<Option<PendingReply>, RefusedReason> {
        let limit = self.config.out_buffer;
        let full = || RefusedReason::LinkFull { limit: limit as u64 };
        let mut record = self.record(&mut call)?;
        let mut outbox = lock(&self.outbox);
        if !outbox.accepts() {
            return Ok(None);
        }
        let waiting = outbox.calls.waiting();
        if waiting >= limit || waiting > 0 && waiting + record.len() > limit {
            return Err(full());
        }
        let deadline = call.stamp.deadline.filter(|deadline| *deadline <= outbox.seen + NEAR);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(RefusedReason::Expired);
        }
        let waiting_at = if call.one_way {
            None
        } else {
            let position = outbox.calls.end();
            let (part, correlation, early) = self.callers.insert(position, call.stamp.deadline).ok_or_else(full)?;
            if early {
                self.earlier.notify_one();
            }
            Some((part, correlation))
        };
        if let Some((_, correlation)) = waiting_at {
            wire::name(correlation, &mut record);
        }
        let order = (call.target, call.lane == Lane::System);
        let correlation = waiting_at.map(|(_, correlation)| correlation);
        let put = outbox.calls.append(&mut record, Some(order), correlation);
        if let (Put::Slow, Some((part, correlation))) = (put, waiting_at) {
            lock(&part.pending).delay(correlation);
        }
        let writer = outbox.wake();
        drop(outbox);
        writer.into_iter().for_each(wake);
        let call = waiting_at.map(|(part, correlation)| (Arc::clone(part), correlation));
        Ok(Some(PendingReply { call, is_watched: false }))
    }

    /// Writes the record of a call, without its name. Code of users runs: nothing may be locked.
    #[inline]
    fn record(&self, call: &mut OutCall<'_>) -> Result<Scratch, RefusedReason> {
        let mut record = Scratch::of(if call.one_way { wire::SEND } else { wire::CALL });
        if !call.one_way {
            wire::unnamed(&mut record);
        }
        header::put(call, self.born, self.reads, &mut record)?;
        let limit = self.send_limit;
        record.put(limit, call.put_args).map_err(|unwritten| refused(unwritten, limit))?;
        let size = record.seal();
        if size > limit {
            return Err(RefusedReason::TooLarge { size: size as u64, limit: limit as u64 });
        }
        Ok(record)
    }
}

impl Abandon for Session {
    fn abandon(&self, call: Correlation) {
        let (dropped, _waker) = self.callers.part_of(call).remove(call);
        let writer = lock(&self.outbox).cancel(call, &dropped);
        writer.into_iter().for_each(wake);
    }
}

/// Why arguments were not written.
#[cold]
pub(crate) fn refused(unwritten: Unwritten, limit: usize) -> RefusedReason {
    match unwritten {
        Unwritten::TooLarge => RefusedReason::TooLarge { size: limit as u64 + 1, limit: limit as u64 },
        Unwritten::Panicked => RefusedReason::Undecodable("writing the arguments panicked".into()),
        Unwritten::Refused(error) => RefusedReason::Undecodable(error.to_string()),
    }
}

/// A call that waits for its answer, until its deadline at most. Dropping it cancels the call.
#[must_use = "dropping it cancels the call"]
pub(crate) struct PendingReply {
    call: Option<(Arc<Part>, Correlation)>,
    /// A waker has been left there.
    is_watched: bool,
}

impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingReply").field(&self.call.as_ref().map(|(_, call)| call)).finish()
    }
}

impl Future for PendingReply {
    type Output = RawAnswer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RawAnswer> {
        let Self { call, is_watched } = &mut *self;
        let Some((part, number)) = call else { return Poll::Ready(RawAnswer::Value(Bytes::new().into())) };
        let answer = part.poll(*number, is_watched, cx);
        if answer.is_ready() {
            *call = None;
        }
        answer
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        if let Some((part, call)) = self.call.take()
            && let Some(session) = part.session.upgrade()
        {
            session.abandon(call);
        }
    }
}
