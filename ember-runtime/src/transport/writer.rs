//! The writer of a data stream: the body of an HTTP request or response, which the connection polls.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tonic::{
    Status,
    codegen::http::{HeaderMap, HeaderName, HeaderValue},
};

use super::{lock, session::Session};

/// Takes whole buffers. After a rest it yields once before it takes, so that callers which were woken together share a
/// frame; a caller that is alone waits for no more than that.
#[derive(Debug)]
pub(super) struct DataWriter {
    session: Arc<Session>,
    parked: bool,
    /// The second part of a frame of which the first was taken.
    rest: Bytes,
    /// It is a response: those end with the status.
    with_status: bool,
    ended: bool,
}

impl DataWriter {
    /// The body of the request that opens the stream.
    pub(super) fn request(session: Arc<Session>) -> Self {
        Self { session, parked: false, rest: Bytes::new(), with_status: false, ended: false }
    }

    /// The body of the response to it.
    pub(super) fn response(session: Arc<Session>) -> Self {
        Self { with_status: true, ..Self::request(session) }
    }

    /// The next bytes; `None` at the end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(std::mem::take(&mut self.rest)));
        }
        let session = &*self.session;
        let mut outbox = lock(&session.outbox);
        if outbox.closed().is_some() {
            return Poll::Ready(None);
        }
        if outbox.sendable() {
            if self.parked {
                self.parked = false;
                drop(outbox);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(((head, records), left)) = outbox.frame() {
                if let Some(call) = left {
                    lock(&session.pending).left(call);
                }
                if outbox.unparks() {
                    session.unparked.notify_one();
                }
                drop(outbox);
                if head.is_empty() {
                    return Poll::Ready(Some(records));
                }
                self.rest = records;
                return Poll::Ready(Some(head));
            }
        }
        if outbox.exhausted() && lock(&session.inbound).live() == 0 {
            drop(outbox);
            session.progress.send_modify(|progress| progress.writer_ended = true);
            return Poll::Ready(None);
        }
        outbox.park(cx.waker());
        self.parked = true;
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
