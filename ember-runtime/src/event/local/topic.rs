//! The events of one type, on one node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::{
    interest::{Interest, Want},
    subscriber::{Last, Subscriber},
};
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
    all: Option<Subscribers>,
    interest: Interest,
    /// How many this node has published.
    numbers: BTreeMap<Scope, u64>,
    /// The last of each publisher, for subscribers to come.
    last: BTreeMap<(NodeKey, Scope), Last>,
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

    /// How many take what goes so far.
    pub(super) fn takers(&self, scope: ScopeKind) -> usize {
        self.subscribers().iter().filter(|it| it.takes().goes(scope)).count()
    }

    /// Enters a subscriber; the last values that it wants to have, and whether what other nodes are to know is news.
    pub(super) fn enter(&self, number: u64, subscriber: Arc<dyn Subscriber>) -> (Vec<Last>, bool) {
        let takes = subscriber.takes();
        let mut state = lock(&self.state);
        state.subscribers.insert(number, subscriber);
        let is_news = state.changed(|interest| interest.enter(takes));
        let kept = state.last.values().filter(|_| takes.retain).map(|(event, it)| (Arc::clone(event), it.kept()));
        let kept = kept.filter(|(_, source)| takes.fits(source)).collect();
        (kept, is_news)
    }

    /// Takes one out of those of the node `here`. It, and what is kept for nobody now, to be dropped; and the same of other nodes.
    pub(super) fn leave(&self, number: u64, here: NodeKey) -> (Left, bool) {
        let mut state = lock(&self.state);
        let left = state.subscribers.remove(&number);
        let Some(takes) = left.as_ref().map(|left| left.takes()) else { return ((None, Vec::new()), false) };
        let is_news = state.changed(|interest| interest.leave(takes));
        // What others publish from now on is not kept: whoever asks later asks them.
        let stale = if state.interest.want().retain == 0 { state.take(|node| node != here) } else { Vec::new() };
        ((left, stale), is_news)
    }

    /// What other nodes are to know.
    pub(super) fn want(&self) -> Want {
        lock(&self.state).interest.want()
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
        let before = keep.then(|| state.last.insert((node, scope), kept)).flatten();
        (number, state.subscribers(), before)
    }

    /// The last one of a publisher.
    pub(super) fn last(&self, node: NodeKey, scope: Scope) -> Option<Last> {
        lock(&self.state).last.get(&(node, scope)).cloned()
    }

    /// Keeps the last one of another node, if anybody may ask for it. Who it is to be given to, if it is; and what came before it, to be dropped.
    pub(super) fn keep(&self, event: &Arc<AnyEvent>, source: EventSource) -> (Option<Subscribers>, Option<Last>) {
        let mut state = lock(&self.state);
        let place = (source.node, source.scope);
        if state.interest.want().retain == 0 {
            return ((!source.retained).then(|| state.subscribers()), None);
        }
        if source.retained && state.last.contains_key(&place) {
            return (None, None);
        }
        let before = state.last.insert(place, (Arc::clone(event), source));
        (Some(state.subscribers()), before)
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
        gone.iter().filter_map(|place| self.last.remove(place)).collect()
    }

    /// They are others now; whether other nodes are to know.
    fn changed(&mut self, change: impl FnOnce(&mut Interest)) -> bool {
        self.all = None;
        let before = self.interest.want().sort();
        change(&mut self.interest);
        self.interest.want().sort() != before
    }
}
