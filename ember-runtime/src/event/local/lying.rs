//! Which events a subscription finds in its mailbox, from before its service was started again: so that none of them comes as the last value too.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use crate::{
    actor::{EventSource, Scope},
    event::kinds::AnyEvent,
    id::NodeKey,
    sync::lock,
};

/// Of each publisher and scope the last event that was put into the mailbox of one handler. It is shared by the subscriptions of a service that is started
/// again, and by the events that still wait.
#[derive(Debug, Default)]
pub(super) struct Lying(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The life of the service whose subscription puts events.
    life: u64,
    put: u64,
    last: HashMap<(NodeKey, Scope), Mark>,
}

#[derive(Debug)]
struct Mark {
    /// Counted by mailbox.
    put: u64,
    /// Only as a place: it is not kept.
    event: Weak<AnyEvent>,
    digest: u64,
    /// The life whose subscription has put it, and the later one that it has come to.
    of: u64,
    reached: Option<u64>,
}

/// An event on its way through the mailbox.
#[derive(Debug)]
pub(super) struct Lies {
    lying: Arc<Lying>,
    place: (NodeKey, Scope),
    /// Nothing if it was put for a subscription that was over: the one that followed has it as the last value, or something newer.
    put: Option<u64>,
}

impl Lying {
    /// A subscription of this life follows those before it.
    pub(super) fn begin(&self, life: u64) {
        let mut state = lock(&self.0);
        state.life = life;
        state.last.retain(|_, mark| mark.reached.is_none());
    }

    /// It is put by the subscription of this life.
    pub(super) fn put(
        self: &Arc<Self>,
        event: &Arc<AnyEvent>,
        (source, digest): (&EventSource, u64),
        life: u64,
    ) -> Lies {
        let place = (source.node, source.scope);
        let mut state = lock(&self.0);
        let put = (state.life == life).then(|| {
            state.put += 1;
            let mark = Mark { put: state.put, event: Arc::downgrade(event), digest, of: life, reached: None };
            state.last.insert(place, mark);
            state.put
        });
        drop(state);
        Lies { lying: Arc::clone(self), place, put }
    }

    /// Whether that event waits in the mailbox, or has come out of it in this life, since before the subscription.
    pub(super) fn has(&self, event: &Arc<AnyEvent>, (source, digest): (&EventSource, u64), life: u64) -> bool {
        let state = lock(&self.0);
        let mark = state.last.get(&(source.node, source.scope));
        mark.is_some_and(|mark| {
            let is_it = std::ptr::addr_eq(mark.event.as_ptr(), Arc::as_ptr(event));
            (is_it || (digest != 0 && mark.digest == digest)) && mark.reached.is_none_or(|reached| reached == life)
        })
    }
}

impl Lies {
    /// It reaches its handler in this life. Whether it is for it.
    pub(super) fn reaches(&self, life: u64) -> bool {
        let Some(put) = self.put else { return false };
        let mut state = lock(&self.lying.0);
        if let Some(mark) = state.last.get_mut(&self.place).filter(|mark| mark.put == put) {
            mark.reached = Some(life);
            if mark.of == life {
                state.last.remove(&self.place);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    fn source(number: u64) -> EventSource {
        let node = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        EventSource::new(node, None, Scope::Cluster, number)
    }

    #[test]
    fn what_waits_from_an_earlier_life_is_known_until_the_next_one() {
        let (lying, event, same): (_, Arc<AnyEvent>, Arc<AnyEvent>) =
            (Arc::new(Lying::default()), Arc::new(3), Arc::new(3));
        let has = |life| lying.has(&event, (&source(0), 0), life);
        let (before, last) = (lying.put(&same, (&source(2), 8), 0), lying.put(&event, (&source(3), 9), 0));
        assert!(before.reaches(0));
        lying.begin(1);
        assert!(has(1) && lying.has(&same, (&source(0), 9), 1), "also if it has come once more, by its bytes");
        assert!(!lying.has(&same, (&source(0), 0), 1) && !lying.has(&same, (&source(0), 8), 1));
        assert!(last.reaches(1));
        assert!(has(1), "it has come in this life");
        lying.begin(2);
        assert!(!has(2), "and not in that one");
    }

    #[test]
    fn what_has_come_in_its_own_life_leaves_nothing_and_a_subscription_that_is_over_puts_nothing() {
        let (lying, event): (_, Arc<AnyEvent>) = (Arc::new(Lying::default()), Arc::new(3));
        assert!(lying.put(&event, (&source(1), 0), 0).reaches(0));
        assert!(lock(&lying.0).last.is_empty());
        lying.begin(1);
        assert!(!lying.put(&event, (&source(2), 0), 0).reaches(1));
        assert!(lying.put(&event, (&source(3), 0), 1).reaches(1));
    }
}
