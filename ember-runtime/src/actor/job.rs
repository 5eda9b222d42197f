//! What waits in a mailbox: work for a service, with the knowledge of whom to tell how it went.

use std::{future::pending, marker::PhantomData};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::{Core, HandledBy, HookFn, Path, Service, Submission, execute::execute};
use crate::{
    error::{Failure, RefusedReason},
    message::{Answer, RawCall, ReplyBody},
};

/// One piece of work for a service of the type `S`.
pub(crate) trait Job<S: Service>: Send {
    /// Does the work and answers.
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()>;

    /// Answers that the work will not be done.
    fn refuse(self: Box<Self>, reason: RefusedReason);
}

/// A call from this node.
pub(crate) struct CallJob<S, L, M: crate::message::Method> {
    call: Submission<M>,
    to: PhantomData<fn(S, L)>,
}

impl<S, L, M: crate::message::Method> CallJob<S, L, M> {
    pub(crate) fn new(call: Submission<M>) -> Self {
        Self { call, to: PhantomData }
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for CallJob<S, L, M> {
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.call.envelope.expired() {
                return self.refuse(RefusedReason::Expired);
            }
            let Submission { args, envelope, mut reply } = self.call;
            if reply.as_ref().is_some_and(|reply| reply.is_unwanted()) {
                return;
            }
            let deadline = envelope.deadline;
            let gone = async {
                match &mut reply {
                    Some(reply) => before(deadline, reply.unwanted()).await,
                    None => pending().await,
                }
            };
            let outcome = execute::<S, L, M>(service, core, envelope, args, gone).await;
            match (outcome, reply) {
                (Some(Ok(handled)), Some(reply)) => handled.settle(move |result| {
                    if let Some(result) = result {
                        reply.send(Answer::Done(result));
                    }
                }),
                (Some(Err(failure)), Some(reply)) => reply.send(Answer::Failed(failure)),
                (_, None) | (None, _) => {}
            }
        })
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        let Submission { args, reply, .. } = self.call;
        match reply {
            Some(reply) => reply.send(Answer::Refused(reason, args)),
            None => {
                tracing::warn!(target: "ember::call", method = M::INFO.name, %reason, "a one-way call was not executed")
            }
        }
    }
}

/// A call from another node. Its arguments are decoded here, on the service's own task.
pub(crate) struct RawJob<S, L, M> {
    call: RawCall,
    /// The full name of the method.
    name: String,
    to: PhantomData<fn(S, L, M)>,
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> RawJob<S, L, M> {
    pub(crate) fn boxed(call: RawCall, name: String) -> Box<dyn Job<S>> {
        Box::new(Self { call, name, to: PhantomData })
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for RawJob<S, L, M> {
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let RawCall { payload, envelope, mut reply, credit, .. } = self.call;
            if envelope.expired() {
                return reply.fail(RefusedReason::Expired);
            }
            if reply.is_unwanted() {
                return reply.fail(RefusedReason::CallerGone);
            }
            let Some(wire) = M::wire() else { return reply.fail(RefusedReason::Private) };
            let args = match (wire.get_args)(&payload) {
                Ok(args) => args,
                Err(error) => return reply.fail(RefusedReason::Undecodable(format!("{}: {error}", self.name))),
            };
            drop((payload, credit));
            reply.taken();
            let deadline = envelope.deadline;
            let outcome = execute::<S, L, M>(service, core, envelope, args, before(deadline, reply.unwanted())).await;
            match outcome {
                Some(Ok(handled)) => handled.settle(move |result| match result {
                    Some(Ok(value)) => reply.send(ReplyBody::Value(&mut |out| wire.put_value(&value, out))),
                    Some(Err(error)) => reply.send(ReplyBody::App(&mut |out| wire.put_error(&error, out))),
                    None => drop(reply),
                }),
                Some(Err(failure)) => reply.fail(failure),
                None => drop(reply),
            }
        })
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(Failure::NotExecuted(reason));
    }
}

/// Ends when `gone` does, or when the caller's deadline has passed.
async fn before(deadline: Option<Instant>, gone: impl Future<Output = ()>) {
    match deadline {
        Some(deadline) => drop(timeout_at(deadline, gone).await),
        None => gone.await,
    }
}

/// Work that nobody waits for: a hook, a timer's tick, an event.
pub(crate) struct TaskJob<S: Service, D> {
    /// What runs.
    pub(crate) name: &'static str,
    /// The life of the service that it is for: it does nothing in a later one. `None` if it is for any.
    pub(crate) life: Option<u64>,
    /// Kept until it has run.
    pub(crate) data: D,
    /// Runs it.
    pub(crate) run: for<'a> fn(&'a D, &'a mut S, &'a mut Core) -> BoxFuture<'a, crate::error::Result<()>>,
}

impl<S: Service> TaskJob<S, HookFn<S>> {
    /// A hook as a job.
    pub(crate) fn hook(name: &'static str, life: u64, hook: HookFn<S>) -> Self {
        Self { name, life: Some(life), data: hook, run: |hook, service, core| hook(service, core) }
    }
}

impl<S: Service, D: Send + Sync + 'static> Job<S> for TaskJob<S, D> {
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.life.is_some_and(|life| life != core.cell.life()) {
                return;
            }
            let cell = core.cell.name();
            if let Err(error) = (self.run)(&self.data, service, core).await {
                tracing::error!(target: "ember::service", service = %cell, task = self.name, %error, "failed");
            }
        })
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
