//! The one exit: whatever way a call takes, it leaves by here, past the hooks of its node.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    call::{
        requests::{Options, Target, failed},
        routes::Router,
    },
    directory::Selector,
    error::{CallError, Failure, Refused, RefusedReason},
    hooks::{AskedCall, CallEnd, CallHooks, Ordered, OutgoingCall, Veto},
    message::MethodInfo,
};

/// A call that has left, and that hooks want to hear the end of.
pub(crate) struct Leaving(Option<Left>);

struct Left {
    asked: AskedCall,
    called: Called,
    options: Options,
    one_way: bool,
}

/// What is called.
enum Called {
    Typed(Target, &'static MethodInfo),
    /// Of this service, by its name.
    ByName(Box<(Arc<Router>, Selector, String)>),
}

impl Called {
    fn router(&self) -> &Router {
        match self {
            Self::Typed(target, _) => &target.router,
            Self::ByName(called) => &called.0,
        }
    }

    /// Shows it to whoever looks at calls, with the hooks of its node.
    fn show<T>(
        &self,
        (carries, one_way): (&mut Options, bool),
        look: impl FnOnce(&Ordered<dyn CallHooks>, &mut OutgoingCall<'_>) -> T,
    ) -> T {
        match self {
            Self::Typed(target, info) => {
                let (to, method) = (&target.address.selector, &target.name_of(info));
                look(&target.router.hooks.calls, &mut OutgoingCall { to, method, carries, one_way })
            }
            Self::ByName(called) => {
                let (router, to, method) = &**called;
                look(&router.hooks.calls, &mut OutgoingCall { to, method, carries, one_way })
            }
        }
    }
}

impl Left {
    fn ask(called: Called, options: &mut Options, one_way: bool) -> (Self, Option<Veto>) {
        let (asked, veto) = called.show((options, one_way), AskedCall::begin);
        (Self { asked, called, options: options.clone(), one_way }, veto)
    }
}

/// Asks the hooks of a node that has some.
///
/// # Errors
/// One refuses it.
#[cold]
pub(crate) fn leave(
    target: &Target,
    info: &'static MethodInfo,
    options: &mut Options,
    one_way: bool,
) -> Result<Leaving, CallError> {
    let (left, veto) = Left::ask(Called::Typed(target.clone(), info), options, one_way);
    Leaving(Some(left)).unless(veto.map(|veto| failed(target, info, None, RefusedReason::from(veto).into())))
}

/// The same for a call by name, whose method is not known yet.
///
/// # Errors
/// One refuses it.
#[cold]
pub(crate) fn leave_by_name(
    router: &Arc<Router>,
    (to, method): (&Selector, &str),
    options: &mut Options,
) -> Result<Leaving, CallError<Value>> {
    let called = Called::ByName(Box::new((Arc::clone(router), to.clone(), method.to_owned())));
    let (left, veto) = Left::ask(called, options, false);
    let denied = veto.map(|veto| Failure::from(RefusedReason::from(veto)).at(&*to.to_string(), method));
    Leaving(Some(left)).unless(denied)
}

impl Leaving {
    /// It has left, unless a hook has refused it.
    fn unless<E>(mut self, denied: Option<CallError<E>>) -> Result<Self, CallError<E>> {
        let Some(denied) = denied else { return Ok(self) };
        if let CallError::NotExecuted(refused) = &denied {
            self.tell(&CallEnd::NotExecuted(refused));
        }
        Err(denied)
    }

    /// Its outcome is there.
    pub(crate) fn end<T, E>(mut self, outcome: &Result<T, CallError<E>>) {
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
        let Some(Left { asked, called, mut options, one_way }) = self.0.take() else { return };
        // The caller may be on another runtime, or on none.
        let _there = called.router().runtime().enter();
        called.show((&mut options, one_way), |hooks, call| asked.end(hooks, call, end));
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.tell(&CallEnd::Dropped);
    }
}
