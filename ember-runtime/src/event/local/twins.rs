//! Services that have an event in several handlers, which are given it one after the other.

use std::sync::Arc;

use super::{subscriber::Subscriber, tally::Tallies};
use crate::{
    actor::{Events, Item},
    id::Pid,
};

/// Those that are there more than once, in order.
#[derive(Default)]
pub(super) struct Twins(Vec<Pid>);

impl Twins {
    pub(super) fn among<'a>(takers: impl Iterator<Item = &'a Arc<dyn Subscriber>> + Clone) -> Self {
        if takers.clone().nth(1).is_none() {
            return Self::default();
        }
        let mut all: Vec<_> = takers.map(|it| it.service()).collect();
        all.sort_unstable();
        Self(all.chunk_by(Pid::eq).filter(|of_one| of_one.len() > 1).map(|of_one| of_one[0]).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, subscriber: &dyn Subscriber) -> bool {
        self.place(subscriber).is_some()
    }

    fn place(&self, subscriber: &dyn Subscriber) -> Option<usize> {
        if self.is_empty() { None } else { self.0.binary_search(&subscriber.service()).ok() }
    }

    /// One event for all.
    pub(super) fn giving(&self, item: Item) -> Giving<'_> {
        // One from before is not always put where it is taken.
        let shares = !item.source.retained;
        Giving { twins: self, counted: vec![false; self.0.len()], shares, whole: Events::from([item]), light: None }
    }
}

/// An event on its way to several handlers. All share it: so in a mailbox where several of them find it its bytes count once.
pub(super) struct Giving<'a> {
    twins: &'a Twins,
    /// In whose mailbox it counts by now.
    counted: Vec<bool>,
    shares: bool,
    whole: Events,
    /// The same without its bytes.
    light: Option<Events>,
}

impl Giving<'_> {
    pub(super) fn give(&mut self, to: &dyn Subscriber, tallies: &mut Tallies) {
        let Some(twin) = self.twins.place(to).filter(|_| self.shares) else {
            return to.give_all(&self.whole, tallies);
        };
        let Self { counted, whole, light, .. } = self;
        let without = || whole.iter().map(|item| item.clone().of_bytes(0)).collect();
        let events = if counted[twin] { light.get_or_insert_with(without) } else { &*whole };
        let mut its = Tallies::new(1);
        to.give_all(events, &mut its);
        let tally = its.of(0);
        counted[twin] |= tally.taken > 0;
        tallies.add(0, tally);
    }
}
