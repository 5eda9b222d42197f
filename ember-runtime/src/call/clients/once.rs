//! A call that is made once, however often it is made.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use super::{setters::setters, single::Call};
use crate::{
    actor::{Cx, Loan, Unit},
    call::requests::{Outcome, Request, RetryPolicy},
    directory::Key,
    id::UniqueId,
    message::{Deduped, Method, Unkeyed},
};

/// A call with an id, from [`Call::once`]: a future of its result. It starts when it is first polled.
///
/// # Cancel safety
/// Dropping it before the method has started cancels the call; then its id is free. A method that has started runs to its end, and a repetition has
/// its reply.
///
/// # Panics
/// If it is polled again after it has ended.
#[must_use = "a call does nothing until it is awaited, or made with `.then(…)`"]
pub struct Once<M: Method>(Call<M>);

/// The id of a call that is made [once](Call::once).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of a call",
    label = "an id is a `u64`, or a `UniqueId`",
    note = "`node.unique_id().await?` and `cx.unique_id().await?` make such ids; a number of your own has to ascend: `7_u64`"
)]
pub trait OnceId {
    #[doc(hidden)]
    fn id(self) -> u64;
}

impl OnceId for u64 {
    fn id(self) -> u64 {
        self
    }
}

impl OnceId for UniqueId {
    fn id(self) -> u64 {
        self.number()
    }
}

/// No call that is made once is.
#[diagnostic::on_unimplemented(
    message = "a call that is made `.once(…)` cannot be sent one way",
    label = "who sends a call hears of no reply, and its id is for whoever comes back for the reply",
    note = "write `.await`; or, in a handler that must not wait, `.then(cx, |me, cx, reply| …)`; or leave out `.once(…)`"
)]
pub trait OneWayOnce {}

impl<M: Method> Call<M> {
    /// Gives the call an id, by which its service knows a repetition: as long as the method's `dedupe` says, the same call with the same id is
    /// answered by the reply of the first, an error of the method's and a panic included, and is not run. One that comes while the first runs waits
    /// for its reply.
    ///
    /// Ids are the caller's own: those of two runs of a node have nothing to do with each other, nor those for two instances of a service. Give
    /// them, each a `u64` or a [`UniqueId`], in ascending order: of each caller the highest that was dropped is kept, and an older one that is not known any more is not run,
    /// but [`MaybeExecuted(Forgotten)`](crate::error::LostReason::Forgotten). [`Node::unique_id`](crate::node::Node::unique_id) and
    /// [`Cx::unique_id`](crate::actor::Cx::unique_id) make such ids.
    ///
    /// All this is so of the instance that is called. A [replicated](crate::actor::Replicated) service knows it as a group: the same id gives the same reply whoever is the
    /// master, and to each run of a node that has the same name; the runtime makes the call again to the next master too.
    ///
    /// If the link breaks on the way, the runtime makes the call again by itself, to the same run of the same service, within its time and the
    /// [retry budget](crate::call::RetryBudget). A repetition of one's own must be made to that run too: by a client that names its
    /// [`Pid`](crate::id::Pid). Another instance, or the next run of the node, does not know the id, and would run the call.
    ///
    /// Arguments and reply become bytes, also on one node: that is what is compared, and stored. The same id with other arguments, or for another
    /// method, is [`NotExecuted(NotOnce)`](crate::error::RefusedReason::NotOnce). A service stores at most 65,536 replies, of 16 MiB in
    /// all; if there are more, it drops the oldest of the caller whose replies take most. One of more than 1 MiB is not stored.
    pub fn once(mut self, id: impl OnceId) -> Once<M>
    where
        M: Deduped,
    {
        self.request_mut().options.set_once(id.id());
        Once(self)
    }
}

impl<M: Method> Once<M> {
    fn change(mut self, change: impl FnOnce(&mut Request<M>)) -> Self {
        change(self.0.request_mut());
        self
    }
}

setters!(Once);

impl<M: Method> Once<M> {
    /// As [`Call::key`].
    pub fn key(self, key: impl Into<Key>) -> Self
    where
        M: Unkeyed,
    {
        self.change(|request| request.options.set_key(key.into()))
    }

    /// As [`Call::retry`]. What may have been executed is asked of the same run of the same service only.
    pub fn retry(self, policy: impl RetryPolicy<M>) -> Self {
        Self(self.0.retry(policy))
    }

    /// It is not there: see [`OneWayOnce`].
    #[doc(hidden)]
    pub fn send(self)
    where
        Self: OneWayOnce,
    {
    }

    /// As [`Call::then`].
    ///
    /// # Panics
    /// If the call has been polled already.
    pub fn then<U: Unit, F>(self, cx: &mut Cx<'_, U>, callback: F)
    where
        F: FnOnce(Loan<'_, U>, &mut Cx<'_, U>, Outcome<M>) + Send + 'static,
    {
        self.0.then(cx, callback);
    }
}

impl<M: Method> Future for Once<M> {
    type Output = Outcome<M>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome<M>> {
        Pin::new(&mut self.0).poll(task)
    }
}

impl<M: Method> fmt::Debug for Once<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Once({:?})", self.0)
    }
}
