//! The events of one type, on one node.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, Weak},
};

use super::{
    gone::let_go,
    interest::{Interest, Want},
    lying::Lying,
    subscriber::{Last, Place, Subscriber},
};
use crate::{
    actor::{Came, EventSource, Scope, ScopeKind},
    event::kinds::{AnyEvent, Known},
    id::NodeKey,
    sync::lock,
};

pub(super) struct Topic {
    /// Of the type.
    pub(super) name: &'static str,
    /// What is known of it, if its events may leave their node.
    pub(super) known: Option<&'static Known>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By number, so in the order in which they came.
    subscribers: BTreeMap<u64, Arc<dyn Subscriber>>,
    /// The same, as a publisher takes them with it; made when it is first asked for.
    all: Option<Subscribers>,
    interest: Interest,
    /// How many this node has published.
    numbers: BTreeMap<Scope, u64>,
    /// The last of each publisher, for subscribers to come.
    last: BTreeMap<(NodeKey, Scope), (Last, Came)>,
    /// What still waits for handlers whose subscription has ended, and may follow.
    lying: HashMap<Place, Weak<Lying>>,
}

pub(super) type Subscribers = Arc<[Arc<dyn Subscriber>]>;

/// A subscriber that is none any more, and what is kept for nobody then.
type Left = (Option<Arc<dyn Subscriber>>, Vec<Last>);

impl Topic {
    pub(super) fn new(name: &'static str, known: Option<&'static Known>) -> Self {
        Self { name, known, state: Mutex::default() }
    }

    pub(super) fn subscribers(&self) -> Subscribers {
        lock(&self.state).subscribers()
    }

    /// How many take what comes from there.
    pub(super) fn takers(&self, source: &EventSource) -> usize {
        let subscribers = self.subscribers();
        let count = subscribers.iter().filter(|it| it.fits(source)).count();
        let_go([subscribers]);
        count
    }

    /// What still waits for this handler from an earlier subscription.
    pub(super) fn lying(&self, of: &Place) -> Option<Arc<Lying>> {
        lock(&self.state).lying.remove(of)?.upgrade()
    }

    /// Enters a subscriber; the last values that it wants to have, with how they have come, and whether what other nodes are to know is news.
    pub(super) fn enter(&self, number: u64, subscriber: Arc<dyn Subscriber>) -> (Vec<(Last, Came)>, bool) {
        let (takes, entered) = (subscriber.takes(), Arc::clone(&subscriber));
        let mut state = lock(&self.state);
        state.subscribers.insert(number, subscriber);
        let is_news = state.changed(|interest| interest.enter(takes));
        let kept = state.last.values().filter(|_| takes.retain);
        let kept = kept.map(|((event, it), came)| ((Arc::clone(event), it.kept()), *came));
        let kept = kept.filter(|((_, source), _)| entered.fits(source)).collect();
        (kept, is_news)
    }

    /// Takes one out of those of the node `here`. It, and what is kept for nobody now, to be dropped; and the same of other nodes.
    pub(super) fn leave(&self, number: u64, here: NodeKey) -> (Left, bool) {
        let mut state = lock(&self.state);
        let left = state.subscribers.remove(&number);
        let Some(takes) = left.as_ref().map(|left| left.takes()) else { return ((None, Vec::new()), false) };
        let is_news = state.changed(|interest| interest.leave(takes));
        if let Some((place, lying)) = left.as_ref().and_then(|left| left.leaves()) {
            // Those that nothing waits for are thrown out each time that as many have come again.
            if state.lying.len().is_power_of_two() {
                state.lying.retain(|_, lying| lying.strong_count() > 0);
            }
            state.lying.insert(place, Arc::downgrade(lying));
        }
        // What others publish from now on is not kept: whoever asks later asks them.
        let stale = if state.interest.want().retain == 0 { state.take(|node| node != here) } else { Vec::new() };
        ((left, stale), is_news)
    }

    /// What other nodes are to know.
    pub(super) fn want(&self) -> Want {
        lock(&self.state).interest.want()
    }

    /// Since when somebody takes what goes so far, as a number, if anybody does.
    pub(super) fn period(&self, scope: ScopeKind) -> Option<u64> {
        lock(&self.state).interest.period(scope)
    }

    /// Numbers an event of this node. Who was there by then, and takes it; others may have it as the last one. What came before it is given back, to be
    /// dropped.
    pub(super) fn number(
        &self,
        scope: Scope,
        node: NodeKey,
        event: &Arc<AnyEvent>,
        keep: bool,
    ) -> (u64, Subscribers, Option<Last>) {
        let mut state = lock(&self.state);
        let number = state.numbers.entry(scope).or_default();
        *number += 1;
        let number = *number;
        let kept = (Arc::clone(event), EventSource::new(node, None, scope, number));
        let before = keep.then(|| state.last.insert((node, scope), (kept, Came::default()))).flatten();
        (number, state.subscribers(), before.map(|(before, _)| before))
    }

    /// The last one of a publisher.
    pub(super) fn last(&self, node: NodeKey, scope: Scope) -> Option<Last> {
        lock(&self.state).last.get(&(node, scope)).map(|(last, _)| last.clone())
    }

