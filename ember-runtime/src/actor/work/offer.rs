//! The typed way into a service for callers on its own node: arguments are moved, never serialized.

use std::task::Context;

use super::pool::Spare;
use crate::{
    actor::erased::AnyCell,
    error::{Failure, RefusedReason},
    message::{Answering, Due, Envelope, Given, Method, Reply, Stamp},
};

/// A local call on its way.
pub(crate) struct Submission<A, R: 'static> {
    pub(crate) args: A,
    /// None if there is nothing in it.
    pub(crate) envelope: Option<Box<Envelope>>,
    pub(crate) stamp: Stamp,
    /// The place of the method in the service's table.
    pub(crate) index: usize,
    /// `None` for a one-way call.
    pub(crate) reply: Option<Reply<R>>,
}

/// A local call that may be refused: then everything is where it was.
pub(crate) struct Offer<'a, A, R: 'static> {
    pub(crate) args: &'a mut Option<A>,
    pub(crate) envelope: &'a mut Option<Box<Envelope>>,
    pub(crate) stamp: Stamp,
    pub(crate) index: usize,
    pub(crate) reply: &'a mut Option<Reply<R>>,
}

impl<A, R> Offer<'_, A, R> {
    /// Takes it. There must be arguments.
    #[inline]
    pub(crate) fn take(self) -> Submission<A, R> {
        Submission {
            args: self.args.take().expect("a call is offered with its arguments"),
            envelope: self.envelope.take(),
            stamp: self.stamp,
            index: self.index,
            reply: self.reply.take(),
        }
    }
}

/// What became of a call that tried the short path.
pub(crate) enum Short<R: 'static> {
    /// The handler has ended, or will answer from elsewhere.
    Done(R),
    Failed(Box<Failure>),
    /// The answer comes later.
    Waits(Answering<R>),
    /// The service is not idle, or must not be run here: nothing has happened, the arguments are where they were.
    NotNow,
}

type ShortFn<A, R> = fn(&dyn AnyCell, ShortCall<'_, '_, A>) -> Short<R>;

/// A call that tries the short path.
pub(crate) struct ShortCall<'a, 'b, A> {
    /// Taken if the handler runs.
    pub(crate) args: &'a mut Option<A>,
    /// None if there is nothing in it. Taken if the handler runs.
    pub(crate) envelope: &'a mut Option<Envelope>,
    /// The number of the service whose handler makes it, or 0.
    pub(crate) caller: u64,
    pub(crate) due: Due,
    /// Memory that the last such call has left.
    pub(crate) spare: &'a mut Spare,
    /// Of the caller.
    pub(crate) task: &'a mut Context<'b>,
    /// The place of the method in the service's table.
    pub(crate) index: usize,
    /// Also if its steps are long.
    pub(crate) always: bool,
}

type SubmitFn<A, R> = fn(&dyn AnyCell, Offer<'_, A, R>) -> Result<(), RefusedReason>;

/// Delivers calls of the method `M` to the kind of service that it was made for.
pub(crate) struct Port<M: Method> {
    pub(crate) submit: SubmitFn<M::Args, Given<M>>,
    pub(crate) short: ShortFn<M::Args, Given<M>>,
}

impl<M: Method> Port<M> {
    /// Queues the call, or leaves it where it is.
    pub(crate) fn submit(&self, cell: &dyn AnyCell, call: Offer<'_, M::Args, Given<M>>) -> Result<(), RefusedReason> {
        (self.submit)(cell, call)
    }

    /// Runs the call here and now, if the service is idle.
    #[inline]
    pub(crate) fn short(&self, cell: &dyn AnyCell, call: ShortCall<'_, '_, M::Args>) -> Short<Given<M>> {
        (self.short)(cell, call)
    }
}
