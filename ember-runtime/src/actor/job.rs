//! What waits in a mailbox: work for a service, with the knowledge of whom to tell how it went.

use std::marker::PhantomData;

use futures_util::future::BoxFuture;

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
            let Submission { args, envelope, reply } = self.call;
            if reply.as_ref().is_some_and(|reply| reply.is_unwanted()) {
                return;
            }
            let outcome = execute::<S, L, M>(service, core, envelope, args).await;
            if let Some(reply) = reply {
                reply.send(outcome.map_or_else(Answer::Failed, Answer::Done));
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
            let RawCall { payload, envelope, reply, credit, .. } = self.call;
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
            match execute::<S, L, M>(service, core, envelope, args).await {
                Ok(Ok(value)) => reply.send(ReplyBody::Value(&mut |out| wire.put_value(&value, out))),
                Ok(Err(error)) => reply.send(ReplyBody::App(&mut |out| wire.put_error(&error, out))),
                Err(failure) => reply.fail(failure),
            }
        })
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(Failure::NotExecuted(reason));
    }
}

/// Work that nobody waits for: a hook, a timer's tick, an event.
pub(crate) struct TaskJob<S: Service, D> {
    /// What runs.
    pub(crate) name: &'static str,
    /// Kept until it has run.
    pub(crate) data: D,
    /// Runs it.
    pub(crate) run: for<'a> fn(&'a D, &'a mut S, &'a mut Core) -> BoxFuture<'a, crate::error::Result<()>>,
}

impl<S: Service> TaskJob<S, HookFn<S>> {
    /// A hook as a job.
    pub(crate) fn hook(name: &'static str, hook: HookFn<S>) -> Self {
        Self { name, data: hook, run: |hook, service, core| hook(service, core) }
    }
}

impl<S: Service, D: Send + Sync + 'static> Job<S> for TaskJob<S, D> {
    fn run<'a>(self: Box<Self>, service: &'a mut S, core: &'a mut Core) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let cell = core.cell.name();
            if let Err(error) = (self.run)(&self.data, service, core).await {
                tracing::error!(target: "ember::service", service = %cell, task = self.name, %error, "failed");
            }
        })
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
