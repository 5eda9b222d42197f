//! Services whose state is the same on every member of their group: what users implement, how the macros find out, and which units
//! have such a state at hand. Knows nothing of logs and of other members.

mod cx;
mod followed;
mod group;
mod position;
mod replica;
mod service;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use self::told::{Followed, FollowedKind, Told};
pub use self::{
    followed::{EntryGap, Hears, IsGap, IsPosted, Posted, Snapshot},
    group::{InGroup, RootOf},
    position::Position,
    replica::{NotReplicated, Replica},
    service::{Replicable, Replicated},
    told::GapReason,
};
