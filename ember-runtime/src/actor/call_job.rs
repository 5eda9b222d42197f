//! Calls, as the service that they are for sees them: how one begins, and how one is refused.

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::{
    Body, Cell, HandledBy, Path, Service, Submission,
    execute::{execute, execute_unless, panicked, report},
    job::{Done, Driving, Job, Start, conclude, guarded, once},
    pool::Pool,
    step::{Step, first_step},
};
use crate::{
    error::{Failure, RefusedReason, Result},
    message::{Answer, Due, Handled, Method, RawCall, RawReply, Reply, ReplyBody, Wire},
};

/// What a handler made of a call. What hardly ever happens is boxed: it would make what is moved around larger.
pub(super) type Outcome<M> = Result<Handled<<M as Method>::Value, <M as Method>::Error>, Box<Failure>>;

/// Runs the method `M`. A panic ends the call, not the service.
pub(super) async fn running<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    mut body: Box<Body<S>>,
    args: M::Args,
) -> (Box<Body<S>>, Outcome<M>) {
    let outcome = AssertUnwindSafe(execute::<S, L, M>(&mut body, args)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(panicked(&mut body, &*panic)));
    (body, outcome)
}

/// Begins a call from this node.
pub(super) fn start<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Submission<M>,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    if call.is_expired() {
        guarded(&mut body, || refuse(call, RefusedReason::Expired));
        return Start::Over(body);
    }
    if call.reply.as_ref().is_some_and(Reply::is_unwanted) {
        guarded(&mut body, || drop(call));
        return Start::Over(body);
    }
    let Submission { args, envelope, deadline, reply, index } = call;
    body.begin::<L>(envelope.map(|envelope| *envelope), Due::at(deadline), M::INFO.name);
    begin::<S, L, M, _>(body, args, index, driver, reply, deadline)
}

/// Begins to run the method `M`; `done` is told of the outcome, if there is anybody.
fn begin<S: Service, L: Path<S>, M: HandledBy<L::Unit>, D: Done<Outcome<M>>>(
    body: Box<Body<S>>,
    args: M::Args,
    index: usize,
    driver: &mut Driving<'_, '_, S>,
    mut done: Option<D>,
    deadline: Option<Instant>,
) -> Start<S> {
    if const { M::INFO.cancel }
        && let Some(done) = done.take()
    {
        let mut done = done.later();
        return once(body, move |body| {
            Box::pin(async move {
                let gone = before(deadline, done.unwanted());
                if let Some(outcome) = execute_unless::<S, L, M>(body, args, gone).await {
                    done.done(outcome);
                }
            })
        });
    }
    let Driving { cell, task } = driver;
    match first_step::<S, L, M, D::Later>((cell, index), (body, args), &mut Pool, task, || done.take().map(D::later)) {
        Step::Over(mut body, outcome) => {
            conclude(&mut body, outcome, done);
            Start::Over(body)
        }
        Step::Waits(running, changed) => Start::Waits(running, changed, index),
    }
}

/// Answers that a call from this node will not be executed.
pub(super) fn refuse<M: Method>(call: Submission<M>, reason: RefusedReason) {
    match call.reply {
        Some(reply) => reply.send(Answer::Refused(reason, call.args)),
        None => {
            tracing::warn!(target: "ember::call", method = M::INFO.name, %reason, "a one-way call was not executed")
        }
    }
}

impl<M: Method> Done<Outcome<M>> for Reply<M> {
    type Later = Self;

    fn later(self) -> Self {
        self
    }

    fn done(self, outcome: Outcome<M>) {
        match outcome {
            Ok(handled) => handled.settle(move |result| {
                if let Some(result) = result {
                    self.send(Answer::Done(result));
                }
            }),
            Err(failure) => self.send(Answer::Failed(*failure)),
        }
    }

    async fn unwanted(&mut self) {
        Reply::unwanted(self).await;
    }
}

/// A call from another node that has waited in the mailbox, unless there is no point in it any more.
pub(super) fn waited<S: Service>(call: RawCall<'static>, cell: &Cell<S>) -> Option<RawCall<'static>> {
    cell.mailbox.discharge(call.payload.len());
    if call.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        call.reply.fail(RefusedReason::Expired);
        return None;
    }
    if call.reply.is_unwanted() {
        call.reply.fail(RefusedReason::CallerGone);
        return None;
    }
    Some(call)
}

/// Begins a call from another node. Its arguments are decoded here, where the service runs; `index` is the place of the
/// method in the service's table.
pub(super) fn start_raw<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: RawCall<'_>,
    index: usize,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    let RawCall { payload, deadline, envelope, mut reply, .. } = call;
    let Some(wire) = M::wire() else {
        reply.fail(RefusedReason::Private);
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
            let text = report(&mut body, &*panic);
            reply.fail(RefusedReason::Undecodable(format!("{}: it panicked: {text}", full_name::<S, L, M>())));
            return Start::Over(body);
        }
    };
    drop(payload);
    reply.taken();
    body.begin::<L>(envelope.map(|envelope| *envelope), Due::at(deadline), M::INFO.name);
    begin::<S, L, M, _>(body, args, index, driver, Some(RawDone { wire, reply }), deadline)
}

/// Where the outcome of a call from another node goes.
struct RawDone<'a, M: Method> {
    wire: Wire<M>,
    reply: RawReply<'a>,
}

impl<M: Method> Done<Outcome<M>> for RawDone<'_, M> {
    type Later = RawDone<'static, M>;

    fn later(self) -> Self::Later {
        RawDone { wire: self.wire, reply: self.reply.own() }
    }

    fn done(self, outcome: Outcome<M>) {
        let Self { wire, reply } = self;
        match outcome {
            Ok(handled) => match handled.now() {
                Ok(result) => settle(&wire, reply, result),
                Err(later) => {
                    let reply = reply.own();
                    later.settle(move |result| match result {
                        Some(result) => settle(&wire, reply, result),
                        None => drop(reply),
                    });
                }
            },
            Err(failure) => reply.fail(*failure),
        }
    }

    async fn unwanted(&mut self) {
        self.reply.unwanted().await;
    }
}

/// Sends the result of a call to the other node.
fn settle<M: Method>(wire: &Wire<M>, reply: RawReply<'_>, result: Result<M::Value, M::Error>) {
    match result {
        Ok(value) => reply.send(ReplyBody::Value(&mut |out| wire.put_value(&value, out))),
        Err(error) => reply.send(ReplyBody::App(&mut |out| wire.put_error(&error, out))),
    }
}

/// Begins a call from another node: see [`start_raw`].
pub(super) type StartRaw<S> = fn(RawCall<'_>, usize, Box<Body<S>>, &mut Driving<'_, '_, S>) -> Start<S>;

/// A call from this node that waits in the system lane.
pub(super) struct CallJob<S, L, M: Method> {
    call: Submission<M>,
    to: PhantomData<fn(S, L)>,
}

impl<S, L, M: Method> CallJob<S, L, M> {
    pub(super) fn new(call: Submission<M>) -> Self {
        Self { call, to: PhantomData }
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for CallJob<S, L, M> {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        start::<S, L, M>(self.call, body, driver)
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        refuse(self.call, reason);
    }
}

/// A call from another node that waits in the system lane.
pub(super) struct RawJob<S: Service> {
    pub(super) call: RawCall<'static>,
    pub(super) index: usize,
    pub(super) start: StartRaw<S>,
}

impl<S: Service> Job<S> for RawJob<S> {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        match waited(self.call, driver.cell) {
            Some(call) => (self.start)(call, self.index, body, driver),
            None => Start::Over(body),
        }
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(reason);
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
