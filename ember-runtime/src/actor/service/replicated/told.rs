//! What a table and a follower's task know of a service that is followed, whose type they do not know.

use std::any::{Any, TypeId};

use super::Position;
use crate::{
    actor::{about::Lends, service::ToldFn},
    message::CodecError,
    replica::Fingerprints,
};

/// Why a follower has a [`EntryGap`](super::EntryGap).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// No member keeps the entries between [`from`](super::EntryGap::from) and [`to`](super::EntryGap::to) any more: the follower was too slow, was away for too long, or begins too
    /// far back. They are in the state, which [`snapshot`](crate::node::Follow::snapshot) gives.
    Forgotten,
    /// The group goes on without what was acknowledged after [`to`](super::EntryGap::to), which may be before [`from`](super::EntryGap::from): an operator has accepted that it is lost, or the
    /// group was founded anew. **What the follower has had beyond `to` is not in the state any more.** Also for a position that is of another group.
    Undone,
    /// The entry at [`to`](super::EntryGap::to) could not be read by this build. The log says why.
    Unreadable,
}

/// What is known of a service that is followed: functions over types that are not.
#[derive(Clone, Copy)]
pub(crate) struct FollowedKind {
    /// The name of the service.
    pub(crate) service: &'static str,
    /// Those of its entries and of its state.
    pub(crate) types: fn() -> Fingerprints,
    /// Reads an entry, which fills the bytes exactly: a [`Posted`](super::Posted).
    pub(crate) posted: fn(&[u8], Position) -> Result<Box<Told>, CodecError>,
    /// A [`EntryGap`](super::EntryGap) between these.
    pub(crate) gap: fn(Position, Position, GapReason) -> Box<Told>,
}

/// A [`Posted`](super::Posted) or a [`EntryGap`](super::EntryGap).
pub(crate) type Told = dyn Any + Send + Sync;

/// A service that another, of the type `S`, follows.
pub(crate) struct Followed<S: Lends> {
    pub(crate) service: TypeId,
    pub(crate) kind: FollowedKind,
    /// What is given the entries, and what is told of gaps.
    pub(crate) entries: Vec<(&'static str, ToldFn<S>)>,
    pub(crate) gaps: Vec<(&'static str, ToldFn<S>)>,
}
