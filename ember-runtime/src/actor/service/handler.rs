//! What the macros generate for each method, hook and event handler: a marker type that knows how to run it.

use std::{fmt, future::Future};

use super::{Cx, Loan, Unit, Whole};
use crate::{
    actor::about::{Down, Missed},
    error::{Error, Result},
    id::Epoch,
    message::{Handled, Method},
};

// The traits leave it to their functions that `U` is a unit, so that a type that is none is not refused once for each of them.

/// A method that the unit `U` implements.
pub trait HandledBy<U>: Method {
    /// Runs the method. The result may come later than it returns.
    fn handle(
        unit: Loan<'_, U>,
        cx: &mut Cx<'_, U>,
        args: Self::Args,
    ) -> impl Future<Output = Handled<Self::Value, Self::Error>> + Send
    where
        U: Unit;
}

/// What the function of a contract is lent. A type of its own: what is wrong with a unit is said where that is, and not in the contract too.
pub struct Lent<'a, U: Unit>(pub Loan<'a, U>);

impl<U: Unit> fmt::Debug for Lent<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(U::NAME)
    }
}

/// A hook of the unit `U` that runs before the first handler, or after the last.
pub trait HookOf<U>: Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;

    /// Runs it.
    fn run(unit: Whole<'_, U>, cx: &mut Cx<'_, U>) -> impl Future<Output = Result<()>> + Send
    where
        U: Unit;
}

/// A timer of the unit `U`, or what runs once it is up: a handler among others.
pub trait TaskOf<U>: Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;

    /// Runs it.
    fn run(unit: Loan<'_, U>, cx: &mut Cx<'_, U>) -> impl Future<Output = Result<()>> + Send
    where
        U: Unit;
}

/// An event handler of the unit `U`.
pub trait OnEvent<U>: Send + Sync + 'static {
    /// The type of the events.
    type Event: Send + Sync + 'static;

    /// Its name.
    const NAME: &'static str;

    /// Handles one event.
    fn run(unit: Loan<'_, U>, cx: &mut Cx<'_, U>, event: &Self::Event) -> impl Future<Output = Result<()>> + Send
    where
        U: Unit;
}

/// What `#[on(missed)]` is given: [`Missed`].
#[diagnostic::on_unimplemented(
    message = "`#[on(missed)]` is not given a `&{Self}`",
    label = "it is told what was missed: write `&Missed`",
    note = "`ember::Missed` says whose events they are, of which type, how many, and why: `missed.is::<{Self}>()`; the events themselves are gone"
)]
pub trait IsMissed: Send + Sync + 'static {}

impl IsMissed for Missed {}

/// What `#[on(down)]` is given: [`Down`].
#[diagnostic::on_unimplemented(
    message = "`#[on(down)]` is not given a `&{Self}`",
    label = "it is told which service has ended: write `&Down`",
    note = "`ember::Down` has the pid of the service, and why it has ended"
)]
pub trait IsDown: Send + Sync + 'static {}

impl IsDown for Down {}

/// What a hook of a role, `#[on(master)]` or `#[on(slave)]`, may take beside the context.
#[diagnostic::on_unimplemented(
    message = "a hook of a role is told an `Epoch`, which is no `{Self}`",
    label = "write `Epoch`",
    note = "it is told of which epoch it is the master, or whose slave it is: `epoch.number()` is the number of that, a `u64`; a hook that does not need it \
            takes no argument"
)]
pub trait ToldTheEpoch {
    /// The argument.
    fn told(epoch: Epoch) -> Self;
}

impl ToldTheEpoch for Epoch {
    fn told(epoch: Epoch) -> Self {
        epoch
    }
}

/// What a hook, a timer or an event handler may return: nothing, or a `Result` without a value.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "expected `()` or `Result<(), E>` whose `E` converts into `ember::Error`"
)]
pub trait HookResult {
    /// The common form.
    fn into_result(self) -> Result<()>;
}

impl HookResult for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<E: HookError> HookResult for Result<(), E> {
    fn into_result(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

/// The error of a hook, a timer or an event handler: whatever converts into [`Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a hook",
    label = "`{Self}` does not convert into `ember::Error`",
    note = "return `ember::Result<()>`, and wrap what has gone wrong where it does: `.map_err(ember::Error::other)?`",
    note = "or write `impl From<…> for ember::Error` for an error of your own"
)]
pub trait HookError: Into<Error> {}
// The compiler says that `HookError` is missing, and not how `Error` could be made.
#[diagnostic::do_not_recommend]
impl<E: Into<Error>> HookError for E {}
