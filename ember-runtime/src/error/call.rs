//! The three outcomes of a failed call.

use std::{convert::Infallible, error, fmt};

use super::{LostReason, RefusedReason};
use crate::id::Pid;

/// Why a call did not return a value. Only [`MaybeExecuted`](CallError::MaybeExecuted) leaves open whether the method ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError<E = Infallible> {
    /// The method ran and returned this error.
    App(E),
    /// It certainly did not run.
    NotExecuted(Refused),
    /// It may have run.
    MaybeExecuted(Lost),
}

/// A call that was certainly not executed: target, method and reason.
#[derive(Clone, PartialEq, Eq)]
pub struct Refused(Box<Detail<RefusedReason>>);

/// A call of which it is not known whether it was executed: target, method and reason.
#[derive(Clone, PartialEq, Eq)]
pub struct Lost(Box<Detail<LostReason>>);

#[derive(Clone, PartialEq, Eq)]
struct Detail<R> {
    target: String,
    method: String,
    reason: R,
    pid: Option<Pid>,
    out_of_retries: bool,
}

/// A failure that is not the application's: what the runtime passes around before it knows the error type of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It certainly did not run.
    NotExecuted(RefusedReason),
    /// It may have run.
    MaybeExecuted(LostReason),
}

impl Failure {
    /// Names target and method.
    pub fn at<E>(self, target: impl Into<String>, method: impl Into<String>) -> CallError<E> {
        let (target, method) = (target.into(), method.into());
        match self {
            Self::NotExecuted(reason) => CallError::NotExecuted(Refused::new(target, method, reason)),
            Self::MaybeExecuted(reason) => CallError::MaybeExecuted(Lost::new(target, method, reason)),
        }
    }
}

impl From<RefusedReason> for Failure {
    fn from(reason: RefusedReason) -> Self {
        Self::NotExecuted(reason)
    }
}

impl From<LostReason> for Failure {
    fn from(reason: LostReason) -> Self {
        Self::MaybeExecuted(reason)
    }
}

const OUT_OF_RETRIES: &str = "; it was not made again, for the node's retry budget for this target is used up";

impl<E> CallError<E> {
    /// The one that was asked.
    pub(crate) fn of(mut self, pid: Pid) -> Self {
        match &mut self {
            Self::App(_) => {}
            Self::NotExecuted(Refused(detail)) => detail.pid = Some(pid),
            Self::MaybeExecuted(Lost(detail)) => detail.pid = Some(pid),
        }
        self
    }

    /// The same, of a method that has no errors of its own: as the error of any method.
    pub(crate) fn of_any(error: CallError) -> Self {
        match error {
            CallError::App(never) => match never {},
            CallError::NotExecuted(refused) => Self::NotExecuted(refused),
            CallError::MaybeExecuted(lost) => Self::MaybeExecuted(lost),
        }
    }

    /// It would have been made again.
    pub(crate) fn out_of_retries(mut self) -> Self {
        match &mut self {
            Self::App(_) => {}
            Self::NotExecuted(Refused(detail)) => detail.out_of_retries = true,
            Self::MaybeExecuted(Lost(detail)) => detail.out_of_retries = true,
        }
        self
    }
}

macro_rules! detail {
    ($name:ident, $reason:ident, $verdict:literal) => {
        impl $name {
            pub(crate) fn new(target: String, method: String, reason: $reason) -> Self {
                Self(Box::new(Detail { target, method, reason, pid: None, out_of_retries: false }))
            }

            /// Whom the call was for: an address, or the instance that was chosen.
            pub fn target(&self) -> &str {
                &self.0.target
            }

            /// The run of the service that was asked, the last one if there were several; `None` if nobody was. A client that names it,
            /// `node.select::<BankClient>().pid(pid).client()`, calls that one and no other: as whoever repeats a call
            /// [`once`](crate::call::Call::once) must.
            pub fn pid(&self) -> Option<Pid> {
                self.0.pid
            }

            /// The full name of the method.
            pub fn method(&self) -> &str {
                &self.0.method
            }

            /// The reason.
            pub fn reason(&self) -> &$reason {
                &self.0.reason
            }

            /// Whether its policy would have had the call made again, and the [budget](crate::call::RetryBudget) of its node for this
            /// target did not let it.
            pub fn is_out_of_retries(&self) -> bool {
                self.0.out_of_retries
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Detail { target, method, reason, out_of_retries, .. } = &*self.0;
                write!(f, concat!("`{}` on {} ", $verdict, ": {}"), method, target, reason)?;
                if *out_of_retries { f.write_str(OUT_OF_RETRIES) } else { Ok(()) }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl error::Error for $name {
            fn source(&self) -> Option<&(dyn error::Error + 'static)> {
                Some(&self.0.reason)
            }
        }
    };
}

detail!(Refused, RefusedReason, "was not executed");
detail!(Lost, LostReason, "may have been executed");

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(error) => error.fmt(f),
            Self::NotExecuted(refused) => refused.fmt(f),
            Self::MaybeExecuted(lost) => lost.fmt(f),
        }
    }
}

impl<E: error::Error + 'static> error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::App(error) => Some(error),
            Self::NotExecuted(refused) => Some(refused),
            Self::MaybeExecuted(lost) => Some(lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_readable_line_names_target_method_and_reason() {
        let error: CallError = Failure::from(RefusedReason::Paused).at("player/7", "rpc_buy");
        assert_eq!(error.to_string(), "`rpc_buy` on player/7 was not executed: it is paused");
        let error: CallError = Failure::from(LostReason::Deadline).at("player/7", "rpc_buy");
        assert_eq!(error.to_string(), "`rpc_buy` on player/7 may have been executed: no reply before the deadline");
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<CallError>() <= 16);
    }
}
