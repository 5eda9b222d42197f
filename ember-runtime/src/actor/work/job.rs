//! What waits in a mailbox: work for a service, with the knowledge of whom to tell how it went.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Body, Cell, Service,
    execute::report,
    outcome::{Outcome, To, conclude},
    pool::{Memory, Slot},
};
use crate::{error::RefusedReason, message::Method};

/// One piece of work for a service of the type `S`.
pub(crate) trait Job<S: Service>: Send {
    /// Begins it. The body comes back when it has ended.
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S>;

    /// Answers that the work will not be done.
    fn refuse(self: Box<Self>, reason: RefusedReason);
}

/// Where a job begins.
pub(crate) struct Driving<'a, 'b, S: Service> {
    pub(super) cell: &'a Cell<S>,
    /// Of whoever runs the service.
    pub(super) task: &'a mut Context<'b>,
}

/// How a job begins.
pub(crate) enum Start<S: Service> {
    /// It has ended.
    Over(Box<Body<S>>),
    Running(Running<S>),
    /// A handler of the method that has this place in the service's table waits for something. And whether modules were added
    /// or released so far.
    Waits(Running<S>, bool, usize),
}

/// Work under way.
pub(crate) type Running<S> = Pin<Box<dyn Run<S>>>;

/// Work that owns the body of its service until it has ended.
pub(crate) trait Run<S: Service>: Send {
    /// Goes on. Whoever waits for the outcome has been told when the body comes back.
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>>;

    /// It has ended: its memory may be used again.
    fn end(self: Pin<Box<Self>>) {}
}

impl<S, F, M> Run<S> for Slot<F, M>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, Outcome<M>)> + Send + 'static,
    M: Method,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let parts = self.project();
        let Some(future) = parts.future.as_pin_mut() else { return Poll::Pending };
        let (mut body, outcome) = ready!(future.poll(task));
        conclude(&mut body, outcome, mem::replace(parts.to, To::Nobody));
        Poll::Ready(body)
    }

    fn end(self: Pin<Box<Self>>) {
        Memory::Thread.keep(self);
    }
}

/// Does what may run code of the user's beside a handler, and catches its panic.
#[inline]
pub(super) fn guarded<S: Service>(body: &mut Body<S>, action: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
        report(body, panic.into());
    }
}

/// Work that is not worth keeping its memory.
struct Once<F>(Pin<Box<F>>);

impl<S: Service, F: Future<Output = Box<Body<S>>> + Send> Run<S> for Once<F> {
    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        self.0.as_mut().poll(task)
    }
}

/// Runs `work` on the body, with panics of the user's code around the handler caught.
pub(super) fn once<S: Service>(
    mut body: Box<Body<S>>,
    work: impl for<'a> FnOnce(&'a mut Body<S>) -> BoxFuture<'a, ()> + Send + 'static,
) -> Start<S> {
    let future = async move {
        if let Err(panic) = AssertUnwindSafe(work(&mut body)).catch_unwind().await {
            report(&mut body, panic.into());
        }
        body
    };
    Start::Running(Box::pin(Once(Box::pin(future))))
}
