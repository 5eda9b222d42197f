//! The subscribers of one node.

mod bus;
mod followed;
mod gone;
mod interest;
mod lying;
mod misses;
mod subscriber;
mod tally;
mod topic;
mod twins;

pub(crate) use self::{
    bus::Bus,
    followed::Followed,
    gone::let_go,
    interest::{Want, Wants},
    tally::Tally,
};
