//! What a method is called on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::hash::{START, fnv1a, step};

/// The wire id of a method: a hash of its full name (`rpc_sum`, `Player.rpc_buy`, `bag.rpc_drop`). Two methods of one
/// service whose ids collide are refused when the service is registered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MethodId(pub u32);

impl MethodId {
    /// The id of the method with this full name.
    pub const fn of(full_name: &str) -> Self {
        Self::fold(fnv1a(full_name))
    }

    /// The id of the method whose full name is made of these parts.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::fold(parts.into_iter().fold(START, |hash, part| step(hash, part.as_bytes())))
    }

    const fn fold(hash: u64) -> Self {
        Self((hash ^ (hash >> 32)) as u32)
    }
}

impl fmt::Debug for MethodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "method {:08x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::MethodId;

    #[test]
    fn ids_are_those_that_the_macros_compare() {
        assert_eq!(MethodId::of("rpc_set_team_596").0, 0x740f_4116);
        assert_eq!(MethodId::of("rpc_sell_quest_238").0, 0x740f_4116);
    }

    #[test]
    fn the_id_of_parts_is_the_id_of_the_whole() {
        assert_eq!(MethodId::of_parts(["bag.", "", "rpc_drop"]), MethodId::of("bag.rpc_drop"));
    }
}
