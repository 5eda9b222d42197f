//! What the members of a replicated group say that they have, when the registry has less than they know, and the round that they answer. No
//! lease ends either.

use serde::{Deserialize, Serialize};

use crate::{
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    replica::{Fingerprints, InSync, Member, rules},
};

/// What one member says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimRecord {
    pub(crate) by: Member,
    /// The round that it answers; 0: there was none.
    pub(crate) round: u64,
    /// Whether it has a state; if not, the rest says nothing.
    pub(crate) has_state: bool,
    /// What it knows of its group: the epoch that it follows or has led, and the set.
    pub(crate) epoch: Epoch,
    pub(crate) set: InSync,
    /// The last record that it has.
    pub(crate) index: u64,
    /// Of its entries and its state.
    pub(crate) types: Fingerprints,
}

impl ClaimRecord {
    /// How new its knowledge is, if it has a state.
    pub(crate) fn order(&self) -> Option<rules::Order> {
        self.has_state.then_some(rules::Order { epoch: self.epoch.number(), version: self.set.version })
    }
}

/// A round of claims, as it is written. Each return of the registry begins another, so that a claim out of a backup answers none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoundRecord {
    pub(crate) nonce: u64,
}

/// A member, as it stands in a key: a claim is never lowered, so each incarnation has one of its own.
pub(super) fn write_member(Member { pid, incarnation }: Member) -> String {
    format!("{}.{}.{}.{incarnation}", pid.node.id, pid.node.incarnation, pid.number)
}

pub(super) fn read_member(text: &str) -> Option<Member> {
    let mut parts = text.split('.');
    let mut number = |radix| u64::from_str_radix(parts.next()?, radix).ok();
    let node = NodeKey { id: NodeId(number(16)?), incarnation: Incarnation(number(16)?) };
    let (pid, incarnation) = (Pid { node, number: number(10)? }, u32::try_from(number(10)?).ok()?);
    parts.next().is_none().then_some(Member { pid, incarnation })
}
