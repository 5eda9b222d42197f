//! The local view of the cluster: who is there, what they offer, and whom to choose. Looking up never goes to the network.
//! Knows the registry, not the wire.

#[cfg(feature = "cluster")]
mod announce;
#[cfg(feature = "cluster")]
mod book;
mod change;
mod choose;
#[cfg(all(test, feature = "cluster"))]
mod come_and_go;
#[cfg(feature = "cluster")]
mod contact;
mod counter;
#[cfg(feature = "cluster")]
mod follow;
mod group;
mod groups;
mod in_flight;
mod instance;
mod kept;
mod key;
mod listing;
mod news;
mod nobody;
mod node_directory;
mod reading;
mod record;
mod selector;
#[cfg(feature = "cluster")]
mod stand_in;
#[cfg(all(test, feature = "cluster"))]
mod tests;
mod told;
mod view;
#[cfg(feature = "cluster")]
mod write;

#[cfg(feature = "cluster")]
pub(crate) use self::{
    announce::{AnnounceConfig, Announced, Announcer},
    book::Mine,
    contact::Contact,
    follow::{FollowConfig, Follower},
    record::{ServiceRecord, keys},
    stand_in::Stalls,
};
pub(crate) use self::{
    choose::{Chance, Terms},
    group::Group,
    in_flight::{InShare, Share},
    kept::Kept,
    news::Exit,
    nobody::{deserted, ended, no_such_run, of_another_kind},
    node_directory::Directory,
    record::MethodRecord,
};
pub use self::{
    instance::Instance,
    key::Key,
    record::NodeRecord,
    selector::{Choice, Interest, Selector},
    view::View,
};
