//! The services that a node knows, and which of them a call goes to.

mod balance;
mod choose;
mod counter;
mod group;
mod groups;
mod in_flight;
mod instance;
mod kept;
mod nearest;
mod selecting;
mod standing;
mod weights;

#[cfg(test)]
pub(crate) use self::kept::Renewed;
pub(crate) use self::{
    balance::Balancers,
    choose::{Chance, Probing, Terms, breaker_open, choose, no_master_yet},
    counter::InFlight,
    group::Group,
    groups::Groups,
    in_flight::{InShare, Share},
    kept::Kept,
    nearest::distance,
    standing::{OfficeSeen, Standing, Turn},
};
pub use self::{
    balance::{Balance, Candidate, Candidates},
    instance::Instance,
    selecting::{Among, Choice, Interest, Key, Selector},
};
