//! What becomes of a call, of an attempt at it, and how it is said.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::target::Target;
use crate::{
    error::{CallError, Failure, LostReason, RefusedReason},
    id::Pid,
    message::{CHECKED, CodecError, Method, MethodInfo, Wire},
};

/// The result of a call.
pub(crate) type Outcome<M> = Result<<M as Method>::Value, CallError<<M as Method>::Error>>;

/// Whether the callee may have started.
#[derive(Debug)]
pub(crate) enum HandedOver {
    No,
    Yes,
    /// Another task takes the call to the link, and says so here.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "without links there is no other task"))]
    Elsewhere(Arc<AtomicBool>),
}

impl HandedOver {
    pub(crate) fn is_so(&self) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::Elsewhere(handed_over) => {
                // The other half is where the call departs: one of the two sees the other's mark.
                std::sync::atomic::fence(Ordering::SeqCst);
                handed_over.load(Ordering::Acquire)
            }
        }
    }
}

/// What one instance made of a call.
pub(crate) enum Attempt {
    /// It ran, and its result is where it is kept.
    Done,
    /// It did not run; the arguments are where they were.
    Refused(RefusedReason),
    Failed(Failure),
}

impl Attempt {
    /// It ran, and its result was read or cannot be.
    pub(crate) fn read(read: Result<(), CodecError>) -> Self {
        read.map_or_else(|error| Self::Failed(undecodable(&error)), |()| Self::Done)
    }
}

/// What came back cannot be read, for this reason.
pub(crate) fn undecodable(error: &CodecError) -> Failure {
    LostReason::Undecodable(error.to_string()).into()
}

/// Whether it makes sense to wait for the reason to pass when there is nobody else to ask.
pub(crate) fn waits(reason: &RefusedReason) -> bool {
    reason.can_pass() && !matches!(reason, RefusedReason::Paused)
}

/// Why these arguments would not arrive as what they are: asked in debug builds and simulations only, see `verify`.
#[inline]
pub(super) fn unsound<M: Method>(target: &Target, args: &Option<M::Args>) -> Option<CallError> {
    if CHECKED { unsound_by((target, const { &M::INFO }), M::wire, args) } else { None }
}

fn unsound_by<A, T, E>(
    (target, info): (&Target, &'static MethodInfo),
    wire: fn() -> Option<Wire<A, T, E>>,
    args: &Option<A>,
) -> Option<CallError> {
    let error = wire()?.check_args(args.as_ref()?).err()?;
    Some(failed(target, info, None, RefusedReason::Undecodable(error.to_string()).into()))
}

/// The outcome, unless its value would not travel: see [`unsound`].
#[inline]
pub(crate) fn sound<M: Method>(target: &Target, outcome: Outcome<M>) -> Outcome<M> {
    if CHECKED { sound_by((target, const { &M::INFO }), M::wire, outcome) } else { outcome }
}

fn sound_by<A, T, E>(
    (target, info): (&Target, &'static MethodInfo),
    wire: fn() -> Option<Wire<A, T, E>>,
    outcome: Result<T, CallError<E>>,
) -> Result<T, CallError<E>> {
    let result = match &outcome {
        Ok(value) => Ok(value),
        Err(CallError::App(error)) => Err(error),
        Err(_) => return outcome,
    };
    match wire().map(|wire| wire.check_result(result)) {
        Some(Err(error)) => Err(CallError::of_any(failed(target, info, None, undecodable(&error)))),
        _ => outcome,
    }
}

/// A failure as the caller of the method `M` is told it: see [`failed`].
pub(crate) fn describe<M: Method>(
    target: &Target,
    asked: Option<(String, Pid)>,
    failure: Failure,
) -> CallError<M::Error> {
    CallError::of_any(failed(target, const { &M::INFO }, asked, failure))
}

/// A failure as a caller is told it: of whom, in words and by pid, if somebody was asked, and of which method.
pub(crate) fn failed(
    target: &Target,
    info: &'static MethodInfo,
    asked: Option<(String, Pid)>,
    failure: Failure,
) -> CallError {
    let method = target.name_of(info).to_string();
    if !target.is_part {
        target.router.outages.measured.failed(target.address.selector.interest.name(), &method, &failure);
    }
    match asked {
        Some((place, pid)) => failure.at(place, method).of(pid),
        None => failure.at(target.address.selector.to_string(), method),
    }
}
