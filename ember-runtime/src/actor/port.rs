//! The typed way into a service for callers on its own node: arguments are moved, never serialized.

use tokio::time::Instant;

use super::{
    AnyCell, Cell, HandledBy, Path, Post, Service,
    call_job::CallJob,
    short::{ShortFn, short},
};
use crate::{
    error::RefusedReason,
    message::{Envelope, Lane, Method, Reply},
};

/// A local call on its way.
pub(crate) struct Submission<M: Method> {
    pub(crate) args: M::Args,
    /// None if there is nothing in it. Its deadline does not count.
    pub(crate) envelope: Option<Box<Envelope>>,
    pub(crate) deadline: Option<Instant>,
    /// The place of the method in the service's table.
    pub(crate) index: usize,
    /// `None` for a one-way call.
    pub(crate) reply: Option<Reply<M>>,
}

impl<M: Method> Submission<M> {
    /// Whether the caller has stopped waiting.
    pub(super) fn is_expired(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}

type SubmitFn<M> = fn(&dyn AnyCell, Submission<M>) -> Result<(), (Submission<M>, RefusedReason)>;

/// Delivers calls of the method `M` to the kind of service that it was made for.
pub(crate) struct Port<M: Method> {
    submit: SubmitFn<M>,
    pub(super) short: ShortFn<M>,
}

impl<M: Method> Port<M> {
    /// The port to the unit at `L` of services of the type `S`.
    pub(crate) const fn to<S: Service, L: Path<S>>() -> Self
    where
        M: HandledBy<L::Unit>,
    {
        Self { submit: submit::<S, L, M>, short: short::<S, L, M> }
    }

    /// Queues the call; gives it back if it is refused.
    pub(crate) fn submit(&self, cell: &dyn AnyCell, call: Submission<M>) -> Result<(), (Submission<M>, RefusedReason)> {
        (self.submit)(cell, call)
    }
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Submission<M>,
) -> Result<(), (Submission<M>, RefusedReason)> {
    let Some(cell) = cell.as_any().downcast_ref::<Cell<S>>() else {
        return Err((call, RefusedReason::UnknownMethod));
    };
    let mut kept = Some(call);
    let put = cell.put(M::INFO.lane, |calls| {
        let call = kept.take().expect("a job is made once");
        match const { M::INFO.lane } {
            Lane::User => calls.add::<L, M>(call),
            Lane::System => Post::Job(Box::new(CallJob::<S, L, M>::new(call))),
        }
    });
    match (put, kept) {
        (Err(reason), Some(call)) => Err((call, reason)),
        _ => Ok(()),
    }
}
