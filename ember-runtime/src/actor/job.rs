//! What waits in a mailbox: work for a service, with the knowledge of whom to tell how it went.

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::{Instant, timeout_at};

use super::{
    Body, HandledBy, HookFn, Path, Service, Submission,
    execute::{execute, execute_unless, report},
    pool::{self, Slot},
};
use crate::{
    error::{Failure, RefusedReason, Result},
    message::{Answer, Due, Handled, Method, RawCall, RawReply, Reply, ReplyBody, Wire},
};

/// One piece of work for a service of the type `S`.
pub(crate) trait Job<S: Service>: Send {
    /// Begins it. The body comes back when it has ended.
    fn start(self: Box<Self>, body: Box<Body<S>>) -> Start<S>;

    /// Answers that the work will not be done.
    fn refuse(self: Box<Self>, reason: RefusedReason);
}

/// How a job begins.
pub(crate) enum Start<S: Service> {
    /// There was nothing to do.
    Over(Box<Body<S>>),
    Running(Running<S>),
    /// A handler of the method that has this place in the service's table.
    Handler(Running<S>, usize),
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
pub(super) trait Done<O>: Send + 'static {
    fn done(self, outcome: O);
}

impl<S, F, O, D> Run<S> for Slot<F, D>
where
    S: Service,
    F: Future<Output = (Box<Body<S>>, O)> + Send + 'static,
    D: Done<O>,
{
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>> {
        let parts = self.project();
        let Some(future) = parts.future.as_pin_mut() else { return Poll::Pending };
        let (mut body, outcome) = ready!(future.poll(task));
        if let Some(done) = parts.done.take()
            // What nobody wants any more is dropped here, which is code of the user's.
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| done.done(outcome)))
        {
            report(&mut body.core, &*panic);
        }
        Poll::Ready(body)
    }

    fn end(self: Pin<Box<Self>>) {
        pool::keep(self);
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
fn once<S: Service>(
    mut body: Box<Body<S>>,
    work: impl for<'a> FnOnce(&'a mut Body<S>) -> BoxFuture<'a, ()> + Send + 'static,
) -> Start<S> {
    let future = async move {
        if let Err(panic) = AssertUnwindSafe(work(&mut body)).catch_unwind().await {
            report(&mut body.core, &*panic);
        }
        body
    };
    Start::Running(Box::pin(Once(Box::pin(future))))
}

/// A call from this node.
pub(crate) struct CallJob<S, L, M: Method> {
    call: Submission<M>,
    to: PhantomData<fn(S, L)>,
}

/// What a handler made of a call.
pub(super) type Outcome<M> = Result<Handled<<M as Method>::Value, <M as Method>::Error>, Failure>;

/// Runs the method `M`.
pub(super) async fn running<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    mut body: Box<Body<S>>,
    args: M::Args,
) -> (Box<Body<S>>, Outcome<M>) {
    let outcome = execute::<S, L, M>(&mut body, args).await;
    (body, outcome)
}

impl<M: Method> Done<Outcome<M>> for Reply<M> {
    fn done(self, outcome: Outcome<M>) {
        match outcome {
            Ok(handled) => handled.settle(move |result| {
                if let Some(result) = result {
                    self.send(Answer::Done(result));
                }
            }),
            Err(failure) => self.send(Answer::Failed(failure)),
        }
    }
}

