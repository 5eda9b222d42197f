//! Which slot a node takes, of those that the registry has: its own of before, one that nobody has, or one whose holder is long gone.

use std::collections::BTreeMap;

use super::reserved::SPOILT;
use crate::id::{NodeKey, UniqueId};

/// Milliseconds that a slot stays with a holder whom the registry does not list any more, after the time that it had reserved.
pub(super) const LONG: u64 = 10 * 60 * 1_000;

/// What is known of a slot that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Held {
        holder: NodeKey,
        /// No id has this time, or a later one.
        until: u64,
        /// It was given back.
        free: bool,
    },
    /// It says something that cannot be read: it is somebody's.
    Unreadable,
}

/// The slot for `here`, or that there is none. `wanted` is where it looks first for one that nobody has; `lists` says whether the registry
/// has a run of a node.
pub(super) fn choose(
    slots: &BTreeMap<u16, Known>,
    here: NodeKey,
    wanted: u64,
    now: u64,
    lists: impl Fn(NodeKey) -> bool,
) -> Option<u16> {
    let is_near = |until: u64| until <= now.saturating_add(SPOILT);
    // Of a later run of this node, if there is one, it takes nothing.
    let is_own = |holder: NodeKey| holder.id == here.id && holder.incarnation <= here.incarnation;
    let own = slots
        .iter()
        .find(|(_, known)| matches!(known, Known::Held { holder, until, .. } if is_own(*holder) && is_near(*until)));
    if let Some((slot, _)) = own {
        return Some(*slot);
    }
    let count = u64::from(UniqueId::LAST_SLOT) + 1;
    let in_turn = || (0..count).map(|step| ((wanted % count + step) % count) as u16);
    let is_free = |slot: &u16| match slots.get(slot) {
        None => true,
        Some(Known::Held { until, free, .. }) => *free && is_near(*until),
        Some(Known::Unreadable) => false,
    };
    let is_left = |slot: &u16| match slots.get(slot) {
        Some(Known::Held { holder, until, .. }) => until.saturating_add(LONG) <= now && !lists(*holder),
        _ => false,
    };
    in_turn().find(is_free).or_else(|| in_turn().find(is_left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    const NOW: u64 = 10_000_000;

    fn run(node: u64, incarnation: u64) -> NodeKey {
        NodeKey { id: NodeId(node), incarnation: Incarnation(incarnation) }
    }

    fn held(node: u64, until: u64) -> Known {
        Known::Held { holder: run(node, 1), until, free: false }
    }

    /// All are held by others; their holders live.
    fn full() -> BTreeMap<u16, Known> {
        (0..1_024).map(|slot| (slot, held(1_000 + u64::from(slot), NOW + 5_000))).collect()
    }

    #[test]
    fn a_node_that_is_started_again_has_its_slot_again() {
        let mut slots = full();
        slots.insert(9, held(7, NOW + 20_000));
        assert_eq!(choose(&slots, run(7, 2), 0, NOW, |_| true), Some(9));
        assert_eq!(choose(&slots, run(7, 0), 0, NOW, |_| true), None, "a later run has it");
        // But not if that would make it be further and further ahead of its clock.
        slots.insert(9, held(7, NOW + SPOILT + 1));
        slots.remove(&3);
        assert_eq!(choose(&slots, run(7, 2), 0, NOW, |_| true), Some(3));
    }

    #[test]
    fn one_that_nobody_has_is_looked_for_from_where_the_name_says() {
        assert_eq!(choose(&BTreeMap::new(), run(7, 1), 1_024 * 5 + 20, NOW, |_| true), Some(20));
        let mut slots = full();
        slots.remove(&2);
        slots.insert(1_000, Known::Held { holder: run(5, 1), until: NOW + 10, free: true });
        assert_eq!(choose(&slots, run(7, 1), 900, NOW, |_| true), Some(1_000));
        assert_eq!(choose(&slots, run(7, 1), 1_001, NOW, |_| true), Some(2));
    }

    #[test]
    fn one_whose_holder_is_long_gone_is_taken_when_there_is_no_other() {
        let mut slots = full();
        assert_eq!(choose(&slots, run(7, 1), 0, NOW, |_| true), None);
        slots.insert(8, held(5, NOW - LONG));
        assert_eq!(choose(&slots, run(7, 1), 0, NOW, |_| true), None, "it lives, and made no ids for long");
        assert_eq!(choose(&slots, run(7, 1), 0, NOW, |node| node != run(5, 1)), Some(8));
        slots.insert(8, held(5, NOW - LONG + 1));
        assert_eq!(choose(&slots, run(7, 1), 0, NOW, |_| false), None, "not long enough");
        slots.insert(8, Known::Unreadable);
        assert_eq!(choose(&slots, run(7, 1), 0, NOW, |_| false), None, "nobody knows whose it is");
    }
}
