//! What a method is called on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fnv1a;

/// The wire id of a method: a hash of its full name (`rpc_sum`, `Player.rpc_buy`, `bag.rpc_drop`). Two methods of one
/// service whose ids collide are refused when the service is registered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MethodId(pub u32);

impl MethodId {
    /// The id of the method with this full name.
    pub const fn of(full_name: &str) -> Self {
        let hash = fnv1a(full_name);
        Self((hash ^ (hash >> 32)) as u32)
    }
}

impl fmt::Debug for MethodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "method {:08x}", self.0)
    }
}
