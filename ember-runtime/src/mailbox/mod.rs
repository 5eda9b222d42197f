//! The queue in front of a service: two bounded lanes, refusal instead of growth. Knows nothing of services or networks, and
//! wakes nobody: that is for the owner of the mailbox.

mod batch;
mod lanes;
mod queue;

pub(crate) use self::{
    batch::{Aside, Batch, Next},
    lanes::Limits,
    queue::Mailbox,
};
