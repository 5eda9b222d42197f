//! The typed way into the cells of services of one type.

use super::short::short;
use crate::{
    actor::{
        cell::{Cell, Front},
        erased::AnyCell,
        service::{HandledBy, Path, Service},
        work::{CallJob, Offer, Port, Post},
    },
    error::RefusedReason,
    message::{Envelope, Lane},
};

/// The port for the method `M` to the unit at `L` of services of the type `S`.
pub(super) const fn port<S: Service, L: Path<S>, M: HandledBy<L::Unit>>() -> Port<M> {
    Port { submit: submit::<S, L, M>, short: short::<S, L, M> }
}

/// The cell that a call goes to: that of the service, or of the shard that has its key.
///
/// # Errors
/// It has none, or would wait for itself.
#[inline]
pub(super) fn cell_for<'a, S: Service>(
    cell: &'a dyn AnyCell,
    envelope: Option<&Envelope>,
    index: usize,
) -> Result<&'a Cell<S>, RefusedReason> {
    if const { S::SPEC.shards > 0 }
        && let Some(front) = cell.as_any().downcast_ref::<Front<S>>()
    {
        let name = front.shards[0].blueprint.table.methods.get(index).map_or("", |entry| &*entry.name);
        return front.shard_of(envelope, name).map(|shard| &**shard);
    }
    cell.as_any().downcast_ref().ok_or(RefusedReason::UnknownMethod)
}

fn submit<S: Service, L: Path<S>, M: HandledBy<L::Unit>>(
    cell: &dyn AnyCell,
    call: Offer<'_, M>,
) -> Result<(), RefusedReason> {
    let cell = cell_for::<S>(cell, call.envelope.as_deref(), call.index)?;
    cell.put(M::INFO.lane, |calls| match const { M::INFO.lane } {
        Lane::User => calls.add::<L, M>(call),
        Lane::System => Post::Job(Box::new(CallJob::<S, L, M>::new(call.take()))),
    })
}
