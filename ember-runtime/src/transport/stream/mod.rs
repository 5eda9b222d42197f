//! What one stream holds back, and for whom: queues, calls that wait for replies, control messages.

mod ahead;
pub(crate) mod control;
mod inbound;
mod intake;
mod outbox;
mod part;
mod pending;
mod queue;
pub(crate) mod report;
mod scratch;
mod slow;
mod spare;

pub(crate) use self::{
    ahead::Ahead,
    control::{Control, ControlMessage, ControlWriter, MAX_CONTROL, WireFailure, encode},
    intake::Intake,
    outbox::Outbox,
    part::{part, share},
    pending::{MAX_PENDING, PARTS, Pending},
    queue::Put,
    scratch::Scratch,
    slow::Assembly,
};
