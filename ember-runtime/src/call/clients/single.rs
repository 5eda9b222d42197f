//! A call of one instance.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;
use tokio::{task::coop, time::Instant};

use super::setters::setters;
use crate::{
    actor::{Cx, Loan, Unit},
    call::{
        paths::{Leaving, Tried, attempt, leave, make_later, run, send},
        reach::{Waited, Waiting, WaitingAway},
        requests::{Inherited, Outcome, Request, RetryPolicy, describe, sound},
        routes::Ended,
    },
    directory::Key,
    error::{CallError, Failure, LostReason, RefusedReason, SendError},
    message::{Method, Unkeyed},
};

/// A call: a future of its result. It starts when it is first polled.
///
/// Its time-out is 5 s unless the method or [`timeout`](Call::timeout) says otherwise; within a handler it never exceeds
/// what is left of the handler's own deadline.
///
/// An argument whose `Drop` panics after it was written for another node is no panic of its caller's: it is logged
/// (`ember::call`), and what has become of the call stands. On one node it is dropped by the handler.
///
/// # Cancel safety
/// Dropping it before the method has started cancels the call. A method that has started runs to its end.
///
/// # Panics
/// If it is polled again after it has ended.
#[must_use = "a call does nothing until it is awaited, or sent with `.send()` or `.then(…)`"]
pub struct Call<M: Method> {
    request: Request<M>,
    stage: Stage<M>,
    /// Hooks have let it leave.
    left: bool,
    /// There is nothing more to come. Said here, so that a call that is over at once leaves its stage as it is.
    ended: bool,
}

enum Stage<M: Method> {
    /// Not made yet.
    Ready,
    Waiting(Waiting<M>),
    WaitingAway(WaitingAway),
    /// All that is less simple.
    Running(BoxFuture<'static, Outcome<M>>),
}

// The arguments are moved out before anything is pinned.
impl<M: Method> Unpin for Call<M> {}

impl<M: Method> Call<M> {
    pub(crate) fn new(request: Request<M>) -> Self {
        Self { request, stage: Stage::Ready, left: false, ended: false }
    }

    fn change(mut self, change: impl FnOnce(&mut Request<M>)) -> Self {
        change(&mut self.request);
        self
    }

    /// What is to be done, to be changed.
    pub(super) fn request(&self) -> &Request<M> {
        &self.request
    }

    pub(super) fn request_mut(&mut self) -> &mut Request<M> {
        &mut self.request
    }

    /// What is to be done, if nothing has been done yet.
    fn unstarted(self) -> Option<Request<M>> {
        self.is_unstarted().then_some(self.request)
    }

    fn is_unstarted(&self) -> bool {
        matches!(self.stage, Stage::Ready) && !self.ended
    }
}

setters!(Call);

impl<M: Method> Call<M> {
    /// Orders this call with others of the same key, where a service has several workers. It chooses no instance: that is what
    /// [`by_key`](super::Select::by_key) does. A method whose [contract names the key](crate::message::CallKey) has no such call.
    pub fn key(self, key: impl Into<Key>) -> Self
    where
        M: Unkeyed,
    {
        self.change(|request| request.options.set_key(key.into()))
    }

    /// Makes the call again where it failed, as `policy` says: a [`Retry`](crate::call::requests::Retry) repeats what was certainly not executed;
    /// with [`maybe_executed`](crate::call::requests::Retry::maybe_executed), which idempotent methods allow, the rest too. All attempts stay
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
    pub fn send(mut self) -> Result<(), SendError<M::Args>> {
        assert!(self.is_unstarted(), "a call that has been started cannot be sent one way");
        send(&mut self.request)
    }

