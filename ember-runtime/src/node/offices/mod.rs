//! The elections of a node: its instances of elected services stand for their groups' offices, take them when they are free, and give
//! them up in order. One task per node looks at the view and does what there is to do; a transaction of the registry decides.

#[cfg(feature = "cluster")]
mod ballot;
mod booth;
mod candidate;
#[cfg(all(test, feature = "cluster"))]
mod candidate_tests;
mod done;
mod elections;
#[cfg(all(test, feature = "cluster"))]
mod elections_tests;
mod group;
#[cfg(feature = "cluster")]
mod leases;
mod order;
mod steps;
mod warnings;

#[cfg(feature = "cluster")]
pub(crate) use self::ballot::Ballot;
pub(crate) use self::{elections::Elections, group::learn};
