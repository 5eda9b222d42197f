//! What waits in a mailbox: work for a service, with the knowledge of whom to tell how it went.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;

use super::offer::Submission;
use crate::{
    actor::service::{Body, Run, Service, Start, Stepping, Table},
    error::RefusedReason,
    mailbox::Bytes,
    message::{Envelope, Stamp},
    panics::outlived,
};

/// One piece of work for a service of the type `S`.
pub(crate) trait Job<S: Service>: Send {
    /// Begins it. The body comes back when it has ended.
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S>;

    /// Its key: of the pieces of one key, one at a time is begun in a concurrent service, in their order.
    fn key(&self) -> Option<u64> {
        None
    }

    /// What is known of it while it waits, if it is a call.
    fn call(&self) -> Option<PendingCall<'_>> {
        None
    }

    /// Answers that the work will not be done.
    fn refuse(self: Box<Self>, reason: RefusedReason);
}

/// Begins a call of one method.
pub(crate) type StartFn<S, A, R> = fn(Submission<A, R>, Box<Body<S>>, &mut Driving<'_, '_, S>) -> Start<S>;

/// A call that waits.
pub(crate) struct PendingCall<'a> {
    /// The place of its method in the service's table.
    pub(crate) index: usize,
    pub(crate) envelope: Option<&'a Envelope>,
    pub(crate) stamp: &'a Stamp,
    /// Whoever has made it waits no longer.
    pub(crate) is_unwanted: bool,
    /// Those that it takes of what may wait from other nodes.
    pub(crate) bytes: usize,
}

/// Where a job begins.
pub(crate) struct Driving<'a, 'b, S: Service> {
    pub(crate) table: &'a Table<S>,
    /// Those of calls from other nodes that wait.
    pub(crate) bytes: &'a Bytes,
    /// Of whoever runs the service.
    pub(crate) task: &'a mut Context<'b>,
    /// That is whoever has brought the call.
    pub(crate) on_the_spot: bool,
}

impl<'b, S: Service> Driving<'_, 'b, S> {
    /// The same, by whoever has brought the call.
    pub(crate) fn on_the_spot(self) -> Self {
        Self { on_the_spot: true, ..self }
    }

    /// The first step of the method that has this place in the service's table.
    #[inline]
    pub(crate) fn stepping(&mut self, index: usize) -> Stepping<'_, 'b> {
        let pace = self.table.methods.get(index).map(|entry| &entry.pace);
        Stepping { pace, has_keyed: self.table.has_keyed(), task: self.task }
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
pub(crate) fn once<S: Service>(
    mut body: Box<Body<S>>,
    work: impl for<'a> FnOnce(&'a mut Body<S>) -> BoxFuture<'a, ()> + Send + 'static,
) -> Start<S> {
    let future = async move {
        let done = outlived(work(&mut body).as_mut()).await;
        if let Err(panic) = done {
            body.report(panic.into());
        }
        body
    };
    Start::Running(Box::pin(Once(Box::pin(future))))
}
