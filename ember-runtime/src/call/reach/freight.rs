//! A call under way, as those see it to whom its types are not known: the slow path is the same for every method, and is compiled once. What
//! depends on the types is here: the arguments until they are handed over, who is to answer, and the result.

use std::{
    any::Any,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::local;
use crate::{
    actor::{AnyCell, Offer},
    call::{
        requests::{Attempt, Keep, Request},
        routes::Router,
    },
    error::{LostReason, RefusedReason},
    id::MethodId,
    message::{Answer, Answering, CodecError, Envelope, Method, MethodKind, Stamp, Station, Wire, reply_slot},
    panics::{caught, discard},
};

/// The bytes of what a method returned: its value, or its error.
pub(crate) type Came<B> = Result<B, B>;

/// The typed half of a call.
pub(crate) trait Freight: Any + Send {
    fn kind(&self) -> &'static MethodKind;

    /// Whether the arguments are there: the call certainly did not run then.
    fn has_args(&self) -> bool;

    /// Whether there is a copy of them, for the case that they are lost.
    fn has_copy(&self) -> bool;

    /// Copies the arguments, if they are there, and the caller has said how. The copy before is dropped.
    fn copy(&mut self);

    fn drop_copy(&mut self);

    /// The copy takes their place.
    fn use_copy(&mut self);

    fn put_args(&self, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// The place of the method in the table of a service of this node.
    ///
    /// # Errors
    /// It does not know it, or differently.
    fn place(&self, cell: &dyn AnyCell, id: MethodId) -> Result<usize, RefusedReason>;

    /// Puts the call into the mailbox of a service of this node. There must be arguments; if it is refused, they are where they were.
    fn submit(
        &mut self,
        cell: &dyn AnyCell,
        id: MethodId,
        beside: (Stamp, Envelope),
        one_way: bool,
    ) -> Result<(), RefusedReason>;

    /// What became of a call that was submitted.
    fn poll_answer(&mut self, task: &mut Context<'_>) -> Poll<Attempt>;

    /// Nobody waits for its answer any more.
    fn let_go(&mut self);

    /// What came back counts no more.
    fn drop_result(&mut self);

    /// Reads the result. If it is a stream, its items come through `router`.
    fn read(&mut self, came: Came<&[u8]>, router: Option<&Arc<Router>>) -> Result<(), CodecError>;
}

/// What is asked of a method itself. All else is the same for methods that take and return the same types.
struct Of<A, T: 'static, E: 'static> {
    kind: &'static MethodKind,
    wire: fn() -> Option<Wire<A, T, E>>,
    place: fn(&dyn AnyCell, MethodId) -> Result<usize, RefusedReason>,
    submit: SubmitFn<A, Result<T, E>>,
}

/// Hands a call over within this node.
type SubmitFn<A, R> = fn(&dyn AnyCell, MethodId, Offer<'_, A, R>) -> Result<(), RefusedReason>;

/// The typed half of a call that takes `A` and returns a `T` or an `E`.
pub(crate) struct Laden<A: Send + 'static, T: Send + 'static, E: Send + 'static> {
    of: &'static Of<A, T, E>,
    args: Option<A>,
    copy: Option<A>,
    keep: Option<Keep<A>>,
    answering: Option<Answering<Result<T, E>>>,
    result: Option<Result<T, E>>,
}

/// That of a call of the method `M`.
pub(crate) type LadenOf<M> = Laden<<M as Method>::Args, <M as Method>::Value, <M as Method>::Error>;

/// That of a request, whose arguments are moved out.
pub(crate) fn laden<M: Method>(request: &mut Request<M>) -> LadenOf<M> {
    let of = const {
        &Of {
            kind: MethodKind::of::<M>(),
            wire: M::wire,
            place: |cell, id| local::port::<M>(cell, id).map(|(_, index)| index),
            submit: local::submit::<M>,
        }
    };
    let keep = request.retry.as_ref().and_then(|retry| retry.keep);
    Laden { of, args: request.args.take(), copy: None, keep, answering: None, result: None }
}

impl<A: Send + 'static, T: Send + 'static, E: Send + 'static> Laden<A, T, E> {
    /// The arguments, if they are there.
    pub(crate) fn take_args(&mut self) -> Option<A> {
        self.args.take()
    }

    /// The result, if it is there.
    pub(crate) fn unload(freight: Box<dyn Freight>) -> Option<Result<T, E>> {
        let freight: Box<dyn Any> = freight;
        freight.downcast::<Self>().ok()?.result.take()
    }

    fn name(&self) -> &'static str {
        self.of.kind.info.name
    }
}

/// Code of the user's may panic as they are dropped: as in [`Args`](crate::call::requests::Args).
impl<A: Send + 'static, T: Send + 'static, E: Send + 'static> Drop for Laden<A, T, E> {
    fn drop(&mut self) {
        if let Some(args) = self.args.take() {
            discard("an argument", self.name(), args);
        }
        self.drop_copy();
    }
}

