//! A call on the slow path, before and after: its request, whose types are put away, and what became of it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;

use crate::{
    call::{
        reach::{Freight, LadenOf, laden},
        requests::{Options, Outcome, Request, Retry, Target, describe, failed, sound},
        routes::Ended,
    },
    error::{CallError, LostReason, RefusedReason},
    message::{Method, MethodInfo},
};

/// A call that goes this way: it ends with what it was, and how it ended.
pub(crate) struct SlowCall(BoxFuture<'static, Arrived>);

impl SlowCall {
    pub(super) fn of(call: impl Future<Output = Arrived> + Send + 'static) -> Self {
        Self(Box::pin(call))
    }

    /// It has a deadline, so it needs a runtime with timers, wherever its caller is.
    pub(crate) fn poll(
        &mut self,
        target: &Target,
        info: &'static MethodInfo,
        task: &mut Context<'_>,
    ) -> Poll<Result<Arrived, CallError>> {
        let polled = ready!(target.router.home.poll(self.0.as_mut(), task));
        Poll::Ready(polled.map_err(|Ended| failed(target, info, None, LostReason::RuntimeEnded.into())))
    }
}

impl Future for SlowCall {
    type Output = Arrived;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Arrived> {
        self.0.as_mut().poll(task)
    }
}

/// What became of a call.
pub(crate) struct Arrived {
    pub(super) freight: Box<dyn Freight>,
    pub(super) target: Target,
    pub(super) end: Result<(), CallError>,
}

impl Arrived {
    /// The outcome, as the caller of the method `M` wants it.
    pub(crate) fn outcome<M: Method>(self) -> Outcome<M> {
        let Self { freight, target, end } = self;
        if let Err(error) = end {
            return Err(CallError::of_any(error));
        }
        match LadenOf::<M>::unload(freight) {
            Some(result) => sound::<M>(&target, result.map_err(CallError::App)),
            None => Err(describe::<M>(&target, None, LostReason::NoReply.into())),
        }
    }
}

/// A call that is to go this way. Its types are known to its freight only.
pub(crate) struct Parcel {
    pub(super) freight: Box<dyn Freight>,
    pub(super) target: Target,
    pub(super) options: Options,
    pub(super) policy: Option<Retry>,
    /// Why it is not even tried.
    pub(super) unfit: Option<CallError>,
}

impl Parcel {
    /// Takes what is left of a request. Runs code of the user's.
    pub(crate) fn of<M: Method>(request: &mut Request<M>) -> Self {
        let unfit = request.unfit();
        let policy = request.retry.as_ref().map(|retry| retry.policy);
        let (target, options) = (request.target.clone(), request.options.clone());
        Self { freight: Box::new(laden(request)), target, options, policy, unfit }
    }

    /// It is not made, for this reason.
    pub(super) fn refused(self, reason: RefusedReason) -> Arrived {
        let Self { freight, target, .. } = self;
        let end = Err(failed(&target, freight.kind().info, None, reason.into()));
        Arrived { freight, target, end }
    }
}
