//! How a unit is found in its service: statically, as a type.

use super::{Orphan, Service, Unit};
use crate::{
    error::{Error, RefusedReason},
    message::KeyReader,
};

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

    /// Goes to the unit. Each module under a key on the way takes its key from `keys`.
    ///
    /// # Errors
    /// A module on the way is in use, or is not there.
    fn enter<'s>(service: &'s mut S, keys: &mut KeyReader<'_>) -> Result<Self::Guard<'s>, NotEntered>;

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

impl ModuleBusy {
    /// The module is of the type `T`.
    pub(crate) fn of<T>() -> Self {
        let path = std::any::type_name::<T>();
        let path = path.split_once('<').map_or(path, |(path, _)| path);
        Self { module: path.rsplit_once("::").map_or(path, |(_, name)| name) }
    }
}

/// Why a unit could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEntered {
    /// A module on the way is in use.
    #[error(transparent)]
    Busy(#[from] ModuleBusy),
    /// No module stands under the key.
    #[error("there is no module `{module}` under the key {key}")]
    Absent {
        /// The module's type.
        module: &'static str,
        /// The key.
        key: String,
    },
    /// The call does not say which module it is for, or not by a key of the right type.
    #[error("the key of the module `{0}` could not be read")]
    NoKey(&'static str),
}

impl From<NotEntered> for RefusedReason {
    fn from(reason: NotEntered) -> Self {
        match reason {
            NotEntered::Busy(busy) => Self::ModuleBusy(busy.module.into()),
            NotEntered::Absent { module, key } => Self::NoModule { module: module.into(), key },
            NotEntered::NoKey(_) => Self::Undecodable(reason.to_string()),
        }
    }
}

impl From<NotEntered> for Error {
    fn from(reason: NotEntered) -> Self {
        Self::other(reason)
    }
}

/// The path of the service itself.
#[derive(Debug)]
pub struct Here;

impl<S: Service> Path<S> for Here {
    type Unit = S;
    type Guard<'a> = &'a mut S;

    fn prefix(_: &mut String) {}

    fn enter<'s>(service: &'s mut S, _: &mut KeyReader<'_>) -> Result<&'s mut S, NotEntered> {
        Ok(service)
    }

    fn parts<'g>(guard: &'g mut &mut S) -> (&'g mut S, &'g mut Orphan) {
        (guard, Orphan::stand_in())
    }
}
