//! Typed events: among the services of a node, and between nodes. They come through the mailbox of each subscriber, in the order of their
//! publisher, at most once; what a subscriber misses is counted, and told in its place.
//!
//! What comes in one batch for one stream goes to each subscriber as one series, which all subscribers of the node share: the type is
//! looked up, the mailbox locked and its driver woken once for all of them. In the mailbox each event is a message of its own all the same, so that bounds,
//! pauses, panics, what is more urgent, the end of the service and what is counted are as if it had come by itself. Those for which there is no room are
//! the last of the series; they are one notice, and are not kept. By themselves go: events of a type of which somebody here wants the last one, which is kept as it
//! is given; what comes before a subscription has had its last values; and what goes to a service with several handlers for it, which has each event in all of
//! them before the next (others have their series). A concurrent service has a job for each. What is published on this node is given at once, one by one: its publisher is told who took it.
//!
//! The floors: `kinds` (types that may leave their node),
//! `local` (the subscribers of this node), `away` (what other nodes want of it, and what they send), `face` (what users call).

mod away;
mod face;
mod kinds;
mod local;

#[cfg(feature = "testing")]
pub(crate) use self::away::inputs;
#[cfg(feature = "cluster")]
pub(crate) use self::away::{Announce, Batch};
pub use self::{
    away::EventReach,
    face::{Confirmed, EventCounts, Receipt, Unconfirmed, UnconfirmedReason},
    kinds::{Event, EventKind, only_event},
};
pub(crate) use self::{away::Hub, kinds::twins, local::Bus};
