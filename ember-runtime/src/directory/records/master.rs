//! Who is the master of a group, and its highest epoch, as the registry has them.

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, Pid};

/// The master of a group, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MasterRecord {
    pub(crate) epoch: Epoch,
    pub(crate) pid: Pid,
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
