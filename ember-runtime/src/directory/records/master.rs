//! Who is the master of a group, and its highest epoch, as the registry has them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, Pid};

/// The master of a group, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MasterRecord {
    pub(crate) epoch: Epoch,
    pub(crate) pid: Pid,
    /// The seconds that it may act after it was last heard, rounded up: those who find the registry empty wait for them. 0: an earlier
    /// release did not say.
    #[serde(default)]
    pub(crate) lease: u32,
}

impl MasterRecord {
    /// How long it may act after it was last heard.
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease.into())
    }
}

/// The highest epoch of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EpochRecord {
    pub(crate) epoch: Epoch,
}

/// A record, and the revision at which it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written<T> {
    pub(crate) record: T,
    pub(crate) modified: i64,
}
