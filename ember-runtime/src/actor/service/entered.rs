//! Why a unit could not be entered.

use crate::error::{Error, RefusedReason};

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
