//! Why there is no unique id.

use std::time::Duration;

/// Why a node makes no unique id now. None was made twice, and none was lost: asking again is safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoUniqueId {
    /// The node has asked for what it needs, and there is no answer yet. Only those who do not wait are told that.
    #[error("this node has no slot with time for unique ids yet, and is about to: `.next().await` waits for it")]
    NotYet,
    /// All 1,024 slots belong to others.
    #[error(
        "all 1,024 slots for unique ids of this cluster are taken, by nodes that hold one, or that ended without a shutdown less than \
         10 minutes ago: have fewer nodes make ids (the others ask a service), shut nodes down in good order, or give them names that they \
         keep when they are started again, and with the name the slot"
    )]
    NoSlot,
    /// The registry does not answer, or has lost this node: the lease of the node, or the time that was reserved, is over.
    #[error(
        "the node makes no unique ids without the registry, once its lease or the time that it had reserved is over: {0}. It goes on when \
         the registry answers"
    )]
    Away(String),
    /// Its ids are so far ahead of its clock that no time is reserved for them.
    #[error(
        "the unique ids of this node are {by:?} ahead of its clock, which was set back, or they were made faster than 4,096 in a \
         millisecond: wait until the clock has come within 20 s of them, or correct it; or start the node again, which takes another slot \
         if its own is more than 20 s ahead"
    )]
    Ahead {
        /// So far.
        by: Duration,
    },
    /// Its clock shows a time that no unique id can have any more.
    #[error(
        "the clock of this node shows a time after 2095-09-07T15:47:35Z, the last that unique ids can have: correct it, and it makes ids again; \
         until then let another node make them"
    )]
    ClockTooLate,
}
