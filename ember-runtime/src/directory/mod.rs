//! The local view of the cluster: who is there, what they offer, and whom to choose. Looking up never goes to the network.
//! Knows the registry, not the wire.

mod announce;
mod choose;
mod directory_state;
mod follow;
mod instance;
mod key;
mod record;
mod selector;
mod view;

pub use self::{
    instance::Instance,
    key::Key,
    record::NodeRecord,
    selector::{Choice, Interest, Selector},
    view::View,
};
pub(crate) use self::{
    announce::Announcer,
    choose::{Candidates, choose},
    directory_state::Directory,
    follow::{Follower, FollowConfig},
    record::{MethodRecord, ServiceRecord, keys},
};
