//! Calls, as the service that they are for sees them: how one begins, and how one is refused.

use std::{any::Any, marker::PhantomData, mem, panic::catch_unwind};

use tokio::time::{Instant, timeout_at};

use super::{
    execute::execute_unless,
    handed::{Owing, To, conclude},
    job::{Driving, Job, once},
    offer::Submission,
    pool::Memory,
    step::{Step, first_step},
};
use crate::{
    actor::service::{Body, HandledBy, Path, Raw, Service, Start, Stepping, route},
    error::{LostReason, RefusedReason},
    id::fnv1a_of,
    mailbox::Bytes,
    message::{CameFrom, Due, Method, RawCall, RawReply, Reply, Stamp},
    panics::discard,
};

/// Begins a call from this node.
pub(crate) fn start<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Submission<M>,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    if call.stamp.is_expired() {
        return refused(call, body, RefusedReason::Expired);
    }
    if call.reply.as_ref().is_some_and(Reply::is_unwanted) {
        return refused(call, body, RefusedReason::CallerGone);
    }
    if const { S::SPEC.elected }
        && let Err(reason) =
            body.core.start(const { &M::INFO }, None, call.envelope.as_ref().and_then(|envelope| envelope.reading))
    {
        return refused(call, body, reason);
    }
    if const { S::REPLICA.is_some() } {
        let (number, here) = (call.envelope.as_ref().and_then(|it| it.call), body.core.pid().node);
        if !body.core.begin_call(const { &M::INFO }, number, here) {
            return refused(call, body, RefusedReason::CallerGone);
        }
    }
    let Submission { args, envelope, stamp: Stamp { caller, deadline }, reply, index } = call;
    let envelope = envelope.map(|envelope| *envelope);
    body.begin::<L>(CameFrom::Here(caller), envelope, Due::at(deadline), (M::INFO.name, driver.table.work(index)));
    let to = reply.map_or(To::Nobody, To::Here);
    begin::<S, L, M>(body, args, index, &mut driver.stepping(index), to, deadline)
}

/// Answers that a call will not be executed, where code of the user's may run as it is dropped.
fn refused<S: Service, M: Method>(call: Submission<M>, mut body: Box<Body<S>>, reason: RefusedReason) -> Start<S> {
    body.ambient.method = M::INFO.name;
    body.guarded(|| refuse(call, reason));
    Start::Over(body)
}

/// Begins to run the method `M`, for somebody.
#[inline]
fn begin<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    body: Box<Body<S>>,
    args: M::Args,
    index: usize,
    stepping: &mut Stepping<'_, '_>,
    mut to: To<'_, M>,
    deadline: Option<Instant>,
) -> Start<S> {
    if const { M::INFO.cancel } && !matches!(to, To::Nobody) {
        let mut to = to.own();
        return once(body, move |body| {
            Box::pin(async move {
                let gone = before(deadline, to.unwanted());
                let outcome = execute_unless::<S, L, M>(body, args, gone).await;
                // A caller who is still there has not seen yet that his time is over.
                let outcome = outcome.unwrap_or_else(|| Err(Box::new(LostReason::Deadline.into())));
                let by = Owing::of::<M>(&outcome, S::SPEC.name, &body.core);
                to.tell(outcome, by);
            })
        });
    }
    let later = &mut || mem::replace(&mut to, To::Nobody).own();
    match first_step::<S, L, M>(stepping, (body, args), Memory::Thread, later) {
        Step::Over(mut body, outcome) => {
            conclude(&mut body, outcome, to);
            Start::Over(body)
        }
        Step::Waits(running, changed) => Start::Waits(running, changed, index),
    }
}

