//! The typed way into the cells of services of one type.

use super::short::short;
use crate::{
    actor::{
        cell::Cell,
        erased::AnyCell,
        service::{HandledBy, Path, Service},
        work::{CallJob, Offer, Port, Post},
    },
    error::RefusedReason,
    message::Lane,
};

/// The port for the method `M` to the unit at `L` of services of the type `S`.
pub(super) const fn port<S: Service, L: Path<S>, M: HandledBy<L::Unit>>() -> Port<M> {
    Port { submit: submit::<S, L, M>, short: short::<S, L, M> }
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Offer<'_, M>,
) -> Result<(), RefusedReason> {
    let Some(cell) = cell.as_any().downcast_ref::<Cell<S>>() else { return Err(RefusedReason::UnknownMethod) };
    cell.put(M::INFO.lane, |calls| match const { M::INFO.lane } {
        Lane::User => calls.add::<L, M>(call),
        Lane::System => Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))),
    })
}
