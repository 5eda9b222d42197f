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

/// A local call that may be refused: then everything is where it was.
pub(crate) struct Offer<'a, M: Method> {
    pub(crate) args: &'a mut Option<M::Args>,
    pub(crate) envelope: &'a mut Option<Box<Envelope>>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) index: usize,
    pub(crate) reply: &'a mut Option<Reply<M>>,
}

impl<M: Method> Offer<'_, M> {
    /// Takes it. There must be arguments.
    #[inline]
    pub(super) fn take(self) -> Submission<M> {
        Submission {
            args: self.args.take().expect("a call is offered with its arguments"),
            envelope: self.envelope.take(),
            deadline: self.deadline,
            index: self.index,
            reply: self.reply.take(),
        }
    }
}

type SubmitFn<M> = fn(&dyn AnyCell, Offer<'_, M>) -> Result<(), RefusedReason>;

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

    /// Queues the call, or leaves it where it is.
    pub(crate) fn submit(&self, cell: &dyn AnyCell, call: Offer<'_, M>) -> Result<(), RefusedReason> {
        (self.submit)(cell, call)
    }
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Offer<'_, M>,
) -> Result<(), RefusedReason> {
    let Some(cell) = cell.as_any().downcast_ref::<Cell<S>>() else { return Err(RefusedReason::UnknownMethod) };
    cell.put(M::INFO.lane, |calls| match const { M::INFO.lane } {
        Lane::User => calls.add::<L, M>(call),
        Lane::System => Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))),
    })
}