/// Answers that a call from this node will not be executed.
pub(crate) fn refuse<M: Method>(call: Submission<M>, reason: RefusedReason) {
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
pub(crate) fn waited(call: RawCall<'static>, bytes: &Bytes) -> Option<RawCall<'static>> {
    bytes.discharge(call.payload.len());
    if call.stamp.is_expired() {
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
pub(crate) fn arrive<S: Service>(
    call: RawCall<'_>,
    index: usize,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    let RawCall { payload, stamp: Stamp { caller, deadline }, envelope, mut reply, .. } = call;
    let Some(entry) = driver.table.methods.get(index) else {
        reply.fail(RefusedReason::UnknownMethod);
        return Start::Over(body);
    };
    let reading = envelope.as_ref().and_then(|envelope| envelope.reading);
    if const { S::SPEC.elected }
        && let Err(reason) = body.core.start(entry.info, envelope.as_ref().and_then(|envelope| envelope.epoch), reading)
    {
        reply.fail(reason);
        return Start::Over(body);
    }
    if reading.is_some() && reply.peer().is_some() {
        reply.show(body.core.shows());
    }
    // The payload waits no longer: its bytes make room for others.
    reply.taken();
    let peer = reply.peer();
    if const { S::REPLICA.is_some() } {
        let from = peer.unwrap_or(body.core.pid().node);
        let envelope = envelope.as_deref();
        if !body.core.begin_call(entry.info, envelope.and_then(|it| it.call), from) {
            reply.fail(RefusedReason::CallerGone);
            return Start::Over(body);
        }
        if let Some(envelope) = envelope.filter(|it| it.is_repeatable()) {
            let asked = fnv1a_of(&[&entry.id.0.to_le_bytes(), envelope.keys.bytes(), &payload]);
            match body.core.begin_once(entry.info, (envelope, from), asked, reply) {
                Some(back) => reply = back,
                None => return Start::Over(body),
            }
        }
    }
    let came_from = if peer.is_some() { CameFrom::Elsewhere(caller) } else { CameFrom::Here(caller) };
    body.ambient.peer = peer;
    body.ambient.begin(came_from, envelope.map(|envelope| *envelope), Due::at(deadline), entry.info.name);
    body.ambient.work = entry.work;
    let stepping = &mut Stepping { pace: Some(&entry.pace), has_keyed: driver.table.has_keyed(), task: driver.task };
    (entry.raw)(Raw { payload: &payload, reply, index, method: &entry.name, deadline }, body, stepping)
}

/// Begins a call of the method `M` from another node. Its arguments are decoded here, where the service runs.
pub(crate) fn start_raw<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Raw<'_>,
    mut body: Box<Body<S>>,
    stepping: &mut Stepping<'_, '_>,
) -> Start<S> {
    let Raw { payload, reply, index, method, deadline } = call;
    let Some(wire) = M::wire() else {
        reply.fail(RefusedReason::Private);
        return Start::Over(body);
    };
    match catch_unwind(|| (wire.get_args)(payload)) {
        Ok(Ok(args)) => {
            body.core.route = route::<S, L>;
            begin::<S, L, M>(body, args, index, stepping, To::Elsewhere(reply), deadline)
        }
        Ok(Err(error)) => undecodable(body, reply, method, Ok(error.to_string())),
        Err(panic) => undecodable(body, reply, method, Err(panic)),
    }
}

/// Answers that the arguments of a call cannot be read: for the reason `why`, or because reading them panicked.
fn undecodable<S: Service>(
    mut body: Box<Body<S>>,
    reply: RawReply<'_>,
    method: &str,
    why: Result<String, Box<dyn Any + Send>>,
) -> Start<S> {
    let why = why.unwrap_or_else(|panic| format!("it panicked: {}", body.report(panic.into())));
    reply.fail(RefusedReason::Undecodable(format!("{method}: {why}")));
    Start::Over(body)
}

/// A call from this node that waits in the system lane, or for a worker of a concurrent service.
pub(crate) struct CallJob<S, L, M: Method> {
    call: Submission<M>,
    to: PhantomData<fn(S, L)>,
}

impl<S, L, M: Method> CallJob<S, L, M> {
    pub(crate) fn new(call: Submission<M>) -> Self {
        Self { call, to: PhantomData }
    }
}

impl<S: Service, L: Path<S>, M: HandledBy<L::Unit>> Job<S> for CallJob<S, L, M> {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        start::<S, L, M>(self.call, body, driver)
    }

    fn key(&self) -> Option<u64> {
        self.call.envelope.as_ref()?.key
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        refuse(self.call, reason);
    }
}

/// A call from another node that waits in the system lane, or for a worker of a concurrent service.
pub(crate) struct RawJob {
    pub(crate) call: RawCall<'static>,
    pub(crate) index: usize,
}

impl<S: Service> Job<S> for RawJob {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        match waited(self.call, driver.bytes) {
            Some(call) => arrive(call, self.index, body, driver),
            None => Start::Over(body),
        }
    }

    fn key(&self) -> Option<u64> {
        self.call.envelope.as_ref()?.key
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(reason);
    }
}

/// Ends when `gone` does, or when the caller's deadline has passed.
async fn before(deadline: Option<Instant>, gone: impl Future<Output = ()>) {
    match deadline {
        Some(deadline) => drop(timeout_at(deadline, gone).await),
        None => gone.await,
    }
}
