//! The last step of a call to a service on this node.

use std::any::{Any, TypeId};

use crate::{
    actor::{AnyCell, Offer, Port, written_port},
    error::RefusedReason,
    id::MethodId,
    message::{Given, Method, MethodKind, Written},
};

/// The port of the method `M`, and its place in the service's table.
pub(crate) fn port<M: Method>(cell: &dyn AnyCell, id: MethodId) -> Result<(&'static Port<M>, usize), RefusedReason> {
    let (_, port, index) = cell.port(id).ok_or(RefusedReason::UnknownMethod)?;
    let port =
        if TypeId::of::<M>() == TypeId::of::<Written>() { written_port() as &(dyn Any + Send + Sync) } else { port };
    // Another type under the same id: the two sides were built from different versions of the contract. Arguments are moved,
    // so that even types of one structure are not the same here.
    match port.downcast_ref() {
        Some(port) => Ok((port, index)),
        None => Err(unlike(cell, id, MethodKind::of::<M>())),
    }
}

#[cold]
fn unlike(cell: &dyn AnyCell, id: MethodId, kind: &MethodKind) -> RefusedReason {
    let callee = cell.signature(id).or_else(|| cell.port(id).map(|(info, ..)| info.signature));
    mismatch(kind, callee.unwrap_or_default(), &cell.identity().version)
}

/// The refusal of a call between two builds that do not understand each other.
pub(crate) fn mismatch(kind: &MethodKind, callee: &str, version: &str) -> RefusedReason {
    RefusedReason::SignatureMismatch { caller: own_side(kind), callee: RefusedReason::side(callee, version) }
}

/// The caller's side of such a refusal.
pub(crate) fn own_side(kind: &MethodKind) -> String {
    let signature = (kind.signature)().map_or(kind.info.signature, |signature| signature.text());
    RefusedReason::side(signature, kind.info.version)
}

/// Queues a call, or leaves it where it is.
pub(crate) fn submit<M: Method>(
    cell: &dyn AnyCell,
    id: MethodId,
    call: Offer<'_, M::Args, Given<M>>,
) -> Result<(), RefusedReason> {
    let (port, index) = port::<M>(cell, id)?;
    port.submit(cell, Offer { index, ..call })
}
