//! The writer of a data stream: the body of an HTTP request or response, which the connection polls.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::{task::yield_now, time::Instant};
use tonic::{
    Status,
    codegen::http::{HeaderMap, HeaderName, HeaderValue},
};

use super::session::Session;
use crate::{
    sync::lock,
    transport::stream::{Ahead, Outbox},
};

/// It lets handlers go on so often at most before it takes their replies.
const LOOKS: u32 = 32;
/// And no longer than this.
const GATHER: Duration = Duration::from_micros(50);
/// So many bytes go at once.
const ENOUGH: usize = 64 << 10;

/// Takes whole buffers. After a rest it lets others run once before it takes, so that callers which were woken together share a
/// frame; and, while handlers are at work, again as long as that brings replies, so that those of handlers which wait share one
/// too. A call or a reply that is certainly alone goes at once.
#[derive(Debug)]
pub(crate) struct DataWriter {
    session: Arc<Session>,
    /// What it has taken, and the socket has not.
    ahead: Ahead,
    rest: Rest,
    /// The second part of a frame of which the first was taken.
    second: Bytes,
    /// It is a response: those end with the status.
    with_status: bool,
    ended: bool,
}

/// What it did last.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// It took a frame.
    None,
    Parked,
    /// It let others run.
    Yielded,
    /// It let others run, those too that had yielded themselves, when so many bytes of replies waited.
    Deferred {
        replies: usize,
        looks: u32,
        since: Instant,
    },
}

impl Rest {
    /// What to do before the next frame is taken.
    fn before_frame(self, outbox: &Outbox, session: &Session) -> Self {
        let (replies, live) = (outbox.replies.waiting(), outbox.inbound.live());
        match self {
            Self::None => Self::None,
            Self::Parked if outbox.may_gather(|| session.callers.waiting()) => Self::Yielded,
            Self::Parked => Self::None,
            _ if live == 0 || replies == 0 || replies >= ENOUGH => Self::None,
            Self::Yielded => Self::Deferred { replies, looks: 1, since: Instant::now() },
            Self::Deferred { replies: before, looks, since } => {
                let goes_on = replies > before && looks < LOOKS && since.elapsed() < GATHER;
                if goes_on { Self::Deferred { replies, looks: looks + 1, since } } else { Self::None }
            }
        }
    }
}

impl DataWriter {
    /// The body of the request that opens the stream.
    pub(crate) fn request(session: Arc<Session>) -> Self {
        Self {
            session,
            ahead: Ahead::default(),
            rest: Rest::None,
            second: Bytes::new(),
            with_status: false,
            ended: false,
        }
    }

    /// The body of the response to it.
    pub(crate) fn response(session: Arc<Session>) -> Self {
        Self { with_status: true, ..Self::request(session) }
    }

    /// The next bytes; `None` at the end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.second.is_empty() {
            return Poll::Ready(Some(self.ahead.give(std::mem::take(&mut self.second))));
        }
        ready!(self.ahead.poll_room(cx));
        let session = &*self.session;
        let mut outbox = lock(&session.outbox);
        if outbox.closed().is_some() {
            return Poll::Ready(None);
        }
        if outbox.sendable() {
            self.rest = self.rest.before_frame(&outbox, session);
            match self.rest {
                Rest::None | Rest::Parked => {}
                Rest::Yielded => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                // What the yield leaves behind wakes this task when the others have run.
                Rest::Deferred { .. } if pin!(yield_now()).poll(cx).is_pending() => return Poll::Pending,
                Rest::Deferred { .. } => self.rest = Rest::None,
            }
            if let Some(((head, records), left)) = outbox.frame() {
                if let Some(call) = left {
                    session.callers.part_of(call).left(call);
                }
                if outbox.unparks() {
                    session.unparked.notify_one();
                }
                drop(outbox);
                if head.is_empty() {
                    return Poll::Ready(Some(self.ahead.give(records)));
                }
                self.second = records;
                return Poll::Ready(Some(head));
            }
        }
        if outbox.exhausted() {
            drop(outbox);
            session.progress.send_modify(|progress| progress.writer_ended = true);
            return Poll::Ready(None);
        }
        outbox.park(cx.waker());
        self.rest = Rest::Parked;
        Poll::Pending
    }
}

impl Body for DataWriter {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.poll_bytes(cx).map(|bytes| match bytes {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None => {
                self.ended = true;
                let ok =
                    HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
                self.with_status.then(|| Ok(Frame::trailers(ok)))
            }
        })
    }
}
