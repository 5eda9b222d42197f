//! The last step of a call to a service on this node.

use std::any::{Any, TypeId};

use crate::{
    actor::{AnyCell, Offer, Port, written_port},
    error::RefusedReason,
    id::MethodId,
    message::{Method, Written},
};

/// Finds the port of the method `M`.
fn port<M: Method>(cell: &dyn AnyCell, id: MethodId) -> Result<(&Port<M>, usize), RefusedReason> {
    let (info, port, index) = cell.port(id).ok_or(RefusedReason::UnknownMethod)?;
    let port =
        if TypeId::of::<M>() == TypeId::of::<Written>() { written_port() as &(dyn Any + Send + Sync) } else { port };
    // Another type under the same id: the two sides were built from different versions of the contract. Arguments are moved,
    // so that even types of one structure are not the same here.
    port.downcast_ref().map(|port| (port, index)).ok_or_else(|| {
        let callee = cell.signature(id).unwrap_or(info.signature);
        mismatch::<M>(callee, &cell.identity().version)
    })
}

/// The refusal of a call between two builds that do not understand each other.
pub(crate) fn mismatch<M: Method>(callee: &str, version: &str) -> RefusedReason {
    RefusedReason::SignatureMismatch { caller: own_side::<M>(), callee: RefusedReason::side(callee, version) }
}

/// The caller's side of such a refusal.
pub(crate) fn own_side<M: Method>() -> String {
    RefusedReason::side(M::wire().map_or(M::INFO.signature, |wire| wire.signature().text()), M::INFO.version)
}

/// Queues a call, or leaves it where it is.
pub(crate) fn submit<M: Method>(cell: &dyn AnyCell, id: MethodId, call: Offer<'_, M>) -> Result<(), RefusedReason> {
    let (port, index) = port::<M>(cell, id)?;
    port.submit(cell, Offer { index, ..call })
}

/// The same for a call of the method `M` whose arguments have been written.
pub(crate) fn submit_written<M: Method>(
    cell: &dyn AnyCell,
    id: MethodId,
    call: Offer<'_, Written>,
) -> Result<(), RefusedReason> {
    let (_, index) = port::<M>(cell, id)?;
    written_port().submit(cell, Offer { index, ..call })
}
