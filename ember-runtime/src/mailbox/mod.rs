//! The queue in front of a service: two bounded lanes, refusal instead of growth. Knows nothing of services or networks, and
//! wakes nobody: that is for the owner of the mailbox.

mod batch;
mod bytes;
mod lanes;
mod queue;

pub(crate) use self::{
    batch::{Aside, Batch, Next},
    bytes::Bytes,
    lanes::Limits,
    queue::Mailbox,
};
