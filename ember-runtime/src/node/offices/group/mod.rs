//! Replicated groups: which of a group's members may stand for its office, what they say when the registry has lost data, and how the master's
//! log gets to the others.

mod choice;
mod claims;
mod debtor;
mod facts;
mod lane;
pub(crate) mod learn;
mod loss;
mod membership;
mod owing;
mod promised;
mod shipper;
#[cfg(all(test, feature = "cluster"))]
mod tests;
mod word;

pub(super) use self::{
    claims::Says,
    facts::{Facts, next_epoch},
    loss::accept,
    membership::{Membership, Stands},
    shipper::Shipper,
    word::place,
};