impl<S, L, M: Method> CallJob<S, L, M> {
    pub(crate) fn new(call: Submission<M>) -> Self {
        Self { call, to: PhantomData }
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for CallJob<S, L, M> {
    fn start(self: Box<Self>, mut body: Box<Body<S>>) -> Start<S> {
        if self.call.envelope.expired() {
            self.refuse(RefusedReason::Expired);
            return Start::Over(body);
        }
        let Submission { args, envelope, reply, index } = self.call;
        if reply.as_ref().is_some_and(Reply::is_unwanted) {
            return Start::Over(body);
        }
        let deadline = envelope.deadline;
        body.begin::<L>(Some(envelope), Due::at(deadline), M::INFO.name);
        match reply {
            Some(reply) if const { M::INFO.cancel } => {
                once(body, move |body| Box::pin(cancellable::<S, L, M>(body, args, deadline, reply)))
            }
            reply => Start::Handler(pool::place(running::<S, L, M>(body, args), reply), index),
        }
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

/// Runs a method that ends when its caller has gone.
async fn cancellable<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: &mut Body<S>,
    args: M::Args,
    deadline: Option<Instant>,
    mut reply: Reply<M>,
) {
    if let Some(outcome) = execute_unless::<S, L, M>(body, args, before(deadline, reply.unwanted())).await {
        reply.done(outcome);
    }
}

/// A call from another node. Its arguments are decoded here, where the service runs.
pub(crate) struct RawJob<S, L, M> {
    call: RawCall,
    /// The place of the method in the service's table.
    index: usize,
    to: PhantomData<fn(S, L, M)>,
}

/// Where the outcome of such a call goes.
struct RawDone<M: Method> {
    wire: Wire<M>,
    reply: RawReply,
}

impl<M: Method> Done<Outcome<M>> for RawDone<M> {
    fn done(self, outcome: Outcome<M>) {
        let Self { wire, reply } = self;
        match outcome {
            Ok(handled) => handled.settle(move |result| match result {
                Some(Ok(value)) => reply.send(ReplyBody::Value(&mut |out| wire.put_value(&value, out))),
                Some(Err(error)) => reply.send(ReplyBody::App(&mut |out| wire.put_error(&error, out))),
                None => drop(reply),
            }),
            Err(failure) => reply.fail(failure),
        }
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> RawJob<S, L, M> {
    pub(crate) fn boxed(call: RawCall, index: usize) -> Box<dyn Job<S>> {
        Box::new(Self { call, index, to: PhantomData })
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for RawJob<S, L, M> {
    fn start(self: Box<Self>, mut body: Box<Body<S>>) -> Start<S> {
        let RawCall { payload, envelope, mut reply, .. } = self.call;
        body.core.cell.discharge(payload.len());
        let refused = if envelope.expired() {
            Some(RefusedReason::Expired)
        } else if reply.is_unwanted() {
            Some(RefusedReason::CallerGone)
        } else {
            None
        };
        let Some(wire) = M::wire().filter(|_| refused.is_none()) else {
            reply.fail(refused.unwrap_or(RefusedReason::Private));
            return Start::Over(body);
        };
        let args = match catch_unwind(|| (wire.get_args)(&payload)) {
            Ok(Ok(args)) => args,
            Ok(Err(error)) => {
                let method = full_name::<S, L, M>();
                reply.fail(RefusedReason::Undecodable(format!("{method}: {error}")));
                return Start::Over(body);
            }
            Err(panic) => {
                let text = report(&mut body.core, &*panic);
                reply.fail(RefusedReason::Undecodable(format!("{}: it panicked: {text}", full_name::<S, L, M>())));
                return Start::Over(body);
            }
        };
        drop(payload);
        reply.taken();
        let deadline = envelope.deadline;
        body.begin::<L>(Some(envelope), Due::at(deadline), M::INFO.name);
        if const { M::INFO.cancel } {
            return once(body, move |body| {
                Box::pin(async move {
                    let gone = before(deadline, reply.unwanted());
                    if let Some(outcome) = execute_unless::<S, L, M>(body, args, gone).await {
                        RawDone { wire, reply }.done(outcome);
                    }
                })
            });
        }
        Start::Handler(pool::place(running::<S, L, M>(body, args), Some(RawDone { wire, reply })), self.index)
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(Failure::NotExecuted(reason));
    }
}

/// The name of the method with its modules: `bag.rpc_drop`.
pub(super) fn full_name<S: Service, L: Path<S>, M: Method>() -> String {
    let mut name = String::new();
    L::prefix(&mut name);
    if !M::INFO.contract.is_empty() {
        name.push_str(M::INFO.contract);
        name.push('.');
    }
    name.push_str(M::INFO.name);
    name
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
    pub(crate) run: for<'a> fn(&'a D, &'a mut Body<S>) -> BoxFuture<'a, Result<()>>,
}

impl<S: Service> TaskJob<S, HookFn<S>> {
    /// A hook as a job.
    pub(crate) fn hook(name: &'static str, life: u64, hook: HookFn<S>) -> Self {
        Self { name, life: Some(life), data: hook, run: |hook, body| hook(body) }
    }
}

impl<S: Service, D: Send + Sync + 'static> Job<S> for TaskJob<S, D> {
    fn start(self: Box<Self>, body: Box<Body<S>>) -> Start<S> {
        if self.life.is_some_and(|life| life != body.core.cell.life()) {
            return Start::Over(body);
        }
        once(body, move |body| {
            Box::pin(async move {
                if let Err(error) = (self.run)(&self.data, body).await {
                    let service = body.core.cell.name();
                    tracing::error!(target: "ember::service", service, task = self.name, %error, "failed");
                }
            })
        })
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
