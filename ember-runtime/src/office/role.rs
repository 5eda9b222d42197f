//! What one of a group is in it.

use serde::{Deserialize, Serialize};

/// What an instance of an elected service is in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It acts for the group.
    Master,
    /// Another does, or nobody yet: it takes over when it is elected.
    Slave,
}