impl<A: Send + 'static, T: Send + 'static, E: Send + 'static> Freight for Laden<A, T, E> {
    fn kind(&self) -> &'static MethodKind {
        self.of.kind
    }

    fn has_args(&self) -> bool {
        self.args.is_some()
    }

    fn has_copy(&self) -> bool {
        self.copy.is_some()
    }

    fn copy(&mut self) {
        self.drop_copy();
        if let (Some(keep), Some(args)) = (self.keep, &self.args) {
            self.copy = Some(keep(args));
        }
    }

    fn drop_copy(&mut self) {
        if let Some(copy) = self.copy.take() {
            discard("an argument", self.name(), copy);
        }
    }

    fn use_copy(&mut self) {
        mem::swap(&mut self.args, &mut self.copy);
    }

    fn put_args(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        put_args_by((self.of.wire)(), &self.args, out)
    }

    fn place(&self, cell: &dyn AnyCell, id: MethodId) -> Result<usize, RefusedReason> {
        (self.of.place)(cell, id)
    }

    fn submit(
        &mut self,
        cell: &dyn AnyCell,
        id: MethodId,
        (stamp, envelope): (Stamp, Envelope),
        one_way: bool,
    ) -> Result<(), RefusedReason> {
        let (mut reply, answering) = if one_way {
            (None, None)
        } else {
            let (reply, answering) = reply_slot(self.name(), None);
            (Some(reply), Some(answering))
        };
        let envelope = &mut Some(Box::new(envelope));
        let offer = Offer { args: &mut self.args, envelope, stamp, index: 0, reply: &mut reply };
        (self.of.submit)(cell, id, offer)?;
        self.answering = answering;
        Ok(())
    }

    fn poll_answer(&mut self, task: &mut Context<'_>) -> Poll<Attempt> {
        // Of a call that was not submitted nobody would ever say anything.
        let Some(answering) = &mut self.answering else {
            return Poll::Ready(Attempt::Failed(LostReason::NoReply.into()));
        };
        let answer = ready!(Pin::new(answering).poll(task));
        self.answering = None;
        Poll::Ready(match answer {
            Answer::Done(result) => {
                self.result = Some(result);
                Attempt::Done
            }
            Answer::Failed(failure) => Attempt::Failed(failure),
            Answer::Refused(reason, unused) => {
                self.args = unused.downcast().ok().map(|args| *args);
                Attempt::Refused(reason)
            }
        })
    }

    fn let_go(&mut self) {
        self.answering = None;
    }

    fn drop_result(&mut self) {
        discard("a result", self.name(), self.result.take());
    }

    fn read(&mut self, came: Came<&[u8]>, router: Option<&Arc<Router>>) -> Result<(), CodecError> {
        self.result = Some(read_by(self.name(), (self.of.wire)(), came, router)?);
        Ok(())
    }
}

/// The answer of a call that was submitted. Dropped, nobody waits for it any more.
pub(crate) struct Answered<'a>(pub(crate) &'a mut dyn Freight);

impl Future for Answered<'_> {
    type Output = Attempt;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Attempt> {
        self.0.poll_answer(task)
    }
}

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

/// Writes the arguments, which are there as long as the call has not run.
pub(crate) fn put_args_of<M: Method>(args: &Option<M::Args>, out: &mut Vec<u8>) -> Result<(), CodecError> {
    put_args_by(M::wire(), args, out)
}

#[cfg_attr(not(debug_assertions), inline)]
fn put_args_by<A, T, E>(wire: Option<Wire<A, T, E>>, args: &Option<A>, out: &mut Vec<u8>) -> Result<(), CodecError> {
    match (wire, args) {
        (Some(wire), Some(args)) => (wire.put_args)(args, out),
        (None, _) => Err(CodecError::new("the method is private")),
        (_, None) => Err(CodecError::new("the arguments are gone")),
    }
}

/// Reads what came back. Code of the user's does it, and may panic: that ends the call, not its caller.
#[cfg(feature = "cluster")]
pub(crate) fn read<M: Method>(
    came: Came<&[u8]>,
    router: Option<&Arc<Router>>,
) -> Result<crate::message::Given<M>, CodecError> {
    read_by(M::INFO.name, M::wire(), came, router)
}

#[cfg_attr(not(debug_assertions), inline)]
fn read_by<A, T, E>(
    method: &'static str,
    wire: Option<Wire<A, T, E>>,
    came: Came<&[u8]>,
    router: Option<&Arc<Router>>,
) -> Result<Result<T, E>, CodecError> {
    let Some(wire) = wire else { return Err(CodecError::new("the method is private")) };
    let mut read = None;
    let done = caught(&mut || {
        read = Some(match came {
            Ok(value) => wire.get_value(value).map(Ok),
            Err(error) => wire.get_error(error).map(Err),
        });
    });
    let mut result = match read {
        Some(read) => read?,
        None => return Err(unreadable(method, done)),
    };
    if let (Ok(value), Some(router)) = (&mut result, router) {
        wire.adopt(value, || Station(Arc::clone(router) as _));
    }
    Ok(result)
}

#[cold]
fn unreadable(method: &str, done: Result<(), crate::panics::Panic>) -> CodecError {
    let panic = done.err().map(|panic| panic.to_string()).unwrap_or_default();
    CodecError::new(format_args!("reading the reply of `{method}` panicked: {panic}"))
}
