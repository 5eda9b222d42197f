//! A call that tries to be short: it finds its service idle, and runs the handler itself.

use std::{sync::Arc, task::Context};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::{Instant, timeout_at};

use super::{
    LocalCalls,
    attempt::{Outcome, describe},
    handle::Target,
    inherited::Inherited,
    request::{Options, Request},
    resolved::{Found, Resolved},
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
    Waits(BoxFuture<'static, Outcome<M>>),
    /// Nothing has happened.
    Not,
}

/// Runs the call here and now, if its service is on this node, the only one that it can go to, and idle.
pub(super) fn attempt<M: Method>(request: &mut Request<M>, task: &mut Context<'_>) -> Tried<M> {
    if const { M::INFO.cancel || M::INFO.queued } || request.retry.is_some() {
        return Tried::Not;
    }
    let target = &request.target;
    let always = match target.router.local_calls {
        LocalCalls::Adaptive => false,
        LocalCalls::Short => true,
        LocalCalls::Queued => return Tried::Not,
        LocalCalls::Random(_) if target.router.toss() => return Tried::Not,
        LocalCalls::Random(_) => true,
    };
    // It is taken out of where it is remembered while it is used: the handler may make calls itself.
    let resolved = Resolved::take::<M>(target);
    let tried = match &resolved.found {
        Some(found) => run(found, target, &request.options, &mut request.args, task, always),
        None => Tried::Not,
    };
    resolved.give_back();
    tried
}

fn run<M: Method>(
    found: &Found,
    target: &Target,
    options: &Options,
    args: &mut Option<M::Args>,
    task: &mut Context<'_>,
    always: bool,
) -> Tried<M> {
    let Some(port) = found.port::<M>() else { return Tried::Not };
    let Some((envelope, until)) = envelope::<M>(target, options) else { return Tried::Not };
    let due = || Due::within(options.timeout, until);
    let _at_home = target.router.home.enter();
    let mut call = ShortCall { args, envelope, due: due(), task, index: found.index, always };
    match port.short(&*found.cell, &mut call) {
        Short::Done(result) => Tried::Done(result.map_err(CallError::App)),
        Short::Failed(failure) => Tried::Done(Err(failed::<M>(target, &*found.cell, failure))),
        Short::Waits(answering) => {
            Tried::Waits(wait(target.clone(), Arc::clone(&found.cell), answering, due()).boxed())
        }
        Short::NotNow => Tried::Not,
    }
}

/// The metadata of the call, and the deadline of the handler that makes it, unless that has passed.
fn envelope<M: Method>(target: &Target, options: &Options) -> Option<(Envelope, Option<Instant>)> {
    if options.timeout.is_zero() {
        return None;
    }
    let inherited = match Ambient::current(|ambient| (!ambient.is_late()).then(|| Inherited::from_awaiting(ambient))) {
        Some(None) => return None,
        Some(Some(inherited)) => inherited,
        None => Inherited::default(),
    };
    let envelope = inherited.envelope(options, M::INFO.lane, None);
    Some((Envelope { keys: target.keys.clone(), ..envelope }, inherited.until()))
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

#[cold]
fn failed<M: Method>(target: &Target, cell: &dyn AnyCell, failure: Failure) -> CallError<M::Error> {
    describe::<M, _>(target, Some(target.router.place(cell)), failure)
}
