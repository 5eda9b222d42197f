//! The typed way into the cells of services of one type.

use super::{front::cell_for, short::short};
use crate::{
    actor::{
        erased::AnyCell,
        service::{HandledBy, Path, Service},
        work::{CallJob, Offer, Port, Post},
    },
    error::RefusedReason,
    message::{Given, Lane},
};

/// The port for the method `M` to the unit at `L` of services of the type `S`.
pub(super) const fn port<S: Service, L: Path<S>, M: HandledBy<L::Unit>>() -> Port<M> {
    Port { submit: submit::<S, L, M>, short: short::<S, L, M> }
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Offer<'_, M::Args, Given<M>>,
) -> Result<(), RefusedReason> {
    let cell = cell_for::<S>(cell, call.envelope.as_deref(), call.index)?;
    if const { S::SPEC.is_concurrent() }
        && let Some(cycle) = cell.cycle(call.envelope.as_deref(), call.index)
    {
        return Err(cycle);
    }
    cell.put(M::INFO.lane, |calls| match const { M::INFO.lane } {
        Lane::User if !S::SPEC.is_concurrent() => calls.add::<L, M>(call),
        _ => Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))),
    })
}
