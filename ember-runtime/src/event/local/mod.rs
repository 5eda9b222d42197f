//! The subscribers of one node.

mod bus;
mod interest;
mod misses;
mod subscriber;
mod topic;

pub(crate) use self::{
    bus::{Bus, Tally},
    interest::{Want, Wants},
};
