//! The last step of a call to a service on this node.

use crate::{
    actor::{AnyCell, Port, Submission},
    error::RefusedReason,
    id::MethodId,
    message::Method,
};

/// Finds the port of the method `M`.
fn port<M: Method>(cell: &dyn AnyCell, id: MethodId) -> Result<&Port<M>, RefusedReason> {
    let (info, port) = cell.port(id).ok_or(RefusedReason::UnknownMethod)?;
    // Another type under the same id: the two sides were built from different versions of the contract.
    port.downcast_ref().ok_or_else(|| RefusedReason::SignatureMismatch {
        caller: M::INFO.signature.into(),
        callee: info.signature.into(),
    })
}

/// Queues a call, or gives it back.
pub(super) fn submit<M: Method>(
    cell: &dyn AnyCell,
    id: MethodId,
    call: Submission<M>,
) -> Result<(), (Submission<M>, RefusedReason)> {
    match port::<M>(cell, id) {
        Ok(port) => port.submit(cell, call),
        Err(reason) => Err((call, reason)),
    }
}
