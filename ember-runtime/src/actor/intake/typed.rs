//! The typed way into the cells of services of one type.

use super::{front::cell_for, short::short};
use crate::{
    actor::{
        erased::AnyCell,
        service::{HandledBy, Path, Service},
        work::{CallJob, Offer, Port, Post, StartFn, start},
    },
    error::RefusedReason,
    message::{Given, Lane, MethodInfo},
};

/// The port for the method `M` to the unit at `L` of services of the type `S`.
pub(super) const fn port<S: Service, L: Path<S>, M: HandledBy<L::Unit>>() -> Port<M> {
    Port { submit: submit::<S, L, M>, short: short::<S, L, M> }
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Offer<'_, M::Args, Given<M>>,
) -> Result<(), RefusedReason> {
    submit_by(cell, call, const { &M::INFO }, start::<S, L, M>)
}

#[cfg_attr(
    not(debug_assertions),
    allow(clippy::inline_always, reason = "what the method is, is known there"),
    inline(always)
)]
fn submit_by<S: Service, A: Send + 'static, R: Send + 'static>(
    cell: &dyn AnyCell,
    call: Offer<'_, A, R>,
    info: &'static MethodInfo,
    start: StartFn<S, A, R>,
) -> Result<(), RefusedReason> {
    let cell = cell_for::<S>(cell, call.envelope.as_deref(), call.index)?;
    if const { S::SPEC.is_concurrent() } {
        let seen = cell.may_wait(call.envelope.as_deref(), call.index)?;
        cell.put(info.lane, |_| Post::Job(Box::new(CallJob::new(call.take(), start, info.name))))?;
        cell.see_again(seen);
        return Ok(());
    }
    cell.put(info.lane, |calls| match info.lane {
        Lane::User => calls.add(call, start, info.name),
        Lane::System => Post::Job(Box::new(CallJob::new(call.take(), start, info.name))),
    })
}
