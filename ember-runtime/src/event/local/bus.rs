//! All subscribers of one node, by what they take.

use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    gone::let_go,
    interest::{Want, Wants},
    subscriber::{Handler, Last, Subscriber},
    tally::{Tallies, Tally},
    topic::{Subscribers, Topic},
    twins::Twins,
};
use crate::{
    actor::{Came, Cell, EventSource, Events, Item, Missed, Scope, ScopeKind, Service, Subscription},
    event::kinds::{self, AnyEvent, Known},
    id::{NodeKey, Pid},
    message::Keys,
    sync::{lock, ordered},
};

/// The subscribers of one node.
pub(crate) struct Bus {
    here: NodeKey,
    topics: Mutex<BTreeMap<TypeId, Arc<Topic>>>,
    numbers: AtomicU64,
    /// What other nodes are to know has changed.
    changed: ordered::Sender<()>,
    /// How many events the subscribers have missed.
    missed: Arc<AtomicU64>,
}

/// An event of this node, on its way to its subscribers.
pub(crate) struct Numbered {
    number: u64,
    subscribers: Subscribers,
    /// What was kept before it, let go of with this.
    before: Option<Last>,
}

impl Drop for Numbered {
    fn drop(&mut self) {
        // Not by its publisher's fault: that is told what became of the new one.
        let_go(self.before.take());
        let_go([mem::take(&mut self.subscribers)]);
    }
}

impl Numbered {
    /// How many take it, where this one has published it.
    pub(crate) fn takers(&self, scope: Scope, (here, by): (NodeKey, Option<Pid>)) -> usize {
        let source = EventSource::new(here, by, scope, self.number);
        self.subscribers.iter().filter(|it| it.fits(&source)).count()
    }
}

impl Bus {
    pub(crate) fn new(here: NodeKey) -> Self {
        Self {
            here,
            topics: Mutex::default(),
            numbers: AtomicU64::default(),
            changed: ordered::Sender::default(),
            missed: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TypeId, Arc<Topic>>> {
        lock(&self.topics)
    }

    fn topic(&self, of: TypeId) -> Option<Arc<Topic>> {
        self.lock().get(&of).cloned()
    }

    /// Of a type whose events may leave their node.
    pub(super) fn topic_of(&self, known: &'static Known) -> Arc<Topic> {
        let topic = || Arc::new(Topic::new(known.name(), Some(known)));
        Arc::clone(self.lock().entry((known.kind.of)()).or_insert_with(topic))
    }

    /// How many would take what is published on this node only.
    pub(crate) fn subscribers_of<E: 'static>(&self) -> usize {
        self.topic(TypeId::of::<E>())
            .map_or(0, |topic| topic.takers(&EventSource::new(self.here, None, Scope::Node, 0)))
    }

    /// Gives `event` to every subscriber; how many took it.
    pub(crate) fn publish<E: Send + Sync + 'static>(&self, event: E, by: Option<Pid>) -> usize {
        let Some(topic) = self.topic(TypeId::of::<E>()) else { return 0 };
        let event: Arc<AnyEvent> = Arc::new(event);
        let (number, subscribers, _) = topic.number(Scope::Node, self.here, &event, false);
        let taken =
            give(&subscribers, Item::new(&event, EventSource::new(self.here, by, Scope::Node, number), None)).taken;
        // It may be the last that has a service which has just ended.
        let_go([subscribers]);
        taken
    }

    /// Numbers one that may go farther, and keeps it for subscribers to come if it leaves its service. Nothing of others runs here.
    pub(crate) fn number(&self, known: &'static Known, scope: Scope, event: &Arc<AnyEvent>) -> Numbered {
        let (number, subscribers, before) = self.topic_of(known).number(scope, self.here, event, is_kept(scope));
        Numbered { number, subscribers, before }
    }

    /// Gives it to those who were there when it was numbered.
    pub(crate) fn give_numbered(
        &self,
        numbered: &Numbered,
        scope: Scope,
        event: &Arc<AnyEvent>,
        by: Option<Pid>,
    ) -> Tally {
        let digest = is_kept(scope).then_some(0);
        give(&numbered.subscribers, Item::new(event, EventSource::new(self.here, by, scope, numbered.number), digest))
    }

    /// How many here would take what goes so far, where this one publishes it.
    pub(crate) fn takers(&self, known: &'static Known, scope: Scope, by: Option<Pid>) -> usize {
        let source = EventSource::new(self.here, by, scope, 0);
        self.topic((known.kind.of)()).map_or(0, |topic| topic.takers(&source))
    }

    /// The last event that this node has published of a type.
    pub(crate) fn last(&self, known: &'static Known, scope: Scope) -> Option<Arc<AnyEvent>> {
        self.topic((known.kind.of)())?.last(self.here, scope).map(|(event, _)| event)
    }

    /// Gives an event of another node to those here who take it.
    pub(crate) fn give(
        &self,
        known: &'static Known,
        event: &Arc<AnyEvent>,
        (source, came): (EventSource, Came),
    ) -> Tally {
        let Some(topic) = self.topic((known.kind.of)()) else { return Tally::default() };
        let (subscribers, before) = topic.keep(event, source, came);
        let item = || Item::new(event, source, Some(came.digest)).of_bytes(came.bytes);
        let tally = subscribers.as_ref().map_or_else(Tally::default, |subscribers| give(subscribers, item()));
        let_go(before);
        let_go(subscribers);
        tally
    }

