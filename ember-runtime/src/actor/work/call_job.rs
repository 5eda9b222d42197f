//! Calls, as the service that they are for sees them: how one begins, and how one is refused.

use std::{any::Any, mem, panic::catch_unwind};

use tokio::time::Instant;

use super::{
    handed::{Handed, SendFn, To, conclude, send},
    job::{Driving, Job, PendingCall, StartFn},
    offer::Submission,
    pool::Memory,
    step::{Handler, Step, first_step, handler},
};
use crate::{
    actor::service::{Body, HandledBy, Path, Raw, Service, Start, Stepping},
    error::RefusedReason,
    id::fnv1a_of,
    mailbox::Bytes,
    message::{CameFrom, CodecError, Due, Given, RawCall, RawReply, Reply, Stamp},
    panics::discard,
};

/// Begins a call from this node.
pub(crate) fn start<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Submission<M::Args, Given<M>>,
    body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
) -> Start<S> {
    start_by(call, body, driver, &handler::<S, L, M>())
}

#[cfg_attr(
    not(debug_assertions),
    allow(clippy::inline_always, reason = "what the handler is, is known there"),
    inline(always)
)]
fn start_by<S: Service, A: Send + 'static, T: Send + 'static, E: Send + 'static, F>(
    call: Submission<A, Result<T, E>>,
    mut body: Box<Body<S>>,
    driver: &mut Driving<'_, '_, S>,
    handler: &Handler<S, A, T, E, F>,
) -> Start<S>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    let info = handler.info;
    if call.stamp.is_expired() {
        return refused(info.name, call, body, RefusedReason::Expired);
    }
    if call.reply.as_ref().is_some_and(Reply::is_unwanted) {
        return refused(info.name, call, body, RefusedReason::CallerGone);
    }
    if const { S::SPEC.elected }
        && let Err(reason) = body.core.start(info, None, call.envelope.as_ref().and_then(|envelope| envelope.reading))
    {
        return refused(info.name, call, body, reason);
    }
    if const { S::REPLICA.is_some() } {
        let (number, here) = (call.envelope.as_ref().and_then(|it| it.call), body.core.pid().node);
        if !body.core.begin_call(info, number, here) {
            return refused(info.name, call, body, RefusedReason::CallerGone);
        }
    }
    let Submission { args, envelope, stamp: Stamp { caller, deadline }, reply, index } = call;
    let (what, due) = ((info.name, driver.table.work(index)), Due::at(deadline));
    // Most often there is none, and then the place of one is not copied.
    match envelope {
        None => body.begin_at(handler.route, CameFrom::Here(caller), None, due, what),
        Some(envelope) => body.begin_at(handler.route, CameFrom::Here(caller), Some(*envelope), due, what),
    }
    let to = reply.map_or(To::Nobody, To::Here);
    begin(body, (args, index, deadline), &mut driver.stepping(index), to, handler)
}

/// Answers that a call will not be executed, where code of the user's may run as it is dropped.
fn refused<S: Service, A: Send + 'static, R: 'static>(
    method: &'static str,
    call: Submission<A, R>,
    mut body: Box<Body<S>>,
    reason: RefusedReason,
) -> Start<S> {
    body.ambient.method = method;
    body.guarded(|| refuse(method, call, reason));
    Start::Over(body)
}

/// Begins to run a method, for somebody.
#[inline]
fn begin<S: Service, A: Send + 'static, T: Send + 'static, E: Send + 'static, F>(
    body: Box<Body<S>>,
    (args, index, deadline): (A, usize, Option<Instant>),
    stepping: &mut Stepping<'_, '_>,
    mut to: To<'_, T, E>,
    handler: &Handler<S, A, T, E, F>,
) -> Start<S>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    if let Some(unless_gone) = handler.unless_gone
        && !matches!(to, To::Nobody)
    {
        return unless_gone(body, args, to.own(), deadline);
    }
    let later = &mut || mem::replace(&mut to, To::Nobody).own();
    match first_step(stepping, handler, (body, args), Memory::Thread, later) {
        Step::Over(mut body, outcome) => {
            conclude(&mut body, handler.info, outcome, to);
            Start::Over(body)
        }
        Step::Waits(running, changed) => Start::Waits(running, changed, index),
    }
}

