//! The way of a node into the registry, and of the registry into its view.

mod announce;
mod book;
mod contact;
mod follow;
mod stand_in;
mod upkeep;
mod write;

pub(crate) use self::{
    announce::{AnnounceConfig, Announced, Announcer, Held},
    book::Mine,
    contact::Contact,
    follow::{FollowConfig, Follower},
    stand_in::Stalls,
    upkeep::Upkeep,
};
