//! How many questions of others wait here at once.

use std::{collections::BTreeMap, sync::Mutex};

use crate::{id::NodeKey, sync::lock};

/// So many of one node may: it is told to come again with more, and the others are not held up.
const LIMIT: usize = 1024;

/// Those that wait, by the node that asks.
#[derive(Debug, Default)]
pub(crate) struct Askers(Mutex<BTreeMap<NodeKey, usize>>);

/// Counted while it lives.
pub(crate) struct Asks<'a> {
    all: &'a Askers,
    by: NodeKey,
}

impl Askers {
    /// This node asks something, until what is returned is dropped; nothing if too much of it waits already.
    pub(crate) fn ask(&self, by: NodeKey) -> Option<Asks<'_>> {
        let mut all = lock(&self.0);
        let count = all.entry(by).or_default();
        (*count < LIMIT).then(|| {
            *count += 1;
            Asks { all: self, by }
        })
    }
}

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        let mut all = lock(&self.all.0);
        if let Some(count) = all.get_mut(&self.by) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.by);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    #[test]
    fn only_so_many_of_one_node_wait_at_once() {
        let node = |id| NodeKey { id: NodeId(id), incarnation: Incarnation(1) };
        let askers = Askers::default();
        let mut all: Vec<_> = (0..LIMIT).map(|_| askers.ask(node(1)).expect("there is room")).collect();
        assert!(askers.ask(node(1)).is_none());
        assert!(askers.ask(node(2)).is_some(), "another has room of its own");
        all.pop();
        assert!(askers.ask(node(1)).is_some());
        drop(all);
        assert!(lock(&askers.0).is_empty(), "who asks nothing takes no memory");
    }
}
