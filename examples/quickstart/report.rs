//! What a member tells the director: one line of JSON each time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The state of one member.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) name: String,
    /// The nodes in its view.
    pub(crate) view: Vec<String>,
    /// Calls that returned a value, by the node that answered.
    pub(crate) answered: BTreeMap<String, u64>,
    /// Calls that certainly did not run.
    pub(crate) not_executed: u64,
    /// Calls that may have run.
    pub(crate) maybe_executed: u64,
    /// Calls under way.
    pub(crate) pending: i64,
    /// The last call, as written.
    pub(crate) last: String,
    /// The errors since the last report.
    pub(crate) errors: Vec<String>,
}

impl Report {
    pub(crate) fn ok(&self) -> u64 {
        self.answered.values().sum()
    }
}
