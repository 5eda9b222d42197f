//! News of single nodes: whoever waits for those of one is not woken by what happens to others.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use super::passage::Passage;
use crate::{
    id::{NodeId, NodeKey},
    sync::ordered,
};

/// So many runs of nodes are remembered that have left, and those beside that somebody waits for.
const REMEMBERED: usize = 1024;

/// How a run of a node has left the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departed {
    /// It was being shut down, and had stopped its services.
    InOrder,
    Lost,
}

#[derive(Default)]
pub(crate) struct News {
    waited_for: BTreeMap<NodeId, Arc<ordered::Sender<()>>>,
    /// When there are so many, look for those that nobody waits for any more.
    prune_at: usize,
    /// Of which those who wait for it have to be told.
    due: BTreeSet<NodeId>,
    departed: BTreeMap<NodeKey, Departed>,
    /// The same, in the order in which they left.
    order: VecDeque<NodeKey>,
    /// For the log, once nothing is locked.
    pub(super) passages: Vec<Passage>,
}

impl News {
    /// Tells of changes of what is known of a node.
    pub(crate) fn of(&mut self, node: NodeId) -> ordered::Receiver<()> {
        if self.waited_for.len() >= self.prune_at {
            self.waited_for.retain(|_, sender| sender.is_wanted());
            self.prune_at = (self.waited_for.len() * 2).max(16);
        }
        self.waited_for.entry(node).or_insert_with(|| Arc::new(ordered::Sender::new(()))).subscribe()
    }

    pub(crate) fn note(&mut self, node: NodeId) {
        if self.waited_for.contains_key(&node) {
            self.due.insert(node);
        }
    }

    /// All who wait look again.
    pub(crate) fn note_all(&mut self) {
        self.due = self.waited_for.keys().copied().collect();
    }

    /// Whom to tell, once nothing is locked.
    pub(crate) fn take(&mut self) -> Vec<Arc<ordered::Sender<()>>> {
        let due = std::mem::take(&mut self.due);
        due.iter().filter_map(|node| self.waited_for.get(node).cloned()).collect()
    }

    pub(crate) fn departed(&mut self, node: NodeKey, how: Departed) {
        if self.departed.insert(node, how).is_none() {
            self.order.push_back(node);
        }
        // More than one may leave in turn for each that comes, or those that were waited for would stay.
        for _ in 0..2 {
            if self.order.len() <= REMEMBERED {
                return;
            }
            let Some(oldest) = self.order.pop_front() else { return };
            let is_newest = self.departed.range(after(oldest)).next().is_none_or(|(next, _)| next.id != oldest.id);
            if is_newest && self.waited_for.get(&oldest.id).is_some_and(|sender| sender.is_wanted()) {
                // When very many leave at once, it has not been told yet. Of a node's runs only the last counts.
                self.order.push_back(oldest);
            } else {
                self.departed.remove(&oldest);
            }
        }
    }

    /// It is there again.
    pub(crate) fn returned(&mut self, node: NodeKey) {
        if self.departed.remove(&node).is_some() {
            self.order.retain(|other| *other != node);
        }
    }

    pub(crate) fn how_departed(&self, node: NodeKey) -> Option<Departed> {
        self.departed.get(&node).copied()
    }
}

/// All runs after this one, of the same node first.
fn after(node: NodeKey) -> (Bound<NodeKey>, Bound<NodeKey>) {
    (Bound::Excluded(node), Bound::Unbounded)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::id::Incarnation;

    fn key(id: u64) -> NodeKey {
        NodeKey { id: NodeId(id), incarnation: Incarnation(1) }
    }

    #[test]
    fn of_a_node_that_somebody_waits_for_the_runs_before_its_last_are_forgotten_too() {
        let mut news = News::default();
        let _waits = news.of(NodeId(5));
        let run = |number| NodeKey { id: NodeId(5), incarnation: Incarnation(number) };
        (1..=10_000).for_each(|number| news.departed(run(number), Departed::Lost));
        assert!(news.departed.len() <= REMEMBERED && news.order.len() == news.departed.len());
        // The last one stays, however many others leave.
        (6..6_000).for_each(|id| news.departed(key(id), Departed::InOrder));
        assert_eq!(news.how_departed(run(10_000)), Some(Departed::Lost));
    }

    fn told(news: &mut News, receiver: &mut ordered::Receiver<()>) -> bool {
        news.take().iter().for_each(|sender| sender.send_replace(()));
        receiver.changed().now_or_never().is_some()
    }

    #[test]
    fn whoever_waits_for_one_node_is_not_told_of_another() {
        let mut news = News::default();
        let mut one = news.of(NodeId(1));
        news.note(NodeId(2));
        assert!(!told(&mut news, &mut one));
        news.note(NodeId(1));
        assert!(told(&mut news, &mut one));
        news.note_all();
        assert!(told(&mut news, &mut one));
    }

    #[test]
    fn what_nobody_waits_for_any_more_and_who_left_long_ago_are_not_kept() {
        let mut news = News::default();
        let kept = news.of(NodeId(0));
        (0..10_000).for_each(|id| drop(news.of(NodeId(id))));
        assert!(news.waited_for.len() <= 32 && news.waited_for.contains_key(&NodeId(0)));
        drop(kept);
        (0..10_000).for_each(|id| news.departed(key(id), Departed::Lost));
        news.departed(key(9_999), Departed::InOrder);
        assert_eq!((news.departed.len(), news.order.len()), (REMEMBERED, REMEMBERED));
        assert_eq!((news.how_departed(key(0)), news.how_departed(key(9_999))), (None, Some(Departed::InOrder)));
        news.returned(key(9_999));
        assert_eq!((news.how_departed(key(9_999)), news.order.len()), (None, REMEMBERED - 1));
    }

    #[test]
    fn however_many_leave_at_once_those_who_wait_for_one_are_told_how_it_left() {
        let mut news = News::default();
        let waiting: Vec<_> = (0..3_000).map(|id| news.of(NodeId(id))).collect();
        (0..10_000).for_each(|id| news.departed(key(id), Departed::InOrder));
        assert!((0..3_000).all(|id| news.how_departed(key(id)) == Some(Departed::InOrder)));
        drop(waiting);
        (10_000..20_000).for_each(|id| news.departed(key(id), Departed::Lost));
        assert_eq!((news.departed.len(), news.order.len()), (REMEMBERED, REMEMBERED));
    }
}
