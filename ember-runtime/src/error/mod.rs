//! Every error that a user meets, in one place. Knows nothing of tokio or of how calls travel.

mod call;
mod node;
mod reason;
mod send;

pub use self::{
    call::{CallError, Failure, Lost, Refused},
    node::{Error, Result},
    reason::{LostReason, RefusedReason},
    send::SendError,
};
