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
    if const { S::SPEC.is_concurrent() } {
        let seen = cell.may_wait(call.envelope.as_deref(), call.index)?;
        cell.put(M::INFO.lane, |_| Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))))?;
        cell.see_again(seen);
        return Ok(());
    }
    cell.put(M::INFO.lane, |calls| match const { M::INFO.lane } {
        Lane::User => calls.add::<L, M>(call),
        Lane::System => Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))),
    })
}
