//! A call of one instance.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::task::coop;

use super::{
    attempt::{Outcome, run, send},
    handle::Target,
    inherited::Inherited,
    request::Request,
    retry::RetryPolicy,
    short::{Tried, attempt},
};
use crate::{
    actor::{Cx, Unit},
    directory::Key,
    error::SendError,
    message::Method,
};

/// A call: a future of its result. It starts when it is first polled.
///
/// Its time-out is 5 s unless the method or [`timeout`](Call::timeout) says otherwise; within a handler it never exceeds
/// what is left of the handler's own deadline.
///
/// # Cancel safety
/// Dropping it before the method has started cancels the call. A method that has started runs to its end.
///
/// # Panics
/// If it is polled again after it has ended.
#[must_use = "a call does nothing until it is awaited, or sent with `.send()` or `.then(…)`"]
pub struct Call<M: Method>(State<M>);

enum State<M: Method> {
    Ready(Request<M>),
    Running(BoxFuture<'static, Outcome<M>>, Target),
    Ended,
}

// The arguments are moved out before anything is pinned.
impl<M: Method> Unpin for Call<M> {}

impl<M: Method> Call<M> {
    pub(super) fn new(request: Request<M>) -> Self {
        Self(State::Ready(request))
    }

    fn change(mut self, change: impl FnOnce(&mut Request<M>)) -> Self {
        if let State::Ready(request) = &mut self.0 {
            change(request);
        }
        self
    }

    /// Waits this long at most for the result.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|request| request.options.timeout = timeout)
    }

    /// Orders this call with others of the same key, where a service has several workers.
    pub fn key(self, key: impl Into<Key>) -> Self {
        self.change(|request| request.options.set_key(key.into()))
    }

    /// Sets a header. The callee reads it with `cx.header(…)`, and passes it on with the calls it makes.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(|request| request.options.set_header(name.into(), value.into()))
    }

    /// Makes the call again where it failed, as `policy` says: a [`Retry`](super::Retry) repeats what was certainly not executed;
    /// with [`maybe_executed`](super::Retry::maybe_executed), which idempotent methods allow, the rest too. All attempts stay
    /// within the call's time-out. A one-way call is not repeated.
    pub fn retry(self, policy: impl RetryPolicy<M>) -> Self {
        self.change(|request| request.retry = Some(Box::new(policy.repeat())))
    }

    /// Sends the call one way: nobody hears of the result. Never waits.
    ///
    /// # Errors
    /// What is known here and now (no target, mailbox or link full, …); the arguments come back. A later refusal at the
    /// other end is counted and logged.
    ///
    /// # Panics
    /// If the call has been polled already.
    pub fn send(self) -> Result<(), SendError<M::Args>> {
        match self.0 {
            State::Ready(request) => send(request, &Inherited::unawaited()),
            State::Running(..) | State::Ended => panic!("a call that has been started cannot be sent one way"),
        }
    }

    /// Makes the call without waiting: when the result is there, `callback` runs in this service's own mailbox, on the unit
    /// that asked, with the state as it is then. The place in the mailbox is reserved now.
    ///
    /// # Panics
    /// If the call has been polled already.
    pub fn then<U: Unit, F>(self, cx: &mut Cx<'_, U>, callback: F)
    where
        F: FnOnce(&mut U, &mut Cx<'_, U>, Outcome<M>) + Send + 'static,
    {
        let State::Ready(request) = self.0 else { panic!("a call that has been started cannot be given a callback") };
        let permit = cx.core.reserve_callback();
        let inherited = Inherited::unawaited();
        let envelope = cx.ambient.envelope.without_deadline();
        let mut call = run(request, inherited);
        let finish =
            move |outcome| permit.fill(envelope, move |unit: &mut U, cx: &mut Cx<'_, U>| callback(unit, cx, outcome));
        // The first step is taken here and now, so that calls leave in the order in which they are made.
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => finish(outcome),
            Poll::Pending => drop(tokio::spawn(async move { finish(call.await) })),
        }
    }
}

impl<M: Method> Future for Call<M> {
    type Output = Outcome<M>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<M>> {
        if let State::Ready(request) = &mut self.0 {
            // A tight loop of calls that never have to wait must not keep the other tasks of its thread from running.
            ready!(coop::poll_proceed(cx)).made_progress();
            let outcome = match attempt(request, cx) {
                Tried::Done(outcome) => {
                    self.0 = State::Ended;
                    return Poll::Ready(outcome);
                }
                Tried::Waits(outcome) => Some(outcome),
                Tried::Not => None,
            };
            let State::Ready(request) = mem::replace(&mut self.0, State::Ended) else { unreachable!("it was ready") };
            let target = request.target.clone();
            let outcome = outcome.unwrap_or_else(|| run(request, Inherited::awaited()));
            self.0 = State::Running(outcome, target);
        }
        let State::Running(running, target) = &mut self.0 else { panic!("a call was polled after it had ended") };
        // It has a deadline, so it needs a runtime with timers, wherever its caller is.
        let at_home = target.router.home.enter(&mut None);
        let outcome = ready!(running.as_mut().poll(cx));
        drop(at_home);
        self.0 = State::Ended;
        Poll::Ready(outcome)
    }
}

impl<M: Method> fmt::Debug for Call<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Ready(request) => request.fmt(f),
            State::Running(..) => write!(f, "Call({}, running)", M::INFO.name),
            State::Ended => write!(f, "Call({}, ended)", M::INFO.name),
        }
    }
}
