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
    pool::{Memory as _, Pool, Slot},
};
use crate::error::RefusedReason;

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

/// What is to be done with the outcome of a handler.
pub(super) trait Done<O> {
    /// The same, if the outcome comes later.
    type Later: Done<O> + Send + 'static;

    fn later(self) -> Self::Later;

    fn done(self, outcome: O);

    /// Waits until nobody wants it any more.
    fn unwanted(&mut self) -> impl Future<Output = ()> + Send;
}

impl<S, F, O, D> Run<S> for Slot<F, D>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, O)> + Send + 'static,
    D: Done<O> + Send + 'static,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let parts = self.project();
        let Some(future) = parts.future.as_pin_mut() else { return Poll::Pending };
        let (mut body, outcome) = ready!(future.poll(task));
        conclude(&mut body, outcome, parts.done.take());
        Poll::Ready(body)
    }

    fn end(self: Pin<Box<Self>>) {
        Pool.keep(self);
    }
}

/// A handler has ended. An outcome that nobody wants any more is dropped.
#[inline]
pub(super) fn conclude<S: Service, O, D: Done<O>>(body: &mut Body<S>, outcome: O, done: Option<D>) {
    match done {
        Some(done) => guarded(body, || done.done(outcome)),
        None if mem::needs_drop::<O>() => guarded(body, || drop(outcome)),
        None => {}
    }
}

/// Does what may run code of the user's beside a handler, and catches its panic.
pub(super) fn guarded<S: Service>(body: &mut Body<S>, action: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
        report(body, &*panic);
    }
}

/// Answers jobs that will not be done. What nobody wants any more is dropped here: a panic in it keeps no other from its answer.
pub(super) fn refusing(refuse: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(refuse)).is_err() {
        tracing::error!(target: "ember::service", "an argument of a refused call panicked as it was dropped");
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
            report(&mut body, &*panic);
        }
        body
    };
    Start::Running(Box::pin(Once(Box::pin(future))))
}
