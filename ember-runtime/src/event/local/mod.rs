//! The subscribers of one node.

mod bus;
mod followed;
mod interest;
mod misses;
mod subscriber;
mod topic;

pub(crate) use self::{
    bus::{Bus, Tally},
    followed::Followed,
    interest::{Want, Wants},
    topic::Came,
};
