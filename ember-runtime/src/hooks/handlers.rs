//! At the entry: handlers of calls that begin.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Band, Denied,
    order::{Ordered, Veto},
};
use crate::{
    error::{Failure, RefusedReason},
    id::{Epoch, Pid},
    message::{Ambient, Beside, Caller, CodecError, Extension},
};

/// What an application says of the calls that its node's services handle, wherever they come from. Registered with
/// [`NodeBuilder::handler_hooks`](crate::node::NodeBuilder::handler_hooks).
///
/// What a service does by itself (timers, events, `#[on(…)]`) is no call.
pub trait HandlerHooks: Send + Sync + 'static {
    /// Before the handler starts: it is this service's turn, and the arguments are there. An error refuses the call: its caller
    /// gets `NotExecuted(Denied)`.
    ///
    /// # Errors
    /// Why the call is not handled.
    fn before(&self, call: &IncomingCall<'_>) -> Result<(), Denied> {
        let _ = call;
        Ok(())
    }

    /// After the handler has ended, however. Not told if [`before`](Self::before) has refused the call itself. `took` is how long
    /// the handler was at work or waited, if [`wants_times`](Self::wants_times).
    fn after(&self, call: &IncomingCall<'_>, end: &HandlerEnd<'_>, took: Option<Duration>) {
        let _ = (call, end, took);
    }

    /// Whether the clock is to be looked at; asked once. `false` by default: a look takes longer than asking a hook.
    fn wants_times(&self) -> bool {
        false
    }

    /// Where it stands among others.
    fn band(&self) -> Band {
        Band::Middle
    }
}

/// A call, as hooks of its callee's node see it.
#[derive(Clone, Copy)]
pub struct IncomingCall<'a> {
    pub(crate) service: &'static str,
    pub(crate) pid: Pid,
    pub(crate) method: fn() -> String,
    pub(crate) beside: Option<&'a Beside>,
    pub(crate) caller: Option<Caller>,
    /// What the handler does is done for a group.
    #[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "the judge looks at it"))]
    pub(crate) acts: Option<&'a Acts>,
}

/// A master's handler, which acts for its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acts {
    /// The name of the group's office.
    pub(crate) group: Arc<str>,
    /// The epoch for whose master the call was sent, if its caller said so.
    pub(crate) asked: Option<Epoch>,
    /// The epoch in which it acts.
    pub(crate) epoch: Epoch,
    /// Whether a later master can say what became of the call.
    pub(crate) is_known: bool,
}

impl IncomingCall<'_> {
    /// The name of the service's type, as clients use it.
    pub fn service(&self) -> &str {
        self.service
    }

    /// Which service it is.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The full name of the method, with its module and its contract: `bag.rpc_put`. Made with each question.
    pub fn method(&self) -> String {
        (self.method)()
    }

    /// An extension of the call, inherited ones too; `None` if it has none of this type.
    ///
    /// # Errors
    /// What is there under its name cannot be read as one.
    pub fn extension<E: Extension>(&self) -> Result<Option<E>, CodecError> {
        self.beside.map_or(Ok(None), Beside::extension)
    }

    /// A header of the call, inherited ones too.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.beside?.headers.get(name).map(String::as_str)
    }

    /// Who makes it.
    pub fn caller(&self) -> Option<Caller> {
        self.caller
    }
}

impl fmt::Debug for IncomingCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncomingCall({} {}, {})", self.service, self.pid, self.method())
    }
}

/// How a handler has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandlerEnd<'a> {
    /// With a value.
    Value,
    /// With its error.
    AppError,
    /// It has ended, and answers later ([`Deferred`](crate::message::Deferred)).
    Later,
    /// It did not start: another hook has refused it, or there is no such module.
    NotExecuted(&'a RefusedReason),
    /// It panicked.
    Panicked,
    /// It was dropped before its end: its caller has gone, or its service was ended.
    Dropped,
}

/// A handler that hooks were asked about, and that has not ended.
pub(crate) struct AskedHandler {
    hooks: Ordered<dyn HandlerHooks>,
    service: &'static str,
    pid: Pid,
    method: fn() -> String,
    beside: Option<Arc<Beside>>,
    caller: Option<Caller>,
    acts: Option<Acts>,
    asked: usize,
    began: Option<Instant>,
}

impl AskedHandler {
    /// Asks them, until one refuses.
    ///
    /// # Errors
    /// Why the handler does not start.
    pub(crate) fn begin(
        hooks: &Ordered<dyn HandlerHooks>,
        method: fn() -> String,
        ambient: &Ambient,
        acts: Option<Acts>,
    ) -> Result<Box<Self>, Failure> {
        let (service, pid, caller) = (ambient.service().name(), ambient.pid(), ambient.caller());
        let beside = ambient.envelope.beside.clone();
        let call = IncomingCall { service, pid, method, beside: beside.as_deref(), caller, acts: acts.as_ref() };
        let began = hooks.now();
        let (asked, refusal) = hooks.ask(|hook| hook.before(&call));
        let begun = Box::new(Self { hooks: hooks.clone(), service, pid, method, beside, caller, acts, asked, began });
        match refusal.map(Veto::into) {
            None => Ok(begun),
            Some(reason) => {
                begun.end(&HandlerEnd::NotExecuted(&reason));
                Err(reason.into())
            }
        }
    }

    /// It has ended.
    pub(crate) fn end(mut self, end: &HandlerEnd<'_>) {
        self.tell(end);
    }

    fn tell(&mut self, end: &HandlerEnd<'_>) {
        let Self { hooks, service, pid, method, beside, caller, acts, asked, began } = self;
        let (beside, acts) = (beside.as_deref(), acts.as_ref());
        let call = IncomingCall { service, pid: *pid, method: *method, beside, caller: *caller, acts };
        hooks.tell_time(std::mem::take(asked), *began, |hook, took| hook.after(&call, end, took));
    }
}

impl Drop for AskedHandler {
    fn drop(&mut self) {
        self.tell(&HandlerEnd::Dropped);
    }
}
