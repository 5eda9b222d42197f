//! What the followers of a replicated service are told, and how they say that they follow.

use std::{any::TypeId, fmt, marker::PhantomData};

use super::{
    Position, Replicated,
    replica::fingerprints,
    told::{Followed, FollowedKind, GapReason},
};
use crate::{actor::about::Lends, message::decode};

/// An entry of the replicated service `R` that its group has acknowledged, as `#[on(entry)]` of another service gets it.
#[non_exhaustive]
pub struct Posted<R: Replicated> {
    /// What was committed.
    pub entry: R::Entry,
    /// Where it stands: a follower that has it goes on after this.
    pub at: Position,
}

/// There are entries of the replicated service `R` that a follower will not get: `#[on(gap)]` is told, in the place where they would have
/// come.
#[non_exhaustive]
pub struct EntryGap<R: Replicated> {
    /// Up to here the follower has all.
    pub from: Position,
    /// What it gets next comes after this.
    pub to: Position,
    /// What has become of what is missing.
    pub why: GapReason,
    of: PhantomData<fn() -> R>,
}

/// The state of a replicated service, as it was at a position of its log, all of it acknowledged.
#[non_exhaustive]
pub struct Snapshot<R: Replicated> {
    /// The state.
    pub state: R::State,
    /// The last entry that it has.
    pub at: Position,
}

impl<R: Replicated> fmt::Debug for Posted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posted").field("of", &R::SPEC.name).field("at", &self.at).finish_non_exhaustive()
    }
}

impl<R: Replicated> fmt::Debug for EntryGap<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, why, of: _ } = self;
        f.debug_struct("EntryGap")
            .field("of", &R::SPEC.name)
            .field("from", from)
            .field("to", to)
            .field("why", why)
            .finish()
    }
}

impl<R: Replicated> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("of", &R::SPEC.name).field("at", &self.at).finish_non_exhaustive()
    }
}

impl<R: Replicated> Snapshot<R> {
    pub(crate) fn new(state: R::State, at: Position) -> Self {
        Self { state, at }
    }
}

/// What `#[on(entry)]` is given: a [`Posted`].
#[diagnostic::on_unimplemented(
    message = "`#[on(entry)]` is not given a `&{Self}`",
    label = "write `&Posted<TheService>`",
    note = "`ember::Posted` says which replicated service is followed; its `entry` is one of that service's entries"
)]
pub trait IsPosted: Send + Sync + 'static {
    /// The service that is followed.
    type By: Replicated;
}

impl<R: Replicated> IsPosted for Posted<R> {
    type By = R;
}

/// What `#[on(gap)]` is given: a [`EntryGap`].
#[diagnostic::on_unimplemented(
    message = "`#[on(gap)]` is not given a `&{Self}`",
    label = "write `&EntryGap<TheService>`",
    note = "`ember::EntryGap` says of which replicated service entries are missing"
)]
pub trait IsGap: Send + Sync + 'static {
    /// The service that is followed.
    type In: Replicated;
}

impl<R: Replicated> IsGap for EntryGap<R> {
    type In = R;
}

/// A unit with an `#[on(entry)]` for this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not follow this service",
    label = "there is no `#[on(entry)]` here that takes a `&{Told}`",
    note = "it can say where to begin if it is told: `#[on(entry)] async fn posted(&mut self, posted: &{Told})`"
)]
pub trait Hears<Told> {}

impl FollowedKind {
    pub(crate) const fn of<R: Replicated>() -> Self {
        Self {
            service: R::SPEC.name,
            types: fingerprints::<R>,
            posted: |bytes, at| Ok(Box::new(Posted::<R> { entry: decode(bytes)?, at })),
            gap: |from, to, why| Box::new(EntryGap::<R> { from, to, why, of: PhantomData }),
        }
    }
}

impl<S: Lends> Followed<S> {
    pub(crate) fn new<R: Replicated>() -> Self {
        Self { service: TypeId::of::<R>(), kind: FollowedKind::of::<R>(), entries: Vec::new(), gaps: Vec::new() }
    }
}
