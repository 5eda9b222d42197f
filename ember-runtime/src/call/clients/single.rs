//! A call of one instance.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{task::coop, time::Instant};

use super::setters::setters;
use crate::{
    actor::{Cx, Loan, Unit},
    call::{
        paths::{Arrived, Leaving, Parcel, SlowCall, Tried, attempt, leave, make_later, run, send},
        reach::{Waited, Waiting, WaitingAway},
        requests::{Inherited, Outcome, Request, RetryPolicy, failed, sound},
    },
    directory::Key,
    error::{CallError, Failure, RefusedReason, SendError},
    message::{Given, Method, Unkeyed},
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
    /// Where hooks have let it leave: they hear of its end.
    leaving: Option<Box<Leaving>>,
    /// There is nothing more to come. Said here, so that a call that is over at once leaves its stage as it is.
    ended: bool,
}

enum Stage<M: Method> {
    /// Not made yet.
    Ready,
    Waiting(Waiting<Given<M>>),
    WaitingAway(WaitingAway),
    /// All that is less simple.
    Slow(SlowCall),
    /// The node has ended.
    Refused(CallError),
}

// The arguments are moved out before anything is pinned.
impl<M: Method> Unpin for Call<M> {}

impl<M: Method> Call<M> {
    pub(crate) fn new(request: Request<M>) -> Self {
        Self { request, stage: Stage::Ready, leaving: None, ended: false }
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
                let outcome =
                    Err(Failure::from(reason).at(place, request.target.name_of(const { &M::INFO }).to_string()));
                return refusal.tell::<U>(envelope, move |unit, cx: &mut Cx<'_, U>| callback(unit, cx, outcome));
            }
        };
        let fill = move |outcome| permit.fill::<U>(envelope, move |unit, cx| callback(unit, cx, outcome));
        let Request { target, options, .. } = &mut request;
        let leaving = target.is_hooked.then(|| leave(target, const { &M::INFO }, options, false)).transpose();
        let leaving = match leaving {
            Ok(leaving) => leaving,
            Err(denied) => return fill(Err(CallError::of_any(denied))),
        };
        let finish = move |arrived: Arrived| {
            let outcome = arrived.outcome::<M>();
            if let Some(leaving) = leaving {
                leaving.end(&outcome);
            }
            fill(outcome);
        };
        make_later(&runtime, Parcel::of(&mut request), Box::new(finish));
    }
}

impl<M: Method> Future for Call<M> {
    type Output = Outcome<M>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome<M>> {
        let Self { request, stage, leaving, ended } = &mut *self;
        assert!(!*ended, "a call was polled after it had ended");
        if let Stage::Ready = stage {
            // A tight loop of calls that never have to wait must not keep the other tasks of its thread from running.
            ready!(coop::poll_proceed(task)).made_progress();
            if request.target.is_hooked && leaving.is_none() {
                match leave(&request.target, const { &M::INFO }, &mut request.options, false) {
                    Ok(left) => *leaving = Some(Box::new(left)),
                    Err(denied) => {
                        *ended = true;
                        return Poll::Ready(Err(CallError::of_any(denied)));
                    }
                }
            }
            match attempt(request, task) {
                Tried::Done(outcome) => {
                    *ended = true;
                    let outcome = sound::<M>(&request.target, outcome);
                    if let Some(leaving) = leaving.take() {
                        leaving.end(&outcome);
                    }
                    return Poll::Ready(outcome);
                }
                Tried::Waits(waiting) => *stage = Stage::Waiting(waiting),
                Tried::WaitsAway(waiting) => *stage = Stage::WaitingAway(waiting),
                Tried::Not => *stage = begin(request, None),
            }
        }
        let outcome = ready!(stage.poll(request, task));
        (*stage, *ended) = (Stage::Ready, true);
        if let Some(leaving) = leaving.take() {
            leaving.end(&outcome);
        }
        Poll::Ready(outcome)
    }
}

impl<M: Method> Stage<M> {
    /// The outcome of a call that was not over at once.
    fn poll(&mut self, request: &mut Request<M>, task: &mut Context<'_>) -> Poll<Outcome<M>> {
        loop {
            let deadline = match self {
                Self::Ready => None,
                Self::Waiting(waiting) => match ready!(waiting.poll(&request.target, const { &M::INFO }, task)) {
                    Waited::Done(result) => {
                        return Poll::Ready(sound::<M>(&request.target, result.map_err(CallError::App)));
                    }
                    Waited::Over(error) => return Poll::Ready(Err(CallError::of_any(error))),
                    Waited::Refused(args) => {
                        *request.args = args.downcast().ok().map(|args| *args);
                        Some(waiting.deadline())
                    }
                },
                Self::WaitingAway(waiting) => match ready!(waiting.poll::<M>(&request.target, task)) {
                    Some(outcome) => return Poll::Ready(outcome),
                    None => Some(waiting.deadline()),
                },
                Self::Slow(slow) => {
                    let arrived = ready!(slow.poll(&request.target, const { &M::INFO }, task));
                    return Poll::Ready(arrived.map_err(CallError::of_any).and_then(Arrived::outcome::<M>));
                }
                Self::Refused(error) => return Poll::Ready(Err(CallError::of_any(error.clone()))),
            };
            *self = begin(request, deadline);
        }
    }
}

/// Begins a call that is less simple, or that has not run yet and may.
fn begin<M: Method>(request: &mut Request<M>, deadline: Option<Instant>) -> Stage<M> {
    match request.target.router.over() {
        Some(over) => {
            let over = RefusedReason::from(over).into();
            Stage::Refused(failed(&request.target, const { &M::INFO }, None, over))
        }
        None => Stage::Slow(run(Parcel::of(request), Inherited::awaited(), deadline)),
    }
}

impl<M: Method> fmt::Debug for Call<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            _ if self.ended => write!(f, "Call({}, ended)", M::INFO.name),
            Stage::Ready => self.request.fmt(f),
            Stage::Waiting(_) | Stage::WaitingAway(_) | Stage::Slow(_) | Stage::Refused(_) => {
                write!(f, "Call({}, running)", M::INFO.name)
            }
        }
    }
}
