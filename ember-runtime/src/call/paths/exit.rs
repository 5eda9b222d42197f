//! The one exit: whatever way a call takes, it leaves by here, past the hooks of its node.

use crate::{
    call::requests::{Options, Outcome, Request, Target, describe},
    error::{CallError, Refused, RefusedReason},
    hooks::{AskedCall, CallEnd, OutgoingCall},
    message::{Method, MethodInfo},
};

/// A call that has left, and that hooks want to hear the end of.
pub(crate) struct Leaving(Option<Left>);

struct Left {
    asked: AskedCall,
    target: Target,
    info: &'static MethodInfo,
    options: Options,
    one_way: bool,
}

/// Asks the hooks, if there are any. The refusal, if one refuses it.
#[inline]
pub(crate) fn leave<M: Method>(
    request: &mut Request<M>,
    leaving: &mut Option<Box<Leaving>>,
    one_way: bool,
) -> Option<CallError<M::Error>> {
    if request.target.router.hooks.calls.is_empty() { None } else { ask(request, leaving, one_way) }
}

#[cold]
fn ask<M: Method>(
    request: &mut Request<M>,
    leaving: &mut Option<Box<Leaving>>,
    one_way: bool,
) -> Option<CallError<M::Error>> {
    let Request { target, options, .. } = request;
    let (target, info) = (&*target, const { &M::INFO });
    let (to, method) = (&target.address.selector, &target.name_of(info));
    let mut call = OutgoingCall { to, method, headers: options, one_way };
    let (asked, refusal) = AskedCall::begin(&target.router.hooks.calls, &mut call);
    let left = Left { asked, target: target.clone(), info, options: options.clone(), one_way };
    let mut left = Box::new(Leaving(Some(left)));
    let Some(refusal) = refusal else {
        *leaving = Some(left);
        return None;
    };
    let denied = describe::<M, _>(target, None, RefusedReason::from(refusal).into());
    if let CallError::NotExecuted(refused) = &denied {
        left.tell(&CallEnd::NotExecuted(refused));
    }
    Some(denied)
}

/// The outcome of a call is there: those who want to are told.
#[inline]
pub(crate) fn left<M: Method>(leaving: &mut Option<Box<Leaving>>, outcome: &Outcome<M>) {
    if leaving.is_some() {
        told::<M>(leaving, outcome);
    }
}

#[cold]
fn told<M: Method>(leaving: &mut Option<Box<Leaving>>, outcome: &Outcome<M>) {
    if let Some(mut leaving) = leaving.take() {
        leaving.tell(&match outcome {
            Ok(_) => CallEnd::Value,
            Err(CallError::App(_)) => CallEnd::AppError,
            Err(CallError::NotExecuted(refused)) => CallEnd::NotExecuted(refused),
            Err(CallError::MaybeExecuted(lost)) => CallEnd::MaybeExecuted(lost),
        });
    }
}

impl Leaving {
    /// It was sent one way, or not.
    pub(crate) fn sent(mut self, refused: Option<&Refused>) {
        self.tell(&refused.map_or(CallEnd::Sent, CallEnd::NotExecuted));
    }

    fn tell(&mut self, end: &CallEnd<'_>) {
        let Some(Left { asked, target, info, mut options, one_way }) = self.0.take() else { return };
        let (to, method) = (&target.address.selector, &target.name_of(info));
        let call = OutgoingCall { to, method, headers: &mut options, one_way };
        asked.end(&target.router.hooks.calls, &call, end);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.tell(&CallEnd::Dropped);
    }
}
