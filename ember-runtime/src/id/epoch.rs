//! The times of masters, in order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The time in which one instance of an elected service is the master: each master of a group has a higher one than all before it, also
/// after an outage of the registry or a loss of its data.
///
/// It is the milliseconds since 1970; or, where an epoch is known that is as high as the clock, up to 4,096 more than the highest known. So
/// it says about when the master was elected; nothing else may be read from it than which of two is later. If a wall clock was ahead and was
/// set back, the registry was restored from an old backup, *and* nobody who knows of a higher one had the time to tell it, an epoch can
/// be lower than one before; that it is the same then has one chance in 4,096.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub(crate) u64);

impl Epoch {
    /// As a number. It is below 2⁶³, so that it fits into the integers of databases.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
