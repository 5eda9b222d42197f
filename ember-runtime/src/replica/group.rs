//! The in-sync set.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Member;

/// Who must have a record before it is acknowledged, and who alone may become master: what the registry's record holds beside the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct InSync {
    /// How often it has changed, counted from 1; 0 is none that anybody knows.
    pub(crate) version: u64,
    pub(crate) members: BTreeSet<Member>,
}

/// So many records are kept at most.
pub(crate) const KEPT_RECORDS: u64 = 65_536;

/// What the service of a group asks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// So many must be in sync, or nothing is begun and nothing is acknowledged.
    pub(crate) min_in_sync: usize,
    /// What leaves a master waits until those in sync have what it follows from.
    pub(crate) waits: bool,
    /// So many members at most, the master among them; the other instances are spare.
    pub(crate) most: Option<usize>,
    /// So many records of its log it keeps: whoever is further behind learns the whole state.
    pub(crate) kept: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { min_in_sync: 1, waits: true, most: None, kept: KEPT_RECORDS }
    }
}

impl InSync {
    /// Of a new group.
    pub(crate) fn founded_by(member: Member) -> Self {
        Self { version: 1, members: BTreeSet::from([member]) }
    }

    pub(crate) fn names(&self, member: Member) -> bool {
        self.members.contains(&member)
    }
}
