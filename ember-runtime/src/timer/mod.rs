//! Timers, declared and made at run time. They deliver their ticks through the mailbox of their service; here is when they are
//! due, and nothing of what they do.
//!
//! All timers of a node lie in a few hierarchical wheels of one millisecond (`Timers`). A timer has neither task nor thread: a place in a
//! slab, and what its action has captured. Cancelling gives both back.

mod beat;
#[cfg(feature = "cron")]
mod cron;
mod declared;
mod level;
mod made;
mod shard;
mod slab;
mod ticket;
mod timers;
mod wheel;

pub use self::made::TimerHandle;
pub(crate) use self::{
    declared::{check, start},
    timers::Timers,
};
