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

/// Asks the hooks of a node that has some.
///
/// # Errors
/// One refuses it.
#[cold]
pub(crate) fn leave<M: Method>(request: &mut Request<M>, one_way: bool) -> Result<Leaving, CallError<M::Error>> {
    let Request { target, options, .. } = request;
    let (target, info) = (&*target, const { &M::INFO });
    let (to, method) = (&target.address.selector, &target.name_of(info));
    let mut call = OutgoingCall { to, method, carries: options, one_way };
    let (asked, refusal) = AskedCall::begin(&target.router.hooks.calls, &mut call);
    let mut leaving = Leaving(Some(Left { asked, target: target.clone(), info, options: options.clone(), one_way }));
    let Some(refusal) = refusal else { return Ok(leaving) };
    let denied = describe::<M, _>(target, None, RefusedReason::from(refusal).into());
    if let CallError::NotExecuted(refused) = &denied {
        leaving.tell(&CallEnd::NotExecuted(refused));
    }
    Err(denied)
}

impl Leaving {
    /// Its outcome is there.
    pub(crate) fn end<M: Method>(mut self, outcome: &Outcome<M>) {
        self.tell(&match outcome {
            Ok(_) => CallEnd::Value,
            Err(CallError::App(_)) => CallEnd::AppError,
            Err(CallError::NotExecuted(refused)) => CallEnd::NotExecuted(refused),
            Err(CallError::MaybeExecuted(lost)) => CallEnd::MaybeExecuted(lost),
        });
    }

    /// It was sent one way, or not.
    pub(crate) fn sent(mut self, refused: Option<&Refused>) {
        self.tell(&refused.map_or(CallEnd::Sent, CallEnd::NotExecuted));
    }

    fn tell(&mut self, end: &CallEnd<'_>) {
        let Some(Left { asked, target, info, mut options, one_way }) = self.0.take() else { return };
        let (to, method) = (&target.address.selector, &target.name_of(info));
        let call = OutgoingCall { to, method, carries: &mut options, one_way };
        asked.end(&target.router.hooks.calls, &call, end);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.tell(&CallEnd::Dropped);
    }
}
