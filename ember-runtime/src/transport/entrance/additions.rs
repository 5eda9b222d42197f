//! What grows without a new version: parts that a node may not know.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a node can do beyond its version. Both ends of a link say theirs; what both can is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Capability {
    /// Headers of calls may have extensions.
    Extensions = 1,
    /// Calls may have ids, by which a repetition is known.
    Once = 2,
}

/// A set of [`Capability`]s, and of numbers that this node does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Capabilities(BTreeSet<u16>);

impl Capabilities {
    /// Those of this node.
    pub(crate) fn ours() -> Self {
        Self([Capability::Extensions as u16, Capability::Once as u16].into())
    }

    pub(crate) fn have(&self, capability: Capability) -> bool {
        self.0.contains(&(capability as u16))
    }

    #[cfg(test)]
    pub(crate) fn of(numbers: impl IntoIterator<Item = u16>) -> Self {
        Self(numbers.into_iter().collect())
    }
}

/// What later releases say in the same message, each by a number of its own. A node skips those that it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Additions(pub(crate) BTreeMap<u16, Vec<u8>>);
