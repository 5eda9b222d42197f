//! What the services of a node want to hear of the replicated services that they follow; and how many ask for entries here.

use std::{
    any::TypeId,
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    actor::Position,
    office::OfficeName,
    sync::{lock, ordered},
};

/// So many may wait at once for what a node's members have to tell: more are told to come again.
const ASKERS: usize = 1024;

/// All of one node.
#[derive(Default)]
pub(crate) struct Followings {
    /// By the number of the service, and the type that it follows.
    all: Mutex<BTreeMap<(u64, TypeId), Arc<Following>>>,
    askers: AtomicUsize,
}

/// One service that follows one group.
#[derive(Default)]
pub(crate) struct Following {
    wish: Mutex<Wish>,
    changed: ordered::Sender<()>,
}

/// What it wants to hear.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// The life of the service that has said so.
    life: u64,
    /// How often that has changed.
    pub(crate) number: u64,
    /// Of this group; nothing: of the one that has the name of the type, and the server id of the node.
    pub(crate) group: Option<OfficeName>,
    pub(crate) begin: Begin,
    /// A state that goes with it has this record.
    pub(crate) least: u64,
}

/// Where a follower begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With what comes when a member of the group is first reached.
    #[default]
    Now,
    After(Position),
    /// Not at all.
    Never,
}

impl Following {
    pub(crate) fn wish(&self) -> Wish {
        lock(&self.wish).clone()
    }

    /// Whether this is what is wanted now.
    pub(crate) fn is(&self, number: u64) -> bool {
        lock(&self.wish).number == number
    }

    pub(crate) fn changes(&self) -> ordered::Receiver<()> {
        self.changed.subscribe()
    }

    /// A service in this life wants to hear something else.
    pub(crate) fn set(&self, life: u64, group: Option<OfficeName>, begin: Begin) {
        let mut wish = lock(&self.wish);
        if wish.life <= life {
            let least = if let Begin::After(position) = begin { position.index() } else { 0 };
            *wish = Wish { life, number: wish.number + 1, group, begin, least };
            drop(wish);
            self.changed.send_replace(());
        }
    }

    /// A life of the service begins, which may have said already what it wants.
    pub(crate) fn begin(&self, life: u64) {
        if lock(&self.wish).life != life {
            self.set(life, None, Begin::Now);
        }
    }

    /// What is told next to who wants this comes after this record.
    pub(crate) fn goes_on(&self, number: u64, after: u64) {
        let mut wish = lock(&self.wish);
        if wish.number == number {
            wish.least = after;
        }
    }
}

impl Followings {
    /// What this service wants to hear of what it follows.
    pub(crate) fn of(&self, service: u64, followed: TypeId) -> Arc<Following> {
        Arc::clone(lock(&self.all).entry((service, followed)).or_default())
    }

    /// The service has ended.
    pub(crate) fn remove(&self, service: u64) {
        lock(&self.all).retain(|(number, _), _| *number != service);
    }

    /// Somebody asks, until what is returned is dropped; nothing if too many do.
    pub(crate) fn ask(&self) -> Option<Asker<'_>> {
        let asker = Asker(&self.askers);
        (self.askers.fetch_add(1, Ordering::Relaxed) < ASKERS).then_some(asker)
    }
}

/// Counted while it lives.
pub(crate) struct Asker<'a>(&'a AtomicUsize);

impl Drop for Asker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_for_the_last_that_was_wanted() {
        let following = Following::default();
        let (first, changes) = (following.wish().number, following.changes());
        assert!(following.is(first) && !following.is(first + 1) && !changes.has_changed());
        following.set(1, None, Begin::Never);
        let second = following.wish().number;
        assert!(following.is(second) && !following.is(first) && changes.has_changed());
        following.goes_on(first, 5);
        assert_eq!(following.wish().least, 0, "that is not wanted any more");
        following.goes_on(second, 5);
        assert_eq!(following.wish().least, 5);
    }

    #[test]
    fn what_an_earlier_life_wants_is_not_heeded() {
        let following = Following::default();
        following.set(1, None, Begin::After(Position::START));
        following.begin(1);
        assert_eq!(following.wish().begin, Begin::After(Position::START));
        following.begin(2);
        assert_eq!(following.wish().begin, Begin::Now);
        following.set(1, None, Begin::Never);
        assert_eq!(following.wish().begin, Begin::Now);
    }

    #[test]
    fn only_so_many_ask_at_once() {
        let followings = Followings::default();
        let mut all: Vec<_> = (0..ASKERS).map(|_| followings.ask().expect("there is room")).collect();
        assert!(followings.ask().is_none());
        all.pop();
        assert!(followings.ask().is_some());
    }
}
