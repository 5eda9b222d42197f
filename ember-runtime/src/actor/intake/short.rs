//! The short path: a caller that finds a service idle runs the handler itself, for one step. If that is all, there is the
//! result, and no task was switched. If the handler waits for something, it is left to the service's driver.

use std::cell::Cell as Flag;

use super::front::cell_for;
use crate::{
    actor::{
        cell::{Begun, Visit},
        erased::AnyCell,
        service::{Body, Entry, HandledBy, Path, Service, Stepping},
        work::{Handed, Handler, Memory, Short, ShortCall, Step, To, conclude, first_step, handler},
    },
    error::LostReason,
    message::{CameFrom, Envelope, Given, Handled, MethodInfo, reply_slot},
};

/// Calls within calls go this deep on one stack.
const DEEPEST: u32 = 16;

thread_local! {
    static DEPTH: Flag<u32> = const { Flag::new(0) };
}

/// One more call on the stack.
struct Deeper;

impl Deeper {
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < DEEPEST).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Runs a call of the method `M` here and now, if the service is idle.
pub(super) fn short<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: ShortCall<'_, '_, M::Args>,
) -> Short<Given<M>> {
    short_by(cell, call, &handler::<S, L, M>())
}

#[cfg_attr(
    not(debug_assertions),
    allow(clippy::inline_always, reason = "what the handler is, is known there"),
    inline(always)
)]
fn short_by<S: Service, A, T: Send + 'static, E: Send + 'static, F>(
    cell: &dyn AnyCell,
    call: ShortCall<'_, '_, A>,
    handler: &Handler<S, A, T, E, F>,
) -> Short<Result<T, E>>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    let Some(_deeper) = Deeper::enter() else { return Short::NotNow };
    if const { S::SPEC.is_concurrent() } {
        return as_worker(cell, call, handler);
    }
    let Some((visit, entry)) = begin::<S>(cell, (call.envelope.as_ref(), call.index), call.always) else {
        return Short::NotNow;
    };
    let Visit { cell, held, mut body, worker } = visit;
    // Who is to be asked instead, is found out elsewhere.
    let acts = if const { S::SPEC.elected } {
        let reading = call.envelope.as_ref().and_then(|envelope| envelope.reading);
        body.core.start(handler.info, None, reading).is_ok()
    } else {
        true
    };
    let Some(args) = (if acts { call.args.take() } else { None }) else {
        (Visit { cell, held, body, worker }).end();
        return Short::NotNow;
    };
    // Most often there is none, and moving none costs as much as moving one if nobody looks.
    let envelope = if call.envelope.is_some() { call.envelope.take() } else { None };
    let what = (handler.info.name, entry.work.on_the_spot());
    body.begin_at(handler.route, CameFrom::Here(call.caller), envelope, call.due, what);
    let has_keyed = cell.blueprint.table.has_keyed();
    let mut stepping = Stepping { pace: Some(&entry.pace), has_keyed, task: call.task };
    let mut waits = None;
    let later = &mut || {
        let (reply, answering) = reply_slot(handler.info.name, None);
        waits = Some(answering);
        To::Here(reply)
    };
    let step = first_step(&mut stepping, handler, (body, args), Memory::Spare(call.spare), later);
    cell.counts.short();
    match step {
        Step::Over(mut body, outcome) => {
            let outcome = settle(outcome, handler.info, &mut body);
            if let Some(visit) = (Visit { cell, held, body, worker }).ended() {
                visit.end();
            }
            outcome
        }
        Step::Waits(running, changed) => {
            drop(worker);
            cell.suspend(held, running, changed);
            waits.map_or_else(|| Short::Failed(Box::new(LostReason::NoReply.into())), Short::Waits)
        }
    }
}

/// The same for a concurrent service: if one of its workers is free, the caller is one for this call.
#[cfg_attr(not(debug_assertions), inline)]
fn as_worker<S: Service, A, T: Send + 'static, E: Send + 'static, F>(
    cell: &dyn AnyCell,
    call: ShortCall<'_, '_, A>,
    handler: &Handler<S, A, T, E, F>,
) -> Short<Result<T, E>>
where
    F: Future<Output = (Box<Body<S>>, Handed<T, E>)> + Send + 'static,
{
    let Ok(cell) = cell_for::<S>(cell, call.envelope.as_ref(), call.index) else { return Short::NotNow };
    let Some(entry) = cell.blueprint.table.methods.get(call.index) else { return Short::NotNow };
    if entry.pace.is_long() && !call.always {
        return Short::NotNow;
    }
    let key = call.envelope.as_ref().and_then(|envelope| envelope.key);
    let Some((errand, mut body)) = cell.errand(key) else { return Short::NotNow };
    let Some(args) = call.args.take() else { return Short::NotNow };
    let what = (handler.info.name, entry.work.on_the_spot());
    body.begin_at(handler.route, CameFrom::Here(call.caller), call.envelope.take(), call.due, what);
    let mut stepping = Stepping { pace: Some(&entry.pace), has_keyed: false, task: call.task };
    let mut waits = None;
    let later = &mut || {
        let (reply, answering) = reply_slot(handler.info.name, None);
        waits = Some(answering);
        To::Here(reply)
    };
    match first_step(&mut stepping, handler, (body, args), Memory::Spare(call.spare), later) {
        Step::Over(mut body, outcome) => {
            let outcome = settle(outcome, handler.info, &mut body);
            errand.end(body);
            outcome
        }
        Step::Waits(running, _) => {
            errand.leave_to_worker(Begun(running, Some(call.index)));
            waits.map_or_else(|| Short::Failed(Box::new(LostReason::NoReply.into())), Short::Waits)
        }
    }
}

/// Takes the turn, if callers may run the method, and the service is idle.
#[inline]
fn begin<'a, S: Service>(
    cell: &'a dyn AnyCell,
    (envelope, index): (Option<&Envelope>, usize),
    always: bool,
) -> Option<(Visit<'a, S>, &'a Entry<S>)> {
    let cell = cell_for::<S>(cell, envelope, index).ok()?;
    let entry = cell.blueprint.table.methods.get(index)?;
    if entry.pace.is_long() && !always {
        return None;
    }
    Visit::begin(cell, !entry.pace.waits()).map(|visit| (visit, entry))
}

/// What the caller has of it. A reply that comes later is promised before the service can end: a shutdown waits for it.
fn settle<S: Service, T: Send + 'static, E: Send + 'static>(
    outcome: Handed<T, E>,
    info: &'static MethodInfo,
    body: &mut Body<S>,
) -> Short<Result<T, E>> {
    match outcome.map(Handled::now) {
        Ok(Ok(result)) => Short::Done(result),
        Ok(Err(later)) => {
            let (reply, answer) = reply_slot(info.name, None);
            conclude(body, info, Ok(later), To::Here(reply));
            Short::Waits(answer)
        }
        Err(failure) => Short::Failed(failure),
    }
}
