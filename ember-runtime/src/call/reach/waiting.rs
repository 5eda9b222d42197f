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
    call::requests::{Target, failed},
    directory::InShare,
    error::{CallError, Failure, LostReason, RefusedReason},
    id::{Epoch, Pid},
    message::{Ambient, Answer, Answering, MethodInfo, Unused},
    panics::discard,
};

/// Such a call. Dropped, nobody wants its answer any more.
pub(crate) struct Waiting<R: 'static> {
    answering: Answering<R>,
    wait: Wait,
}

/// What there is to know of the wait, whatever the types of the call are.
struct Wait {
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
    fn pid(&self) -> Pid {
        match self {
            Self::Listed(instance) => instance.pid,
            Self::Direct(cell) => cell.pid(),
        }
    }

    /// The epoch of a master of which a later one is known.
    fn deposed(&self) -> Option<Epoch> {
        match self {
            Self::Listed(instance) => instance.deposed(),
            Self::Direct(_) => None,
        }
    }
}

impl Wait {
    /// It was refused.
    fn refused<R>(
        &self,
        target: &Target,
        info: &'static MethodInfo,
        (reason, args): (RefusedReason, Unused),
    ) -> Waited<R> {
        if reason.can_pass() {
            return Waited::Refused(args);
        }
        discard("an argument", info.name, args);
        Waited::Over(self.described(target, info, reason.into()))
    }

    /// It was answered. What is wrong with that, if the answer counts no more.
    fn answered(&self, target: &Target, info: &'static MethodInfo) -> Option<CallError> {
        let Some(epoch) = self.asked.deposed() else {
            if let Asked::Listed(instance) = &self.asked {
                instance.answered();
            }
            return None;
        };
        Some(self.described(target, info, LostReason::Deposed { epoch: epoch.0 }.into()))
    }

    /// It was not answered. A handler that is dropped when its time is over says so itself.
    fn failed(&self, target: &Target, info: &'static MethodInfo, failure: Failure) -> CallError {
        if let (Asked::Listed(instance), Failure::MaybeExecuted(reason)) = (&self.asked, &failure) {
            target.router.maybe_executed(instance, reason, self.begun);
        }
        self.described(target, info, failure)
    }

    /// Whether its time is over.
    fn poll(&mut self, target: &Target, info: &'static MethodInfo, task: &mut Context<'_>) -> Poll<CallError> {
        let reason = ready!(self.patience.poll(&target.router.home, task));
        Poll::Ready(self.failed(target, info, reason.into()))
    }

    fn described(&self, target: &Target, info: &'static MethodInfo, failure: Failure) -> CallError {
        let place = match &self.asked {
            Asked::Listed(instance) => instance.place(),
            Asked::Direct(cell) => target.router.place(&**cell),
        };
        failed(target, info, Some(place), failure)
    }
}

/// How the wait ended.
pub(crate) enum Waited<R> {
    Done(R),
    Over(CallError),
    /// It did not run; another instance may take it.
    Refused(Unused),
}

impl<R: 'static> Waiting<R> {
    pub(crate) fn new(
        answering: Answering<R>,
        fresh: bool,
        asked: Asked,
        (begun, deadline): (Instant, Instant),
    ) -> Self {
        Self { answering, wait: Wait { fresh, asked, begun, patience: Patience::until(deadline) } }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.wait.patience.deadline()
    }

    pub(crate) fn poll(
        &mut self,
        target: &Target,
        info: &'static MethodInfo,
        task: &mut Context<'_>,
    ) -> Poll<Waited<R>> {
        let Self { answering, wait } = self;
        let answer = if mem::take(&mut wait.fresh) { Poll::Pending } else { Pin::new(answering).poll(task) };
        Poll::Ready(match answer {
            Poll::Ready(Answer::Done(result)) => match wait.answered(target, info) {
                None => Waited::Done(result),
                Some(error) => Waited::Over(error),
            },
            Poll::Ready(Answer::Refused(reason, args)) => wait.refused(target, info, (reason, args)),
            Poll::Ready(Answer::Failed(failure)) => Waited::Over(wait.failed(target, info, failure)),
            Poll::Pending => match wait.poll(target, info, task) {
                Poll::Ready(error) => Waited::Over(error),
                Poll::Pending => {
                    Ambient::calls(wait.asked.pid());
                    return Poll::Pending;
                }
            },
        })
    }
}
