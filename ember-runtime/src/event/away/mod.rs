//! Events between nodes: what others want of this one, what waits for each of them, and what they send. Two questions carry it all
//! (`wire.rs`): what a node wants, and a batch of events, which is answered. What was not answered is sent again, and skipped by its numbers where it
//! has been taken before; what has no room waits for nobody, and is missed by number.

mod compare;
mod counts;
mod hub;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod line;
mod lingering;
mod publish;
mod queue;
mod sources;
mod task;
mod wire;

pub use self::publish::EventReach;
#[cfg(feature = "cluster")]
pub(crate) use self::wire::{Announce, Batch};
pub(crate) use self::{hub::Hub, line::Fate, publish::Published};
