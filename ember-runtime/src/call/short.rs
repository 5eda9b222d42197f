//! A call that tries to be short: it finds its service idle, and runs the handler itself.

use std::{sync::Arc, task::Context};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::timeout_at;

use super::{
    LocalCalls,
    attempt::{Outcome, describe},
    handle::Target,
    inherited::Inherited,
    request::Request,
    resolved::{self, Found},
};
use crate::{
    actor::{AnyCell, Short, ShortCall},
    error::{CallError, Failure, LostReason},
    message::{Ambient, Answer, Answering, Due, Envelope, Method},
};

/// What became of it.
pub(super) enum Tried<M: Method> {
    Done(Outcome<M>),
    /// The handler waits for something; the outcome comes later.
    Waits(BoxFuture<'static, Outcome<M>>, Target),
    /// Nothing has happened.
    Not(Request<M>),
}

/// Runs the call here and now, if its service is on this node, the only one that it can go to, and idle.
pub(super) fn attempt<M: Method>(request: Request<M>, task: &mut Context<'_>) -> Tried<M> {
    let router = &request.target.router;
    let always = match router.local_calls {
        LocalCalls::Adaptive => false,
        LocalCalls::Short => true,
        LocalCalls::Queued => return Tried::Not(request),
        LocalCalls::Random(_) if router.toss() => return Tried::Not(request),
        LocalCalls::Random(_) => true,
    };
    if const { M::INFO.cancel || M::INFO.queued } || request.retry.is_some() {
        return Tried::Not(request);
    }
    let Some((envelope, due)) = envelope::<M>(&request) else { return Tried::Not(request) };
    let Request { target, args, options, retry } = request;
    let mut args = Some(args);
    let run = |found: &Found| {
        let port = found.port::<M>()?;
        let _at_home = target.router.home.enter();
        let mut call = ShortCall { args: &mut args, envelope, due: due.clone(), task, index: found.index, always };
        match port.short(&*found.cell, &mut call) {
            Short::NotNow => None,
            Short::Done(result) => Some(Tried::Done(result.map_err(CallError::App))),
            Short::Failed(failure) => Some(Tried::Done(Err(failed::<M>(&target, &*found.cell, failure)))),
            Short::Waits(answering) => {
                let outcome = wait(target.clone(), Arc::clone(&found.cell), answering, due.clone()).boxed();
                Some(Tried::Waits(outcome, target.clone()))
            }
        }
    };
    let tried = resolved::with::<M, _>(&target, run).flatten();
    match (tried, args) {
        (Some(tried), _) => tried,
        (None, Some(args)) => Tried::Not(Request { target, args, options, retry }),
        // A handler that has been given the arguments has an outcome.
        (None, None) => Tried::Done(Err(failed::<M>(&target, None, LostReason::NoReply.into()))),
    }
}

/// The metadata of the call, unless it is too late for it.
fn envelope<M: Method>(request: &Request<M>) -> Option<(Envelope, Due)> {
    let (timeout, lane) = (request.options.timeout, M::INFO.lane);
    if timeout.is_zero() {
        return None;
    }
    let within = |by| Due::within(timeout, by);
    let (inherited, due) = match Ambient::current(|ambient| (Inherited::from_awaiting(ambient), ambient.is_late())) {
        Some((_, true)) => return None,
        Some((inherited, false)) => {
            let due = within(inherited.until());
            (inherited, due)
        }
        None => (Inherited::default(), within(None)),
    };
    let envelope = inherited.envelope(&request.options, lane, None);
    Some((Envelope { keys: request.target.keys.clone(), ..envelope }, due))
}

/// Waits for the answer of a handler that has begun.
async fn wait<M: Method>(
    target: Target,
    cell: Arc<dyn AnyCell>,
    answering: Answering<M>,
    due: Due,
) -> Outcome<M> {
    let answer = match due.get() {
        Some(deadline) => timeout_at(deadline, answering).await,
        None => Ok(answering.await),
    };
    let failure = match answer {
        Ok(Answer::Done(result)) => return result.map_err(CallError::App),
        Ok(Answer::Failed(failure)) => failure,
        Ok(Answer::Refused(reason, _)) => reason.into(),
        Err(_) => LostReason::Deadline.into(),
    };
    Err(failed::<M>(&target, &*cell, failure))
}

fn failed<'a, M: Method>(
    target: &Target,
    cell: impl Into<Option<&'a dyn AnyCell>>,
    failure: Failure,
) -> CallError<M::Error> {
    let place = cell.into().map(|cell| target.router.place(cell));
    describe::<M, _>(target, place, failure)
}
