//! A call as it comes from another node: still bytes.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use super::{
    payload::Payload,
    shown::{Shows, put_shown},
};
use crate::{
    error::{Failure, LostReason},
    id::{MethodId, NodeKey},
    message::{
        format::Encode,
        metadata::{Envelope, Stamp},
    },
};

/// A call whose arguments have not been decoded yet: that happens where the service runs.
pub(crate) struct RawCall<'a> {
    pub(crate) method: MethodId,
    /// That of the caller's method, if the caller could not compare it by itself.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) payload: Payload,
    pub(crate) stamp: Stamp,
    /// What else travels beside the arguments, if there is anything.
    pub(crate) envelope: Option<Box<Envelope>>,
    pub(crate) reply: RawReply<'a>,
}

impl RawCall<'_> {
    /// The same, for as long as need be.
    pub(crate) fn own(self) -> RawCall<'static> {
        RawCall { reply: self.reply.own(), ..self }
    }
}

/// Calls that a link has brought, in their order.
pub(crate) trait Arrivals<'a> {
    /// The number of the [`Pid`](crate::id::Pid) here that the next one is for; `None` if there are no more, or if those that
    /// there are have to wait.
    fn target(&mut self) -> Option<u64>;

    /// Takes the next one; `None` also if it has just been refused.
    fn take(&mut self) -> Option<RawCall<'a>>;

    /// A handler has been run here: that takes the time of whoever brought the call.
    fn ran(&mut self) {}

    /// Takes the next one if it is for `number`; `None` also if it has just been refused.
    fn take_for(&mut self, number: u64) -> Option<RawCall<'a>> {
        if self.target() == Some(number) { self.take() } else { None }
    }
}

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

    /// Which node the caller is on; `None` if it is this one.
    fn peer(&self) -> Option<NodeKey> {
        None
    }

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

/// A link, for the calls that it has just brought: it is told only once what they give back, and nobody counts references.
pub(crate) struct Lender {
    link: Arc<dyn ReplyLink>,
    /// Written by the thread that has the calls.
    given_back: AtomicU64,
}

impl Lender {
    pub(crate) fn new(link: Arc<dyn ReplyLink>) -> Self {
        Self { link, given_back: AtomicU64::new(0) }
    }
}

impl Drop for Lender {
    fn drop(&mut self) {
        match *self.given_back.get_mut() {
            0 => {}
            bytes => self.link.give_back(bytes),
        }
    }
}

/// The way back of a call.
enum Way<'a> {
    Own(Arc<dyn ReplyLink>),
    Lent(&'a Lender),
}

impl Way<'_> {
    #[inline]
    fn link(&self) -> &dyn ReplyLink {
        match self {
            Self::Own(link) => &**link,
            Self::Lent(lender) => &*lender.link,
        }
    }

    #[inline]
    fn give_back(&self, bytes: u64) {
        match self {
            Self::Own(link) => link.give_back(bytes),
            Self::Lent(Lender { given_back, .. }) => {
                given_back.store(given_back.load(Ordering::Relaxed) + bytes, Ordering::Relaxed);
            }
        }
    }
}

/// The callee's half of a remote call. Dropped unanswered, it tells the caller so at once.
pub(crate) struct RawReply<'a> {
    way: Option<Way<'a>>,
    correlation: u64,
    /// The bytes that the call takes of the peer's credit.
    credit: u64,
    /// What the link's [`given_up`](ReplyLink::given_up) was when the caller still waited.
    given_up: u64,
    /// Its caller is told how new it is.
    shows: Option<Arc<dyn Shows>>,
}

impl<'a> RawReply<'a> {
    /// Of a call that takes none of a link's credit.
    pub(crate) fn new(link: Arc<dyn ReplyLink>, correlation: u64) -> Self {
        Self { way: Some(Way::Own(link)), correlation, credit: 0, given_up: 0, shows: None }
    }

    /// Of a call that takes this many bytes of its link's credit, and came when so many callers had given up.
    #[inline]
    pub(crate) fn of_link(lender: &'a Lender, correlation: u64, credit: u64, given_up: u64) -> Self {
        Self { way: Some(Way::Lent(lender)), correlation, credit, given_up, shows: None }
    }

    /// The same, for as long as need be.
    pub(crate) fn own(mut self) -> RawReply<'static> {
        let way = self.way.take().map(|way| match way {
            Way::Own(link) => Way::Own(link),
            Way::Lent(lender) => Way::Own(Arc::clone(&lender.link)),
        });
        let shows = self.shows.take();
        RawReply { way, correlation: self.correlation, credit: self.credit, given_up: self.given_up, shows }
    }

    /// It ends with how new it is.
    pub(crate) fn show(&mut self, shows: Arc<dyn Shows>) {
        self.shows = Some(shows);
    }

    pub(crate) fn send(mut self, body: ReplyBody<'_>) {
        self.finish(body);
    }

    fn finish(&mut self, body: ReplyBody<'_>) {
        if let Some(way) = self.way.take() {
            match &self.shows {
                None => way.link().reply(self.correlation, body),
                Some(shows) => show(way.link(), self.correlation, body, &**shows),
            }
            if self.credit > 0 {
                way.give_back(self.credit);
            }
        }
    }

    /// The payload has left the mailbox: gives its bytes back to the link's credit. They are given back with the reply at the
    /// latest.
    pub(crate) fn taken(&mut self) {
        let credit = std::mem::take(&mut self.credit);
        if let (Some(way), 1..) = (&self.way, credit) {
            way.give_back(credit);
        }
    }

    pub(crate) fn fail(self, failure: impl Into<Failure>) {
        self.send(ReplyBody::Failed(failure.into()));
    }

    /// The node that the call comes from; `None` if it is this one.
    pub(crate) fn peer(&self) -> Option<NodeKey> {
        self.way.as_ref().and_then(|way| way.link().peer())
    }

    /// Nobody is told what it comes to.
    pub(crate) fn is_one_way(&self) -> bool {
        self.correlation == 0
    }

    pub(crate) fn is_unwanted(&self) -> bool {
        let Some(way) = &self.way else { return false };
        let given_up = way.link().given_up();
        // Mostly nobody has given up since, and then nothing needs to be locked.
        (given_up != self.given_up || given_up == u64::MAX) && way.link().is_unwanted(self.correlation)
    }

    /// Waits until the caller has given up; for ever if it never does, or if the call is one-way.
    pub(crate) async fn unwanted(&self) {
        poll_fn(|cx| match &self.way {
            Some(way) => way.link().poll_unwanted(self.correlation, cx),
            None => Poll::Pending,
        })
        .await;
    }
}

/// Sends an answer that ends with how new it is.
fn show(link: &dyn ReplyLink, correlation: u64, body: ReplyBody<'_>, shows: &dyn Shows) {
    let and_shown = |put: Encode<'_>, out: &mut Vec<u8>| {
        put(out)?;
        put_shown(shows.shown(), out);
        Ok(())
    };
    match body {
        ReplyBody::Value(put) => link.reply(correlation, ReplyBody::Value(&mut |out| and_shown(&mut *put, out))),
        ReplyBody::App(put) => link.reply(correlation, ReplyBody::App(&mut |out| and_shown(&mut *put, out))),
        failed @ ReplyBody::Failed(_) => link.reply(correlation, failed),
    }
}

impl Drop for RawReply<'_> {
    fn drop(&mut self) {
        self.finish(ReplyBody::Failed(LostReason::NoReply.into()));
    }
}
