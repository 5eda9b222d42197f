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
    OutCall, RawAnswer,
    callers::Part,
    header, lock,
    outbox::guarded,
    queue::Put,
    session::Session,
    wire::{self, Correlation},
};
use crate::{error::RefusedReason, message::Lane};

/// A deadline this close to when the link was last seen at work is compared with the clock; others cannot have passed, or the
/// callee will notice.
const NEAR: Duration = Duration::from_secs(2);

impl Session {
    /// Queues `call`; `None` if the link takes no more calls. On an error, and on `None`, nothing was sent.
    pub(super) fn submit(&self, call: OutCall<'_>) -> Result<Option<PendingReply>, RefusedReason> {
        let limit = self.config.out_buffer;
        let full = || RefusedReason::LinkFull { limit: limit as u64 };
        let mut outbox = lock(&self.outbox);
        if !outbox.accepts() {
            return Ok(None);
        }
        let waiting = outbox.calls.waiting();
        if waiting >= limit {
            return Err(full());
        }
        let deadline = call.envelope.deadline.filter(|deadline| *deadline <= outbox.seen + NEAR);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(RefusedReason::Expired);
        }
        let waiting_at = if call.one_way {
            None
        } else {
            let position = outbox.calls.end();
            let (part, correlation, early) = self.callers.insert(position, call.envelope.deadline).ok_or_else(full)?;
            if early {
                self.earlier.notify_one();
            }
            Some((part, correlation))
        };
        let out = outbox.calls.open();
        let start = wire::open(if call.one_way { wire::SEND } else { wire::CALL }, out);
        let written = guarded(
            || {
                if let Some((_, correlation)) = waiting_at {
                    correlation.put(out);
                }
                header::put(&call, self.born, out)?;
                (call.put_args)(out).map_err(|error| RefusedReason::Undecodable(error.to_string()))
            },
            || RefusedReason::Undecodable("writing the arguments panicked".into()),
        );
        let size = wire::seal(start, out);
        let refused = match written {
            Err(refused) => Some(refused),
            Ok(()) if size > self.send_limit => {
                Some(RefusedReason::TooLarge { size: size as u64, limit: self.send_limit as u64 })
            }
            Ok(()) if waiting > 0 && waiting + size > limit => Some(full()),
            Ok(()) => None,
        };
        if let Some(refused) = refused {
            outbox.calls.undo(start);
            if let Some((part, correlation)) = waiting_at {
                lock(&part.pending).remove(correlation);
            }
            return Err(refused);
        }
        let order = (call.target, call.envelope.lane == Lane::System);
        let correlation = waiting_at.map(|(_, correlation)| correlation);
        if let (Put::Slow, Some((part, correlation))) = (outbox.calls.push(start, Some(order), correlation), waiting_at)
        {
            lock(&part.pending).delay(correlation);
        }
        let writer = outbox.wake();
        drop(outbox);
        if let Some(writer) = writer {
            writer.wake();
        }
        Ok(Some(PendingReply(waiting_at.map(|(part, correlation)| (Arc::clone(part), correlation)))))
    }

    fn abandon(&self, call: Correlation) {
        let dropped = self.callers.part_of(call).remove(call);
        let writer = lock(&self.outbox).cancel(call, &dropped);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

/// A call that waits for its answer, until its deadline at most. Dropping it cancels the call.
#[must_use = "dropping it cancels the call"]
pub(crate) struct PendingReply(Option<(Arc<Part>, Correlation)>);

impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingReply").field(&self.0.as_ref().map(|(_, call)| call)).finish()
    }
}

impl Future for PendingReply {
    type Output = RawAnswer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RawAnswer> {
        let Some((part, call)) = &self.0 else { return Poll::Ready(RawAnswer::Value(Bytes::new().into())) };
        let answer = lock(&part.pending).poll(*call, cx);
        if answer.is_ready() {
            self.0 = None;
        }
        answer
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        if let Some((part, call)) = self.0.take()
            && let Some(session) = part.session.upgrade()
        {
            session.abandon(call);
        }
    }
}
