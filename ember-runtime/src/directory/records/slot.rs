//! What the registry holds of unique ids: who has a slot, and up to which time it may make ids. Both outlive every lease.

use serde::{Deserialize, Serialize};

use crate::id::{NodeKey, UniqueId};

/// A slot of unique ids, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotRecord {
    /// Who has it, or had it last.
    pub(crate) holder: NodeKey,
    /// No id of this slot has this time yet, or a later one: milliseconds since 2026. Whoever has it next begins here.
    pub(crate) until: u64,
    /// The holder has given it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) free: bool,
}

/// When slots can be taken in this registry without being ahead of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BeginRecord {
    /// Whoever takes a slot makes no ids before this time: the registry may have lost who had it. Milliseconds since 2026.
    pub(crate) from: u64,
}

/// A key of unique ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SlotKey {
    /// Of a [`SlotRecord`].
    Slot(u16),
    /// Of the [`BeginRecord`].
    Begin,
}

impl SlotKey {
    /// What all of them start with.
    pub(crate) fn prefix(cluster: &str) -> String {
        format!("/ember/{cluster}/slots/")
    }

    /// None is the beginning of another.
    pub(crate) fn of(self, cluster: &str) -> String {
        let prefix = Self::prefix(cluster);
        match self {
            Self::Slot(slot) => format!("{prefix}{slot:04}"),
            Self::Begin => format!("{prefix}begin"),
        }
    }

    /// `None` for a key that is none of these.
    pub(crate) fn read(key: &str, cluster: &str) -> Option<Self> {
        let name = key.strip_prefix(&Self::prefix(cluster))?;
        if name == "begin" {
            return Some(Self::Begin);
        }
        let slot = name.parse().ok().filter(|slot| *slot <= UniqueId::LAST_SLOT)?;
        (Self::Slot(slot).of(cluster) == key).then_some(Self::Slot(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    #[test]
    fn a_slot_is_found_by_its_key_and_by_no_other() {
        for key in [SlotKey::Slot(0), SlotKey::Slot(7), SlotKey::Slot(1_023), SlotKey::Begin] {
            assert_eq!(SlotKey::read(&key.of("c"), "c"), Some(key));
        }
        for key in ["/ember/c/slots/7", "/ember/c/slots/1024", "/ember/c/slots/x", "/ember/d/slots/0007"] {
            assert_eq!(SlotKey::read(key, "c"), None, "{key}");
        }
    }

    #[test]
    fn a_record_is_what_an_operator_reads() {
        let holder = NodeKey { id: NodeId(1), incarnation: Incarnation(2) };
        let text = serde_json::to_string(&SlotRecord { holder, until: 3, free: false }).unwrap();
        assert_eq!(text, r#"{"holder":{"id":1,"incarnation":2},"until":3}"#);
        assert!(serde_json::from_str::<SlotRecord>(r#"{"holder":{"id":1,"incarnation":2}}"#).is_err());
    }
}
