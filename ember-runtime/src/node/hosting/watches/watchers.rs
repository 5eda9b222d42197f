//! Who of a service watches another one: each once, in the order in which they began to.

use std::collections::{BTreeMap, HashMap};

use crate::actor::Watcher;

/// A set in the order of insertion. Whether one is there already costs no look at the others.
#[derive(Default)]
pub(super) struct Watchers {
    in_order: BTreeMap<u64, Watcher>,
    places: HashMap<usize, u64>,
    next: u64,
    /// When there are so many, look for those that have ended.
    prune_at: usize,
}

impl Watchers {
    pub(super) fn add(&mut self, watcher: Watcher) {
        if self.in_order.len() >= self.prune_at.max(16) {
            self.retain(|watcher| !watcher.is_over());
            self.prune_at = self.in_order.len() * 2;
        }
        let next = self.next;
        self.places.entry(watcher.id()).or_insert_with(|| {
            self.in_order.insert(next, watcher);
            next
        });
        self.next += 1;
    }

    pub(super) fn remove(&mut self, watcher: &Watcher) {
        if let Some(place) = self.places.remove(&watcher.id()) {
            self.in_order.remove(&place);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Watcher) -> bool) {
        let Self { in_order, places, .. } = self;
        in_order.retain(|_, watcher| {
            let stays = keep(watcher);
            if !stays {
                places.remove(&watcher.id());
            }
            stays
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    pub(super) fn all(&self) -> Vec<Watcher> {
        self.in_order.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Keys, Lifespan};

    #[test]
    fn each_is_there_once_and_in_order_and_those_that_have_ended_make_room() {
        let lives: Vec<_> = (0..100).map(|_| Lifespan::new()).collect();
        let watcher = |index: usize| Watcher::at(&Keys::NONE.and(&(index as u64)).of(&lives[index]));
        let mut watchers = Watchers::default();
        for index in [5, 3, 5, 9, 3] {
            watchers.add(watcher(index));
        }
        assert_eq!(watchers.all(), [5, 3, 9].map(watcher));
        watchers.remove(&watcher(3));
        watchers.add(watcher(3));
        assert_eq!(watchers.all(), [5, 9, 3].map(watcher));
        watchers.add(Watcher::at(&Keys::NONE));
        assert!(watchers.all()[3].is_service());
        watchers.clear();
        assert!(watchers.is_empty());
        for _ in 0..1000 {
            watchers.add(Watcher::at(&Keys::NONE.and(&0_u64).of(&Lifespan::new())));
        }
        assert!(watchers.in_order.len() <= 17, "{}", watchers.in_order.len());
        assert_eq!(watchers.in_order.len(), watchers.places.len());
    }
}