    /// Keeps the last one of another node, if anybody may ask for it. Who it is to be given to, if it is; and what came before it, to be dropped.
    ///
    /// One from before a subscription answers a generation of its stream. What is kept of that generation, or of a later one, is newer. What is kept of
    /// an earlier one may have come from an interest that has ended since, so it is older, or the same.
    pub(super) fn keep(
        &self,
        event: &Arc<AnyEvent>,
        source: EventSource,
        came: Came,
    ) -> (Option<Subscribers>, Option<Last>) {
        let mut state = lock(&self.state);
        let place = (source.node, source.scope);
        if state.interest.want().retain == 0 {
            return ((!source.retained).then(|| state.subscribers()), None);
        }
        // Of two from before, in one generation, the one that comes later is.
        let has = |(last, it): &(Last, Came)| {
            let is_later = it.generation > came.generation || it.generation == came.generation && last.1.number > 0;
            is_later || it.digest == came.digest
        };
        if source.retained && state.last.get(&place).is_some_and(has) {
            return (None, None);
        }
        let before = state.last.insert(place, ((Arc::clone(event), source), came));
        (Some(state.subscribers()), before.map(|(before, _)| before))
    }

    /// A run of another node is gone.
    pub(super) fn forget(&self, node: NodeKey) -> Vec<Last> {
        lock(&self.state).take(|it| it == node)
    }
}

impl State {
    fn subscribers(&mut self) -> Subscribers {
        let Self { all, subscribers, .. } = self;
        Arc::clone(all.get_or_insert_with(|| subscribers.values().cloned().collect()))
    }

    /// Takes out the last events of these nodes.
    fn take(&mut self, of: impl Fn(NodeKey) -> bool) -> Vec<Last> {
        let gone: Vec<_> = self.last.keys().filter(|(node, _)| of(*node)).copied().collect();
        gone.iter().filter_map(|place| self.last.remove(place)).map(|(last, _)| last).collect()
    }

    /// They are others now; whether other nodes are to know.
    fn changed(&mut self, change: impl FnOnce(&mut Interest)) -> bool {
        self.all = None;
        let before = self.interest.want().sort();
        change(&mut self.interest);
        self.interest.want().sort() != before
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        actor::{Item, Missed, Takes},
        event::local::tally::Given,
        id::{Incarnation, NodeId, Pid},
    };

    pub(in crate::event::local) struct Retains;

    impl Subscriber for Retains {
        fn give(&self, _: &Item) -> Given {
            Given::Taken
        }

        fn tell(&self, _: Missed) {}

        fn takes(&self) -> Takes {
            Takes { scope: None, retain: true }
        }

        fn service(&self) -> Pid {
            Pid { node: key(9), number: 1 }
        }

        fn leaves(&self) -> Option<(Place, &Arc<Lying>)> {
            None
        }
    }

    const fn key(run: u64) -> NodeKey {
        NodeKey { id: NodeId(run), incarnation: Incarnation(run) }
    }

    /// Whether it is given to those who want it.
    fn keeps(topic: &Topic, value: u64, number: u64, generation: u64) -> bool {
        let source = EventSource::new(key(1), None, Scope::Cluster, number);
        let source = if number == 0 { source.kept() } else { source };
        let event: Arc<AnyEvent> = Arc::new(value);
        topic.keep(&event, source, Came { generation, digest: value, bytes: 0 }).0.is_some()
    }

    fn last(topic: &Topic) -> Option<u64> {
        topic.last(key(1), Scope::Cluster).and_then(|(event, _)| event.downcast_ref().copied())
    }

    #[test]
    fn what_answers_a_later_interest_replaces_what_an_earlier_one_was_sent() {
        let topic = Topic::new("level", None);
        topic.enter(1, Arc::new(Retains));
        // Of an interest that has ended since, and was on its way.
        assert!(keeps(&topic, 1, 0, 1));
        assert!(keeps(&topic, 2, 0, 2), "what was published between the two");
        assert!(!keeps(&topic, 2, 0, 2), "not twice");
        assert!(!keeps(&topic, 1, 0, 1), "nor what is older");
        assert_eq!(last(&topic), Some(2));
        assert!(!keeps(&topic, 2, 0, 3), "nor the same for a third");
        assert!(
            keeps(&topic, 7, 0, 2),
            "of the same interest, and later: what was sent before is given once more after a link was lost"
        );
        assert!(!keeps(&topic, 2, 0, 1));
        assert!(keeps(&topic, 3, 1, 3));
        assert!(!keeps(&topic, 2, 0, 3), "an event that is newer than the last one from before has come");
        assert!(keeps(&topic, 3, 2, 3), "two events may be alike");
        assert!(keeps(&topic, 4, 0, 4), "also after an event of an earlier interest");
    }

    #[test]
    fn nobody_is_given_what_was_kept_for_those_who_have_left() {
        let topic = Topic::new("level", None);
        topic.enter(1, Arc::new(Retains));
        assert!(keeps(&topic, 1, 1, 1));
        let ((_, stale), is_news) = topic.leave(1, key(9));
        assert_eq!((stale.len(), is_news, last(&topic)), (1, true, None));
        assert!(!keeps(&topic, 1, 0, 1));
        let (kept, is_news) = topic.enter(2, Arc::new(Retains));
        assert_eq!((kept.len(), is_news), (0, true));
        assert!(keeps(&topic, 2, 0, 2));
    }
}
