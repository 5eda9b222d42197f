//! What must hold, whatever happens.

use std::fmt;

/// A property of the whole; S for safety (always), L for liveness (once the faults have ended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Property {
    /// One master per epoch has records acknowledged.
    S1,
    /// What has been acknowledged is in the log of every later master.
    S2,
    /// A call is executed once.
    S3,
    /// What a caller was told of its call is true, and stays true.
    S4,
    /// A read shows what has been acknowledged, and nothing older than its session has seen.
    S5,
    /// Epochs rise.
    S6,
    /// A master that acts has everything that has been acknowledged, and knows that it has.
    S7,
    /// What a caller was told of was in the logs of at least as many members as are to be in sync.
    S8,
    /// What a group owes to others is run once, and only if it is acknowledged.
    S9,
    /// A master comes back, or the rules ask for an operator.
    L1,
}

/// A property that does not hold, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) property: Property,
    pub(crate) how: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.property, self.how)
    }
}

/// Why an action has no next moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It cannot happen now.
    NotNow,
    /// It breaks a property.
    Broken(Broken),
}

/// Goes on only if an action can happen.
pub(crate) fn when(can: bool) -> Result<(), Stop> {
    if can { Ok(()) } else { Err(Stop::NotNow) }
}

/// Goes on only if a property holds.
pub(crate) fn holds(property: Property, holds: bool, how: &'static str) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(Stop::Broken(Broken { property, how })) }
}
