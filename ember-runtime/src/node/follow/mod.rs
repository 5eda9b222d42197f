//! Followers of entries: services that are told what the group of a replicated service has acknowledged, in order. One task for each that
//! follows asks a member of the group for what comes next, and gives that to the service entry by entry, in its turn; nothing is kept for it
//! anywhere.

mod asking;
mod face;
mod pump;
mod serving;

pub use self::face::Follow;
pub(crate) use self::pump::follow;
#[cfg(feature = "cluster")]
pub(crate) use self::serving::entries;
