//! The way of a node into the registry, and of the registry into its view.

#[cfg(feature = "cluster")]
mod announce;
#[cfg(feature = "cluster")]
mod book;
#[cfg(feature = "cluster")]
mod contact;
#[cfg(feature = "cluster")]
mod follow;
#[cfg(feature = "cluster")]
mod stand_in;
#[cfg(feature = "cluster")]
mod write;

#[cfg(feature = "cluster")]
pub(crate) use self::{
    announce::{AnnounceConfig, Announced, Announcer},
    book::Mine,
    contact::Contact,
    follow::{FollowConfig, Follower},
    stand_in::Stalls,
};
