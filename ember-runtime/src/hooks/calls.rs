//! At the exit: calls that leave a client.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Band, Denied,
    order::{Ordered, Veto},
};
use crate::{
    error::{Lost, Refused},
    message::{Beside, CodecError, Extension},
};

/// What an application says of the calls that are made through its node, whatever way they take: here or elsewhere, awaited, with
/// `.then(…)`, one way, by name. Registered with [`NodeBuilder::call_hooks`](crate::node::NodeBuilder::call_hooks).
///
/// A call that is repeated ([`retry`](crate::call::Call::retry)) leaves once. One to several instances is one for each.
pub trait CallHooks: Send + Sync + 'static {
    /// Before an instance is chosen. An error refuses the call: its caller gets `NotExecuted(Denied)`.
    ///
    /// # Errors
    /// Why the call may not leave.
    fn before(&self, call: &mut OutgoingCall<'_>) -> Result<(), Denied> {
        let _ = call;
        Ok(())
    }

    /// After the outcome is there, or nobody waits for it any more. Not told if [`before`](Self::before) has refused the call itself.
    /// `took` is how long that was, if [`wants_times`](Self::wants_times).
    fn after(&self, call: &OutgoingCall<'_>, end: &CallEnd<'_>, took: Option<Duration>) {
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

/// A call, as hooks of its caller's node see it.
pub struct OutgoingCall<'a> {
    pub(crate) to: &'a dyn Display,
    pub(crate) method: &'a dyn Display,
    pub(crate) carries: &'a mut dyn Carries,
    pub(crate) one_way: bool,
}

/// What its maker has said of a call.
pub(crate) trait Carries {
    /// What it carries beside its arguments, if it does.
    fn beside(&self) -> Option<&Beside>;
    fn beside_mut(&mut self) -> &mut Beside;
    /// By which a repetition of it is known.
    #[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "only the judge of simulations asks"))]
    fn id(&self) -> Option<u64>;
}

impl OutgoingCall<'_> {
    /// Whom it is for: a service, as messages say it.
    pub fn to(&self) -> &dyn Display {
        self.to
    }

    /// The full name of the method: with its module and its contract.
    pub fn method(&self) -> &dyn Display {
        self.method
    }

    /// Whether nobody hears of its outcome.
    pub fn is_one_way(&self) -> bool {
        self.one_way
    }

    /// A header that was given to this call. Those that it inherits from the handler that makes it are not among them.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.carries.beside()?.headers.get(name).map(String::as_str)
    }

    /// Sets a header, as [`Call::header`](crate::call::Call::header).
    pub fn set_header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.carries.beside_mut().headers.insert(name.into(), value.into());
    }

    /// An extension that was given to this call; `None` if it has none of this type. Those that it inherits are not among them.
    ///
    /// # Errors
    /// What is there under its name cannot be read as one.
    pub fn extension<E: Extension>(&self) -> Result<Option<E>, CodecError> {
        self.carries.beside().map_or(Ok(None), Beside::extension)
    }

    /// Gives it an extension, as [`Call::extension`](crate::call::Call::extension).
    pub fn set_extension(&mut self, extension: &impl Extension) {
        self.carries.beside_mut().extend(extension);
    }
}

impl fmt::Debug for OutgoingCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingCall({}, to {})", self.method, self.to)
    }
}

/// How a call has ended, for its caller.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallEnd<'a> {
    /// With a value.
    Value,
    /// With the error of the method.
    AppError,
    /// Certainly not executed, and why.
    NotExecuted(&'a Refused),
    /// It is not known whether it was executed, and why.
    MaybeExecuted(&'a Lost),
    /// It was sent one way.
    Sent,
    /// Its future was dropped before.
    Dropped,
}

/// A call that hooks were asked about, and that has not ended.
pub(crate) struct AskedCall {
    asked: usize,
    began: Option<Instant>,
}

impl AskedCall {
    /// Asks them, until one refuses.
    pub(crate) fn begin(hooks: &Ordered<dyn CallHooks>, call: &mut OutgoingCall<'_>) -> (Self, Option<Veto>) {
        let began = hooks.now();
        let (asked, refusal) = hooks.ask(|hook| hook.before(call));
        (Self { asked, began }, refusal)
    }

    /// Tells those that were asked.
    pub(crate) fn end(self, hooks: &Ordered<dyn CallHooks>, call: &OutgoingCall<'_>, end: &CallEnd<'_>) {
        hooks.tell_time(self.asked, self.began, |hook, took| hook.after(call, end, took));
    }
}
