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
    resolved::Resolved,
};
use crate::{
    actor::{AnyCell, Short, ShortCall},
    error::{CallError, Failure, LostReason},
    message::{Ambient, Answer, Answering, Due, Envelope, Lane, Method},
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
    let mut resolved = Resolved::take::<M>(target);
    let tried = run(&mut resolved, target, &request.options, &mut request.args, task, always);
    resolved.give_back();
    tried
}

#[inline]
fn run<M: Method>(
    resolved: &mut Resolved,
    target: &Target,
    options: &Options,
    args: &mut Option<M::Args>,
    task: &mut Context<'_>,
    always: bool,
) -> Tried<M> {
    let Resolved { found: Some(found), spare, at_home, .. } = resolved else { return Tried::Not };
    let Some(port) = found.port::<M>() else { return Tried::Not };
    let Some((envelope, until)) = envelope::<M>(target, options) else { return Tried::Not };
    let _at_home = target.router.home.enter(at_home);
    let due = Due::within(options.timeout, until);
    match port.short(&*found.cell, ShortCall { args, envelope, due, spare, task, index: found.index, always }) {
        Short::Done(result) => Tried::Done(result.map_err(CallError::App)),
        Short::Failed(failure) => Tried::Done(Err(failed::<M>(target, &*found.cell, failure))),
        Short::Waits(answering) => {
            let due = Due::within(options.timeout, until);
            Tried::Waits(wait(target.clone(), Arc::clone(&found.cell), answering, due).boxed())
        }
        Short::NotNow => Tried::Not,
    }
}

/// The metadata of the call, if there is anything in it, and the deadline of the handler that makes it, unless that has
/// passed.
#[inline]
fn envelope<M: Method>(target: &Target, options: &Options) -> Option<(Option<Envelope>, Option<Instant>)> {
    if options.timeout.is_zero() {
        return None;
    }
    let inherited = Ambient::current(|ambient| (!ambient.is_late()).then(|| Inherited::from_awaiting(ambient)));
    let inherited = match inherited {
        Some(None) => return None,
        Some(inherited) => inherited,
        None if options.is_plain() && target.keys.is_empty() && const { matches!(M::INFO.lane, Lane::User) } => {
            return Some((None, None));
        }
        None => None,
    };
    let inherited = inherited.unwrap_or_default();
    let envelope = inherited.envelope(options, M::INFO.lane, None);
    Some((Some(Envelope { keys: target.keys.clone(), ..envelope }), inherited.until()))
}

/// Waits for the answer of a handler that has begun.
async fn wait<M: Method>(target: Target, cell: Arc<dyn AnyCell>, answering: Answering<M>, due: Due) -> Outcome<M> {
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