    /// Makes the call without waiting: when the result is there, `callback` runs in this service's own mailbox, on the unit
    /// that asked, with the state as it is then: a new one, if the service was started again meanwhile. The place in the mailbox is
    /// reserved now: so many calls can be without an answer as there are places. If there is none, the call is not made, and the
    /// callback is told so (`NotExecuted(MailboxFull)`) after what waits in the mailbox. A service that has ended is not called back:
    /// from an `#[on(stop)]` hook the call is made, and its callback is dropped.
    ///
    /// # Panics
    /// If the call has been polled already.
    pub fn then<U: Unit, F>(self, cx: &mut Cx<'_, U>, callback: F)
    where
        F: FnOnce(Loan<'_, U>, &mut Cx<'_, U>, Outcome<M>) + Send + 'static,
    {
        let Some(mut request) = self.unstarted() else {
            panic!("a call that has been started cannot be given a callback")
        };
        let runtime = cx.core.host.runtime().clone();
        let envelope = cx.ambient.envelope.unawaited();
        let permit = match cx.core.reserve_callback(cx.ambient.method) {
            Ok(permit) => permit,
            Err((reason, refusal)) => {
                let place = format!(
                    "{} (the mailbox of the caller, where the callback would wait)",
                    request.target.address.selector
                );
                let outcome = Err(Failure::from(reason).at(place, request.target.method_name::<M>()));
                return refusal.tell::<U>(envelope, move |unit, cx: &mut Cx<'_, U>| callback(unit, cx, outcome));
            }
        };
        let fill = move |outcome| permit.fill::<U>(envelope, move |unit, cx| callback(unit, cx, outcome));
        let leaving = match request.target.is_hooked.then(|| leave(&mut request, false)).transpose() {
            Ok(leaving) => leaving,
            Err(denied) => return fill(Err(denied)),
        };
        let finish = move |outcome| {
            if let Some(leaving) = leaving {
                leaving.end(&outcome);
            }
            fill(outcome);
        };
        make_later(&runtime, request, finish);
    }
}

impl<M: Method> Future for Call<M> {
    type Output = Outcome<M>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome<M>> {
        let Self { request, stage, left, ended } = &mut *self;
        assert!(!*ended, "a call was polled after it had ended");
        loop {
            let outcome = match stage {
                Stage::Ready => {
                    // A tight loop of calls that never have to wait must not keep the other tasks of its thread from running.
                    ready!(coop::poll_proceed(task)).made_progress();
                    if request.target.is_hooked && !*left {
                        match leave(request, false) {
                            Ok(leaving) => *stage = Stage::Running(past_hooks(request, leaving)),
                            Err(denied) => {
                                *ended = true;
                                return Poll::Ready(Err(denied));
                            }
                        }
                        continue;
                    }
                    match attempt(request, task) {
                        Tried::Done(outcome) => {
                            *ended = true;
                            return Poll::Ready(sound::<M>(&request.target, outcome));
                        }
                        Tried::Waits(waiting) => {
                            *stage = Stage::Waiting(waiting);
                            continue;
                        }
                        Tried::WaitsAway(waiting) => {
                            *stage = Stage::WaitingAway(waiting);
                            continue;
                        }
                        Tried::Not => match begin(request, None) {
                            Ok(running) => {
                                *stage = Stage::Running(running);
                                continue;
                            }
                            Err(refused) => Err(refused),
                        },
                    }
                }
                Stage::Waiting(waiting) => match ready!(waiting.poll(&request.target, task)) {
                    Waited::Over(outcome) => sound::<M>(&request.target, outcome),
                    Waited::Refused(args) => {
                        *request.args = Some(args);
                        let deadline = Some(waiting.deadline());
                        match begin(request, deadline) {
                            Ok(running) => {
                                *stage = Stage::Running(running);
                                continue;
                            }
                            Err(refused) => Err(refused),
                        }
                    }
                },
                Stage::WaitingAway(waiting) => match ready!(waiting.poll::<M>(&request.target, task)) {
                    Some(outcome) => outcome,
                    None => {
                        let deadline = Some(waiting.deadline());
                        match begin(request, deadline) {
                            Ok(running) => {
                                *stage = Stage::Running(running);
                                continue;
                            }
                            Err(refused) => Err(refused),
                        }
                    }
                },
                Stage::Running(running) => {
                    // It has a deadline, so it needs a runtime with timers, wherever its caller is.
                    match ready!(request.target.router.home.poll(running.as_mut(), task)) {
                        Ok(outcome) => outcome,
                        Err(Ended) => Err(describe::<M, _>(&request.target, None, LostReason::RuntimeEnded.into())),
                    }
                }
            };
            (*stage, *ended) = (Stage::Ready, true);
            return Poll::Ready(outcome);
        }
    }
}

/// Makes a call that hooks have let leave, and tells them how it ends.
fn past_hooks<M: Method>(request: &mut Request<M>, leaving: Leaving) -> BoxFuture<'static, Outcome<M>> {
    let call = Call { left: true, ..Call::new(request.take()) };
    Box::pin(async move {
        let outcome = call.await;
        leaving.end(&outcome);
        outcome
    })
}

/// Begins a call that is less simple, or that has not run yet and may.
fn begin<M: Method>(
    request: &mut Request<M>,
    deadline: Option<Instant>,
) -> Result<BoxFuture<'static, Outcome<M>>, CallError<M::Error>> {
    match request.target.router.over() {
        Some(over) => Err(describe::<M, _>(&request.target, None, RefusedReason::from(over).into())),
        None => Ok(run(request.take(), Inherited::awaited(), deadline)),
    }
}

impl<M: Method> fmt::Debug for Call<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            _ if self.ended => write!(f, "Call({}, ended)", M::INFO.name),
            Stage::Ready => self.request.fmt(f),
            Stage::Waiting(_) | Stage::WaitingAway(_) | Stage::Running(_) => {
                write!(f, "Call({}, running)", M::INFO.name)
            }
        }
    }
}
