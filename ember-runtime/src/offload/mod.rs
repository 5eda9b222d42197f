//! Work outside of the actors: blocking work on the threads of a node's pool, and futures on its runtime. The same key in order, all
//! keys in turn, within bounds. Here is what runs when; what it comes to goes back through the mailbox of its service, and nothing of
//! the network is known.

mod counts;
mod crew;
mod cx;
mod key;
mod lines;
mod offloaded;
mod owner;
mod piece;
mod pool;
mod settings;
mod sync;

#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod tests;

pub(crate) use self::pool::Pool;
pub use self::{
    counts::OffloadCounts,
    key::{OffloadKey, Unordered},
    offloaded::Offloaded,
    settings::Offload,
};
