//! Who is the master of a group, and its highest epoch, as the registry has them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    id::{Epoch, Pid},
    replica::{Fingerprints, InSync},
};

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
    pub(crate) fn lasts(&self) -> Duration {
        Duration::from_secs(self.lease.into())
    }
}

/// The highest epoch of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EpochRecord {
    pub(crate) epoch: Epoch,
    /// Of a group that is replicated: who has all that was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<GroupRecord>,
}

/// The members of a replicated group, as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    /// Who has all that was acknowledged.
    pub(crate) set: InSync,
    /// The fingerprints of its entries and of its state: who has others is of another build.
    pub(crate) types: Fingerprints,
}

/// A record, and the revision at which it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written<T> {
    pub(crate) record: T,
    pub(crate) modified: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    #[test]
    fn a_master_of_an_earlier_release_says_nothing_of_its_lease() {
        let node = NodeKey { id: NodeId(1), incarnation: Incarnation(2) };
        let record = MasterRecord { epoch: Epoch(7), pid: Pid { node, number: 3 }, lease: 30 };
        let mut written = serde_json::to_value(record).unwrap();
        assert_eq!(serde_json::from_value::<MasterRecord>(written.clone()).unwrap(), record);
        assert_eq!(record.lasts(), Duration::from_secs(30));
        assert_eq!(written.as_object_mut().unwrap().remove("lease"), Some(30.into()));
        let earlier: MasterRecord = serde_json::from_value(written).unwrap();
        assert_eq!((earlier, earlier.lasts()), (MasterRecord { lease: 0, ..record }, Duration::ZERO));
    }
}