/// Answers that a call from this node will not be executed.
pub(crate) fn refuse<A: Send + 'static, R: 'static>(
    method: &'static str,
    call: Submission<A, R>,
    reason: RefusedReason,
) {
    match call.reply {
        Some(reply) => reply.refuse(method, reason, Box::new(call.args)),
        None => {
            warn(method, &reason);
            discard("an argument", method, call.args);
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
    body.ambient.work = if driver.on_the_spot { entry.work.on_the_spot() } else { entry.work };
    let stepping = &mut Stepping { pace: Some(&entry.pace), has_keyed: driver.table.has_keyed(), task: driver.task };
    (entry.raw)(Raw { payload: &payload, reply, index, method: &entry.name, deadline }, body, stepping)
}

/// Begins a call of the method `M` from another node. Its arguments are decoded here, where the service runs.
pub(crate) fn start_raw<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    call: Raw<'_>,
    body: Box<Body<S>>,
    stepping: &mut Stepping<'_, '_>,
) -> Start<S> {
    let Some(wire) = M::wire() else {
        call.reply.fail(RefusedReason::Private);
        return Start::Over(body);
    };
    raw_by(call, body, stepping, (wire.get_args, send::<M>), &handler::<S, L, M>())
}

/// How arguments are read, and how results are sent.
type Ways<A, T, E> = (fn(&[u8]) -> Result<A, CodecError>, SendFn<T, E>);

#[cfg_attr(not(debug_assertions), inline)]
fn raw_by<S: Service, A: Send + 'static, T: Send + 'static, E: Send + 'static, F>(
    call: Raw<'_>,
    mut body: Box<Body<S>>,
    stepping: &mut Stepping<'_, '_>,
    (get_args, send): Ways<A, T, E>,
    handler: &Handler<S, A, T, E, F>,
) -> Start<S>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    let Raw { payload, reply, index, method, deadline } = call;
    let read = {
        let _lent = payload.lend();
        catch_unwind(|| get_args(payload))
    };
    match read {
        Ok(Ok(args)) => {
            body.core.route = handler.route;
            begin(body, (args, index, deadline), stepping, To::Elsewhere(reply, send), handler)
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
pub(crate) struct CallJob<S: Service, A, R: 'static> {
    call: Submission<A, R>,
    start: StartFn<S, A, R>,
    method: &'static str,
}

impl<S: Service, A, R: 'static> CallJob<S, A, R> {
    pub(crate) fn new(call: Submission<A, R>, start: StartFn<S, A, R>, method: &'static str) -> Self {
        Self { call, start, method }
    }
}

impl<S: Service, A: Send + 'static, R: Send + 'static> Job<S> for CallJob<S, A, R> {
    fn start(self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        (self.start)(self.call, body, driver)
    }

    fn key(&self) -> Option<u64> {
        self.call.envelope.as_ref()?.key
    }

    fn call(&self) -> Option<PendingCall<'_>> {
        let Submission { envelope, stamp, reply, index, .. } = &self.call;
        let is_unwanted = reply.as_ref().is_some_and(Reply::is_unwanted);
        Some(PendingCall { index: *index, envelope: envelope.as_deref(), stamp, is_unwanted, bytes: 0 })
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        refuse(self.method, self.call, reason);
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

    fn call(&self) -> Option<PendingCall<'_>> {
        let RawCall { envelope, stamp, reply, payload, .. } = &self.call;
        let (is_unwanted, bytes) = (reply.is_unwanted(), payload.len());
        Some(PendingCall { index: self.index, envelope: envelope.as_deref(), stamp, is_unwanted, bytes })
    }

    fn refuse(self: Box<Self>, reason: RefusedReason) {
        self.call.reply.fail(reason);
    }
}
