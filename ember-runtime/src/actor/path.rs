//! How a unit is found in its service: statically, as a type.

use super::{Orphan, Service, Unit};

/// The way from a service to one of its units. It is a type, so that finding a module costs nothing at run time.
///
/// Entering a unit takes each module on the way out of its slot, so that a module and its parent can be borrowed mutably
/// at the same time in safe Rust; the guard puts them back, also after a panic or when the handler's future is dropped.
pub trait Path<S: Service>: Send + Sync + 'static {
    /// The unit at the end.
    type Unit: Unit;
    /// Holds what is needed to use the unit, and puts everything back.
    type Guard<'a>: Send
    where
        S: 'a;

    /// Appends the names on the way: `bag.`.
    fn prefix(out: &mut String);

    /// Goes to the unit.
    ///
    /// # Errors
    /// A module on the way is in use.
    fn enter(service: &mut S) -> Result<Self::Guard<'_>, ModuleBusy>;

    /// The unit and its parent.
    fn parts<'g>(guard: &'g mut Self::Guard<'_>) -> (&'g mut Self::Unit, &'g mut <Self::Unit as Unit>::Parent);
}

/// A module was asked for while one of its own handlers is using it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the module `{module}` is in use: it was reached through its parent by one of its own handlers")]
pub struct ModuleBusy {
    /// The module's type.
    pub module: &'static str,
}

/// The path of the service itself.
#[derive(Debug)]
pub struct Here;

impl<S: Service> Path<S> for Here {
    type Unit = S;
    type Guard<'a> = &'a mut S;

    fn prefix(_: &mut String) {}

    fn enter(service: &mut S) -> Result<&mut S, ModuleBusy> {
        Ok(service)
    }

    fn parts<'g>(guard: &'g mut &mut S) -> (&'g mut S, &'g mut Orphan) {
        (guard, Orphan::stand_in())
    }
}