    /// Gives events of another node to those here who take them: of one publisher and scope, in their order, and none from before. `came` is said of the last.
    pub(crate) fn give_all(&self, known: &'static Known, events: Vec<Item>, came: Came) -> Tallies {
        let mut tallies = Tallies::new(events.len());
        let Some((topic, last)) = self.topic((known.kind.of)()).zip(events.last()) else { return tallies };
        if topic.want().retain > 0 {
            // Each is kept just before it is given: a subscription that begins meanwhile has what was kept by then, and what comes after it.
            for (place, item) in events.iter().enumerate() {
                let came = Came { digest: item.digest.unwrap_or(came.digest), bytes: item.bytes, ..came };
                let give = |event| self.give(known, event, (item.source, came));
                tallies.add(place, item.event().map_or_else(Tally::default, give));
            }
            return tallies;
        }
        let source = last.source;
        let (subscribers, before) = last.event().map_or((None, None), |event| topic.keep(event, source, came));
        if let Some(subscribers) = &subscribers {
            let takers = || subscribers.iter().filter(|it| it.fits(&source));
            // A service with several handlers has each event in all of them before the next.
            let twins = Twins::among(takers());
            let events = Events::from(events);
            takers().filter(|it| !twins.has(&***it)).for_each(|it| it.give_all(&events, &mut tallies));
            for (place, item) in events.iter().enumerate().filter(|_| !twins.is_empty()) {
                let (mut tally, mut giving) = (Tallies::new(1), twins.giving(item.clone()));
                takers().filter(|it| twins.has(&***it)).for_each(|it| giving.give(&**it, &mut tally));
                tallies.add(place, tally.of(0));
            }
        }
        let_go(before);
        let_go(subscribers);
        tallies
    }

    /// Which time it is that somebody here takes events of a type that go so far, since the last time that nobody did; nothing if nobody does.
    pub(crate) fn period(&self, known: &'static Known, scope: Scope) -> Option<u64> {
        self.topic((known.kind.of)())?.period(ScopeKind::of(scope))
    }

    /// Tells those here who would have taken them of events that they have missed.
    pub(crate) fn tell(&self, known: &'static Known, missed: Missed) {
        let Some(topic) = self.topic((known.kind.of)()) else { return };
        let scope = ScopeKind::of(missed.scope);
        let subscribers = topic.subscribers();
        subscribers.iter().filter(|it| it.takes().goes(scope)).for_each(|it| it.tell(missed));
        let_go([subscribers]);
    }

    /// A run of another node is gone: its last events are kept no more.
    pub(crate) fn forget(&self, node: NodeKey) {
        let topics: Vec<_> = self.lock().values().cloned().collect();
        topics.iter().for_each(|topic| let_go(topic.forget(node)));
    }

    /// What is wanted of other nodes.
    pub(crate) fn wants(&self) -> Wants {
        let topics: Vec<_> = self.lock().values().cloned().collect();
        let wanted = |topic: &Arc<Topic>| {
            Some((topic.known?.id, topic.want())).filter(|(_, it)| it.sort() != Want::default().sort())
        };
        topics.iter().filter_map(wanted).collect()
    }

    /// Tells when other nodes are to know something new.
    pub(crate) fn changes(&self) -> ordered::Receiver<()> {
        self.changed.subscribe()
    }

    /// How many events the subscribers here have missed.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Subscribes `cell`'s service to what it declares. What is returned ends that when dropped.
    pub(crate) fn subscribe<S: Service>(
        self: &Arc<Self>,
        cell: &Arc<Cell<S>>,
        subscriptions: &[Subscription<S>],
        keys: &Keys,
    ) -> Vec<Box<dyn Any + Send>> {
        let mut ends: Vec<Box<dyn Any + Send>> = Vec::new();
        for subscription in subscriptions {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let topic = match kinds::of_type(subscription.event) {
                Some(known) => self.topic_of(known),
                None => {
                    let topic = || Arc::new(Topic::new(subscription.type_name, None));
                    Arc::clone(self.lock().entry(subscription.event).or_insert_with(topic))
                }
            };
            let place = (cell.pid, subscription.unit, subscription.name);
            let before = (subscription.takes.retain && keys.is_empty()).then(|| topic.lying(&place)).flatten();
            let handler = Handler::new(cell, subscription, (topic.name, keys), before, Arc::clone(&self.missed));
            let handler = Arc::new(handler);
            let (kept, is_news) = topic.enter(number, Arc::clone(&handler) as Arc<dyn Subscriber>);
            handler.open(kept);
            if is_news {
                self.changed.send_replace(());
            }
            ends.push(Box::new(Subscribed { bus: Arc::downgrade(self), here: self.here, topic, number }));
        }
        ends
    }
}

/// Whether the last event that goes so far is kept for subscribers to come.
fn is_kept(scope: Scope) -> bool {
    scope != Scope::Service
}

fn give(subscribers: &[Arc<dyn Subscriber>], item: Item) -> Tally {
    let mut tallies = Tallies::new(1);
    if subscribers.is_empty() {
        return tallies.of(0);
    }
    let source = item.source;
    let takers = || subscribers.iter().filter(|it| it.fits(&source));
    // Where nothing is counted it does not matter who they are.
    let twins = if item.bytes > 0 { Twins::among(takers()) } else { Twins::default() };
    let mut giving = twins.giving(item);
    // With nothing locked: a mailbox may be that of a service that has just ended.
    takers().for_each(|it| giving.give(&**it, &mut tallies));
    tallies.of(0)
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bus").field(&self.lock().len()).finish()
    }
}

struct Subscribed {
    bus: Weak<Bus>,
    here: NodeKey,
    topic: Arc<Topic>,
    number: u64,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        // It may be the last that holds its service: dropped with nothing locked.
        let ((left, stale), is_news) = self.topic.leave(self.number, self.here);
        let_go(stale);
        let_go(left);
        if let Some(bus) = self.bus.upgrade().filter(|_| is_news) {
            bus.changed.send_replace(());
        }
    }
}

#[cfg(test)]
#[path = "bus_tests.rs"]
mod tests;
