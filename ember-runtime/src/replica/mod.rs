//! State that outlives its master: the protocol by which the members of a group agree on one log. No I/O, no tasks, no clocks, and none of
//! the user's types: who uses it carries batches and answers, asks the registry, and applies records.
//!
//! A member is a [`Follower`], which a master's batches fill, or a [`Leader`], which fills others. What both hold is [`Held`]: the [`Log`],
//! and how much of it is committed and applied. `office` is the way from one to the other. The decisions are in
//! `rules`, which the model explores too.

mod batch;
mod follower;
mod group;
mod held;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod instance;
pub(crate) mod journal;
mod leader;
mod log;
mod member;
mod office;
mod outcomes;
mod peer;
mod point;
mod record;
pub(crate) mod rules;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    batch::{Answer, Batch, Kind},
    follower::Follower,
    group::{InSync, KEPT_RECORDS, Terms},
    held::Held,
    instance::{Due, Far, Fingerprints, Learnt, Place, Reading, Replica, Standing, keeping::OnDisk},
    leader::{Heard, Leader, MOST_OWED},
    log::Log,
    member::Member,
    outcomes::{About, Beside, Known, Note},
    point::Point,
    record::Record,
};
