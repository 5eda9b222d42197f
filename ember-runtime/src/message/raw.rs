//! A call as it comes from another node: still bytes.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{CodecError, Envelope, Payload};
use crate::{
    error::{Failure, LostReason},
    id::MethodId,
};

/// A call whose arguments have not been decoded yet: that happens on the service's own task.
pub(crate) struct RawCall {
    pub(crate) method: MethodId,
    /// That of the caller's method, if the caller could not compare it by itself.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) payload: Payload,
    /// When the caller stops waiting.
    pub(crate) deadline: Option<Instant>,
    /// What else travels beside the arguments, if there is anything.
    pub(crate) envelope: Option<Box<Envelope>>,
    pub(crate) reply: RawReply,
}

/// Writes a value into a link's buffer.
pub(crate) type Encode<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> Result<(), CodecError>;

/// What an answer to another node consists of.
pub(crate) enum ReplyBody<'a> {
    /// The value that the method returned.
    Value(Encode<'a>),
    /// The error that the method returned.
    App(Encode<'a>),
    /// A failure of the runtime's.
    Failed(Failure),
}

/// The way back to the caller's node.
pub(crate) trait ReplyLink: Send + Sync + 'static {
    /// Sends an answer. Never waits; `correlation` 0 stands for a one-way call, whose failures are counted and noticed.
    fn reply(&self, correlation: u64, body: ReplyBody<'_>);

    /// The peer may send this many more bytes of calls.
    fn give_back(&self, _bytes: u64) {}

    /// Grows with each caller that gives up; the highest number if all have.
    fn given_up(&self) -> u64 {
        u64::MAX
    }

    /// Whether the caller has given up on this call.
    fn is_unwanted(&self, correlation: u64) -> bool;

    /// Ready once the caller has given up on this call. One task at a time.
    fn poll_unwanted(&self, correlation: u64, cx: &mut Context<'_>) -> Poll<()>;
}

/// The callee's half of a remote call. Dropped unanswered, it tells the caller so at once.
pub(crate) struct RawReply {
    link: Option<Arc<dyn ReplyLink>>,
    correlation: u64,
    /// The bytes that the call takes of the peer's credit.
    credit: u64,
    /// What the link's [`given_up`](ReplyLink::given_up) was when the caller still waited.
    given_up: u64,
}

impl RawReply {
    pub(crate) fn new(link: Arc<dyn ReplyLink>, correlation: u64) -> Self {
        Self { link: Some(link), correlation, credit: 0, given_up: 0 }
    }

    /// The same, of a call that takes this many bytes of its link's credit, and came when so many callers had given up.
    pub(crate) fn of_link(mut self, credit: u64, given_up: u64) -> Self {
        (self.credit, self.given_up) = (credit, given_up);
        self
    }

    pub(crate) fn send(mut self, body: ReplyBody<'_>) {
        self.finish(body);
    }

    fn finish(&mut self, body: ReplyBody<'_>) {
        if let Some(link) = self.link.take() {
            link.reply(self.correlation, body);
            if self.credit > 0 {
                link.give_back(self.credit);
            }
        }
    }

    /// The payload has left the mailbox: gives its bytes back to the link's credit. They are given back with the reply at the
    /// latest.
    pub(crate) fn taken(&mut self) {
        let credit = std::mem::take(&mut self.credit);
        if let (Some(link), 1..) = (&self.link, credit) {
            link.give_back(credit);
        }
    }

    pub(crate) fn fail(self, failure: impl Into<Failure>) {
        self.send(ReplyBody::Failed(failure.into()));
    }

    pub(crate) fn is_unwanted(&self) -> bool {
        let Some(link) = &self.link else { return false };
        let given_up = link.given_up();
        // Mostly nobody has given up since, and then nothing needs to be locked.
        (given_up != self.given_up || given_up == u64::MAX) && link.is_unwanted(self.correlation)
    }

    /// Waits until the caller has given up; for ever if it never does, or if the call is one-way.
    pub(crate) async fn unwanted(&self) {
        poll_fn(|cx| match &self.link {
            Some(link) => link.poll_unwanted(self.correlation, cx),
            None => Poll::Pending,
        })
        .await;
    }
}

impl Drop for RawReply {
    fn drop(&mut self) {
        self.finish(ReplyBody::Failed(LostReason::NoReply.into()));
    }
}
