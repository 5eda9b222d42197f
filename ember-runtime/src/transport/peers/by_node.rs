//! A map by node that is shared as it is: one that differs in a node is made from it at the cost of that node, however many there are.

use std::{array, fmt, sync::Arc};

use crate::id::NodeId;

/// A branch tells so many bits of a node's hash apart,
const BITS: u32 = 4;
/// which are so many ways.
const WAYS: usize = 1 << BITS;

/// Values by node. A clone shares everything.
#[derive(Clone, Default)]
pub(crate) enum ByNode<T> {
    #[default]
    Empty,
    /// The only one on its way.
    One(NodeId, T),
    Branch(Arc<[ByNode<T>; WAYS]>),
}

/// The way to a node: what is looked at next are the highest bits. Ids of which all bits but a few are the same part early, and no two
/// have the same way.
fn way(node: NodeId) -> u64 {
    node.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn step(way: &mut u64) -> usize {
    *way = way.rotate_left(BITS);
    *way as usize % WAYS
}

impl<T: Clone> ByNode<T> {
    #[inline]
    pub(crate) fn get(&self, node: NodeId) -> Option<&T> {
        let (mut place, mut way) = (self, way(node));
        loop {
            match place {
                Self::Empty => return None,
                Self::One(other, value) => return (*other == node).then_some(value),
                Self::Branch(ways) => place = &ways[step(&mut way)],
            }
        }
    }

    /// The same, with this value.
    pub(crate) fn with(&self, node: NodeId, value: T) -> Self {
        self.with_at(0, node, value)
    }

    fn with_at(&self, depth: u32, node: NodeId, value: T) -> Self {
        let next = |node| step(&mut way(node).rotate_left(depth * BITS));
        let mut ways = match self {
            Self::Empty => return Self::One(node, value),
            Self::One(other, _) if *other == node => return Self::One(node, value),
            Self::One(other, _) => {
                let mut ways: [Self; WAYS] = array::from_fn(|_| Self::Empty);
                ways[next(*other)] = self.clone();
                ways
            }
            Self::Branch(ways) => (**ways).clone(),
        };
        let place = &mut ways[next(node)];
        *place = place.with_at(depth + 1, node, value);
        Self::Branch(Arc::new(ways))
    }

    /// The same, without a value for this node.
    pub(crate) fn without(&self, node: NodeId) -> Self {
        if self.get(node).is_none() { self.clone() } else { self.without_at(way(node)) }
    }

    /// Without the one that is at the end of this way.
    fn without_at(&self, mut way: u64) -> Self {
        let Self::Branch(ways) = self else { return Self::Empty };
        let mut ways = (**ways).clone();
        let place = &mut ways[step(&mut way)];
        *place = place.without_at(way);
        let mut left = ways.iter().filter(|way| !matches!(way, Self::Empty));
        match (left.next(), left.next()) {
            (None, _) => Self::Empty,
            (Some(only @ Self::One(..)), None) => only.clone(),
            _ => Self::Branch(Arc::new(ways)),
        }
    }

    /// All, in the order of their nodes.
    pub(crate) fn all(&self) -> Vec<(NodeId, T)> {
        let mut all = Vec::new();
        self.visit(&mut |node, value| all.push((node, value.clone())));
        all.sort_unstable_by_key(|(node, _)| *node);
        all
    }

    fn visit(&self, action: &mut impl FnMut(NodeId, &T)) {
        match self {
            Self::Empty => {}
            Self::One(node, value) => action(*node, value),
            Self::Branch(ways) => ways.iter().for_each(|way| way.visit(action)),
        }
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for ByNode<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::rng::Rng;

    /// Where its branches are.
    fn branches(map: &ByNode<u32>, into: &mut BTreeSet<usize>) {
        if let ByNode::Branch(ways) = map {
            into.insert(Arc::as_ptr(ways).addr());
            ways.iter().for_each(|way| branches(way, into));
        }
    }

    #[test]
    fn it_is_a_map_whatever_is_done_to_it_and_what_was_made_before_stays() {
        for seed in 0..50 {
            let (rng, mut map, mut model) = (Rng::from_seed(seed), ByNode::default(), BTreeMap::new());
            let mut before = Vec::new();
            for turn in 0..200 {
                // Few, so that they are met again; small numbers, large ones, and such as differ in their highest bits only.
                let number = rng.below(40) as u64;
                let node = NodeId([number, u64::MAX - number, number << 58][rng.below(3)]);
                if rng.below(3) == 0 {
                    map = map.without(node);
                    model.remove(&node);
                } else {
                    map = map.with(node, turn);
                    model.insert(node, turn);
                }
                assert_eq!(map.all(), model.clone().into_iter().collect::<Vec<_>>());
                assert_eq!(map.get(node), model.get(&node));
                before.push((map.clone(), model.clone()));
            }
            assert!(before.into_iter().all(|(map, model)| map.all() == model.into_iter().collect::<Vec<_>>()));
            let empty = model.keys().fold(map, |map, node| map.without(*node));
            assert!(matches!(empty, ByNode::Empty), "nothing is left of those that have gone");
        }
    }

    #[test]
    fn a_change_makes_what_is_on_its_way_and_nothing_else_however_many_there_are() {
        for count in [16, 1_024, 65_536] {
            let map = (0..count).fold(ByNode::default(), |map, node| map.with(NodeId(node), 0));
            let mut old = BTreeSet::new();
            branches(&map, &mut old);
            for changed in [map.with(NodeId(count), 1), map.with(NodeId(count / 2), 1), map.without(NodeId(count / 2))]
            {
                let mut new = BTreeSet::new();
                branches(&changed, &mut new);
                let made = new.difference(&old).count();
                assert!(made <= 8, "{made} branches were made anew for one of {count} nodes");
            }
        }
    }
}
