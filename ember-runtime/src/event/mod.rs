//! Typed events: among the services of a node, and between nodes. They come through the mailbox of each subscriber, in the order of their
//! publisher, at most once; what a subscriber misses is counted, and told in its place. The floors: `kinds` (types that may leave their node),
//! `local` (the subscribers of this node), `away` (what other nodes want of it, and what they send), `face` (what users call).

mod away;
mod face;
mod kinds;
mod local;

#[cfg(feature = "cluster")]
pub(crate) use self::away::{Announce, Batch};
pub use self::{
    away::EventReach,
    face::{Confirmed, EventCounts, Receipt, Unconfirmed, UnconfirmedReason},
    kinds::{Event, EventKind, only_event},
};
pub(crate) use self::{away::Hub, kinds::twins, local::Bus};
