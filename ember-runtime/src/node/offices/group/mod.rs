//! Replicated groups: which of a group's members may stand for its office, and how the master's log gets to the others.

mod choice;
mod lane;
pub(crate) mod learn;
mod membership;
mod shipper;

pub(super) use self::{
    membership::{Membership, Stands},
    shipper::Shipper,
};
