//! The writer of a data stream: a stream of frames that tonic polls.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::Stream;

use super::{generated::link_v1::Frame, lock, session::Session};

/// Takes whole buffers. After a rest it yields once before it takes, so that callers which were woken together share a
/// frame; a caller that is alone waits for no more than that.
#[derive(Debug)]
pub(super) struct DataWriter {
    session: Arc<Session>,
    parked: bool,
}

impl DataWriter {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session, parked: false }
    }
}

impl Stream for DataWriter {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        let this = &mut *self;
        let mut outbox = lock(&this.session.outbox);
        if outbox.closed().is_some() {
            return Poll::Ready(None);
        }
        if outbox.sendable() {
            if this.parked {
                this.parked = false;
                drop(outbox);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(data) = outbox.frame() {
                if outbox.unparks() {
                    this.session.unparked.notify_one();
                }
                return Poll::Ready(Some(Frame { data }));
            }
        }
        if outbox.exhausted() && lock(&this.session.inbound).live() == 0 {
            drop(outbox);
            this.session.progress.send_modify(|progress| progress.writer_ended = true);
            return Poll::Ready(None);
        }
        outbox.park(cx.waker());
        this.parked = true;
        Poll::Pending
    }
}
