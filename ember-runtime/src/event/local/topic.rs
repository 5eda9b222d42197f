//! The events of one type, on one node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::{interest::Want, subscriber::Subscriber};
use crate::{
    actor::{EventSource, Scope, ScopeKind},
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
    all: Option<Arc<[Arc<dyn Subscriber>]>>,
    want: Want,
    /// How many this node has published.
    numbers: BTreeMap<Scope, u64>,
    /// The last of each publisher, for subscribers to come.
    last: BTreeMap<(NodeKey, Scope), Last>,
}

/// The last event of a publisher.
pub(super) type Last = (Arc<AnyEvent>, EventSource);

impl Topic {
    pub(super) fn new(name: &'static str, known: Option<&'static Known>) -> Self {
        Self { name, known, state: Mutex::default() }
    }

    pub(super) fn subscribers(&self) -> Arc<[Arc<dyn Subscriber>]> {
        let mut state = lock(&self.state);
        let State { all, subscribers, .. } = &mut *state;
        Arc::clone(all.get_or_insert_with(|| subscribers.values().cloned().collect()))
    }

    /// How many take what goes so far.
    pub(super) fn takers(&self, scope: ScopeKind) -> usize {
        self.subscribers().iter().filter(|it| it.takes().goes(scope)).count()
    }

    /// Enters a subscriber; the last values that it wants to have, and whether what other nodes are to know is news.
    pub(super) fn enter(&self, number: u64, subscriber: Arc<dyn Subscriber>) -> (Vec<Last>, bool) {
        let takes = subscriber.takes();
        let mut state = lock(&self.state);
        state.subscribers.insert(number, subscriber);
        let is_news = state.changed(|want| want.enter(takes));
        let kept = state.last.values().filter(|_| takes.retain).map(|(event, it)| (Arc::clone(event), it.kept()));
        let kept = kept.filter(|(_, source)| takes.fits(source)).collect();
        (kept, is_news)
    }

    /// Takes one out; the same of other nodes.
    pub(super) fn leave(&self, number: u64) -> (Option<Arc<dyn Subscriber>>, bool) {
        let mut state = lock(&self.state);
        let left = state.subscribers.remove(&number);
        let takes = left.as_ref().map(|left| left.takes());
        (left, takes.is_some_and(|takes| state.changed(|want| want.leave(takes))))
    }

    /// What other nodes are to know.
    pub(super) fn want(&self) -> Want {
        lock(&self.state).want
    }

    /// Numbers an event of this node. What came before it is given back, to be dropped.
    pub(super) fn number(&self, scope: Scope, node: NodeKey, event: &Arc<AnyEvent>, keep: bool) -> (u64, Option<Last>) {
        let mut state = lock(&self.state);
        let number = state.numbers.entry(scope).or_default();
        *number += 1;
        let number = *number;
        let kept = (Arc::clone(event), EventSource::new(node, None, scope, number));
        (number, keep.then(|| state.last.insert((node, scope), kept)).flatten())
    }

    /// The last one of a publisher.
    pub(super) fn last(&self, node: NodeKey, scope: Scope) -> Option<Last> {
        lock(&self.state).last.get(&(node, scope)).cloned()
    }

    /// Keeps the last one of another node, if anybody may ask for it. Whether it is to be given to subscribers; and what came before it, to be dropped.
    pub(super) fn keep(&self, event: &Arc<AnyEvent>, source: EventSource) -> (bool, Option<Last>) {
        let mut state = lock(&self.state);
        let place = (source.node, source.scope);
        if state.want.retain == 0 {
            return (!source.retained, None);
        }
        if source.retained && state.last.contains_key(&place) {
            return (false, None);
        }
        (true, state.last.insert(place, (Arc::clone(event), source)))
    }

    /// A run of another node is gone.
    pub(super) fn forget(&self, node: NodeKey) -> Vec<Last> {
        let mut state = lock(&self.state);
        let gone: Vec<_> = state.last.keys().filter(|(of, _)| *of == node).copied().collect();
        gone.iter().filter_map(|place| state.last.remove(place)).collect()
    }
}

impl State {
    /// They are others now; whether other nodes are to know.
    fn changed(&mut self, change: impl FnOnce(&mut Want)) -> bool {
        self.all = None;
        let before = self.want.sort();
        change(&mut self.want);
        self.want.sort() != before
    }
}
