//! Every error that a user meets, in one place. Knows nothing of tokio or of how calls travel.

mod call;
mod insert;
mod loss;
mod node;
mod offload;
mod reason;
mod send;
mod spawn;
mod unique;

pub use self::{
    call::{CallError, Failure, Lost, Refused},
    insert::InsertError,
    loss::LossRefused,
    node::{Error, Result},
    offload::OffloadError,
    reason::{LostReason, RefusedReason},
    send::SendError,
    spawn::SpawnAllError,
    unique::NoUniqueId,
};
