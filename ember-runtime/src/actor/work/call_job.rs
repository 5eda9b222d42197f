//! Calls, as the service that they are for sees them: how one begins, and how one is refused.

use std::{
    any::Any,
    marker::PhantomData,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::{
    Body, Cell, HandledBy, Path, Service, Submission,
    callback::route,
    execute::{execute, execute_unless, panicked, report},
    job::{Driving, Job, Start, guarded, once},
    outcome::{Outcome, To, conclude},
    pool::Memory,
    step::{Step, first_step},
};
use crate::{
    error::RefusedReason,
    message::{Due, Method, RawCall, RawReply, Reply},
    panics::discard,
};

/// Runs the method `M`. A panic ends the call, not the service.
pub(super) async fn running<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    mut body: Box<Body<S>>,
    args: M::Args,
) -> (Box<Body<S>>, Outcome<M>) {
    let outcome = AssertUnwindSafe(execute::<S, L, M>(&mut body, args)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(panicked(&mut body, panic)));
    (body, outcome)
}

/// Begins a call from this node.
pub(super) fn start<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Submission<M>,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    if call.is_expired() {
        return refused(call, body, RefusedReason::Expired);
    }
    if call.reply.as_ref().is_some_and(Reply::is_unwanted) {
        return refused(call, body, RefusedReason::CallerGone);
    }
    let Submission { args, envelope, deadline, reply, index } = call;
    body.begin::<L>(envelope.map(|envelope| *envelope), Due::at(deadline), M::INFO.name);
    let to = reply.map_or(To::Nobody, To::Here);
    begin::<S, L, M>(body, args, index, driver, to, deadline)
}

/// Answers that a call will not be executed, where code of the user's may run as it is dropped.
fn refused<S: Service, M: Method>(call: Submission<M>, mut body: Box<Body<S>>, reason: RefusedReason) -> Start<S> {
    guarded(&mut body, || refuse(call, reason));
    Start::Over(body)
}

/// Begins to run the method `M`, for somebody.
#[inline]
fn begin<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: Box<Body<S>>,
    args: M::Args,
    index: usize,
    driver: &mut Driving<'_, '_, S>,
    mut to: To<'_, M>,
    deadline: Option<Instant>,
) -> Start<S> {
    if const { M::INFO.cancel } && !matches!(to, To::Nobody) {
        let mut to = to.own();
        return once(body, move |body| {
            Box::pin(async move {
                let gone = before(deadline, to.unwanted());
                if let Some(outcome) = execute_unless::<S, L, M>(body, args, gone).await {
                    to.tell(outcome);
                }
            })
        });
    }
    let Driving { cell, task } = driver;
    let later = &mut || mem::replace(&mut to, To::Nobody).own();
    match first_step::<S, L, M>((cell, index), (body, args), Memory::Thread, task, later) {
        Step::Over(mut body, outcome) => {
            conclude(&mut body, outcome, to);
            Start::Over(body)
        }
        Step::Waits(running, changed) => Start::Waits(running, changed, index),
    }
}

/// Answers that a call from this node will not be executed.
pub(super) fn refuse<M: Method>(call: Submission<M>, reason: RefusedReason) {
    match call.reply {
        Some(reply) => reply.refuse(reason, call.args),
        None => {
            warn(M::INFO.name, &reason);
            discard("an argument", M::INFO.name, call.args);
        }
    }
}

fn warn(method: &str, reason: &RefusedReason) {
    tracing::warn!(target: "ember::call", method, %reason, "a one-way call was not executed");
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

/// Begins a call from another node; `index` is the place of the method in the service's table.
pub(super) fn arrive<S: Service>(
    call: RawCall<'_>,
    index: usize,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    let RawCall { payload, deadline, envelope, mut reply, .. } = call;
    let Some(entry) = driver.cell.table.methods.get(index) else {
        reply.fail(RefusedReason::UnknownMethod);
        return Start::Over(body);
    };
    // The payload waits no longer: its bytes make room for others.
    reply.taken();
    body.ambient.begin(envelope.map(|envelope| *envelope), Due::at(deadline), entry.info.name);
    (entry.raw)(Raw { payload: &payload, reply, index, deadline }, body, driver)
}

/// A call from another node whose context is there already.
pub(super) struct Raw<'a> {
    payload: &'a [u8],
    reply: RawReply<'a>,
    index: usize,
    deadline: Option<Instant>,
}

/// Begins a call from another node: see [`start_raw`].
pub(super) type StartRaw<S> = fn(Raw<'_>, Box<Body<S>>, &mut Driving<'_, '_, S>) -> Start<S>;

/// Begins a call of the method `M` from another node. Its arguments are decoded here, where the service runs.
pub(super) fn start_raw<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Raw<'_>,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    let Raw { payload, reply, index, deadline } = call;
    let Some(wire) = M::wire() else {
        reply.fail(RefusedReason::Private);
        return Start::Over(body);
    };
    match catch_unwind(|| (wire.get_args)(payload)) {
        Ok(Ok(args)) => {
            body.core.route = route::<S, L>;
            begin::<S, L, M>(body, args, index, driver, To::Elsewhere(reply), deadline)
        }
        Ok(Err(error)) => undecodable(body, reply, driver, index, Ok(error.to_string())),
        Err(panic) => undecodable(body, reply, driver, index, Err(panic)),
    }
}

/// Answers that the arguments of a call cannot be read: for the reason `why`, or because reading them panicked.
fn undecodable<S: Service>(
    mut body: Box<Body<S>>,
    reply: RawReply<'_>,
    driver: &Driving<'_, '_, S>,
    index: usize,
    why: Result<String, Box<dyn Any + Send>>,
) -> Start<S> {
    let why = why.unwrap_or_else(|panic| format!("it panicked: {}", report(&mut body, panic.into())));
    let method = driver.cell.table.methods.get(index).map_or("", |entry| &entry.name);
    reply.fail(RefusedReason::Undecodable(format!("{method}: {why}")));
    Start::Over(body)
}

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
pub(super) struct RawJob {
    pub(super) call: RawCall<'static>,
    pub(super) index: usize,
}

impl<S: Service> Job<S> for RawJob {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        match waited(self.call, driver.cell) {
            Some(call) => arrive(call, self.index, body, driver),
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
