//! A call that waits for its answer from a service of this node.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::patience::Patience;
use crate::{
    actor::AnyCell,
    call::requests::{Args, Outcome, Target, describe},
    directory::InShare,
    error::{CallError, Failure, LostReason},
    id::Epoch,
    message::{Answer, Answering, Method},
};

/// Such a call. Dropped, nobody wants its answer any more.
pub(crate) struct Waiting<M: Method> {
    answering: Answering<M>,
    /// The caller is known to it, so that it need not be looked at in the first poll.
    fresh: bool,
    asked: Asked,
    begun: Instant,
    patience: Patience,
}

/// Who is to answer.
pub(crate) enum Asked {
    /// An instance of the view.
    Listed(InShare),
    /// A service that no view lists.
    Direct(Arc<dyn AnyCell>),
}

impl Asked {
    /// The epoch of a master of which a later one is known.
    fn deposed(&self) -> Option<Epoch> {
        match self {
            Self::Listed(instance) => instance.deposed(),
            Self::Direct(_) => None,
        }
    }
}

/// How the wait ended.
pub(crate) enum Waited<M: Method> {
    Over(Outcome<M>),
    /// It did not run; another instance may take it.
    Refused(M::Args),
}

impl<M: Method> Waiting<M> {
    pub(crate) fn new(
        answering: Answering<M>,
        fresh: bool,
        asked: Asked,
        (begun, deadline): (Instant, Instant),
    ) -> Self {
        Self { answering, fresh, asked, begun, patience: Patience::until(deadline) }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.patience.deadline()
    }

    pub(crate) fn poll(&mut self, target: &Target, task: &mut Context<'_>) -> Poll<Waited<M>> {
        let answer = if mem::take(&mut self.fresh) { Poll::Pending } else { Pin::new(&mut self.answering).poll(task) };
        let failure = match answer {
            Poll::Ready(Answer::Done(result)) => match self.asked.deposed() {
                None => {
                    if let Asked::Listed(instance) = &self.asked {
                        instance.answered();
                    }
                    return Poll::Ready(Waited::Over(result.map_err(CallError::App)));
                }
                Some(epoch) => LostReason::Deposed { epoch: epoch.0 }.into(),
            },
            Poll::Ready(Answer::Refused(reason, args)) if reason.can_pass() => {
                return Poll::Ready(Waited::Refused(args));
            }
            Poll::Ready(Answer::Refused(reason, args)) => {
                drop(Args::<M>::new(Some(args)));
                reason.into()
            }
            // A handler that is dropped when its time is over says so itself.
            Poll::Ready(Answer::Failed(failure)) => {
                if let (Asked::Listed(instance), Failure::MaybeExecuted(reason)) = (&self.asked, &failure) {
                    target.router.maybe_executed(instance, reason, self.begun);
                }
                failure
            }
            Poll::Pending => {
                let reason = ready!(self.patience.poll(&target.router.home, task));
                if let Asked::Listed(instance) = &self.asked {
                    target.router.maybe_executed(instance, &reason, self.begun);
                }
                reason.into()
            }
        };
        let place = match &self.asked {
            Asked::Listed(instance) => instance.place(),
            Asked::Direct(cell) => target.router.place(&**cell),
        };
        Poll::Ready(Waited::Over(Err(describe::<M, _>(target, Some(place), failure))))
    }
}
