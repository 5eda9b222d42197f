//! How far the events of other nodes are here: so that none is given twice, and what is missing is told in its place.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    line::RUNS_REMEMBERED,
    wire::{Batch, StreamName, Taken},
};
use crate::{
    actor::{Came, EventSource, Item, Missed, MissedReason, Scope},
    event::{
        kinds::{self, AnyEvent, Known},
        local::{Bus, let_go},
    },
    id::{NodeKey, Pid, xxh3},
    panics::attempt,
    sync::lock,
};

/// Of all runs of nodes that have sent events.
#[derive(Default)]
pub(super) struct Sources {
    all: Mutex<BTreeMap<NodeKey, Entry>>,
    /// How many batches have come.
    batches: AtomicU64,
}

/// Of one of them.
#[derive(Default)]
struct Entry {
    source: Arc<(Turn, Mutex<Source>)>,
    /// Which batch was its last one.
    heard: u64,
}

/// Held while a batch is read and given: the next one of this run waits. What is code of users runs under nothing else.
type Turn = tokio::sync::Mutex<()>;

#[derive(Default)]
struct Source {
    /// By type, and whether they go to the whole cluster.
    streams: BTreeMap<(u64, bool), Stream>,
    /// It was lost, and the subscribers know.
    lost: bool,
    /// What of its last batch had no room in so many mailboxes: said once more, if its answer was lost.
    full: BTreeMap<(StreamName, u64), u32>,
}

/// How far one stream is.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    generation: u64,
    last: u64,
    /// In which [time of subscriptions](Bus::period) its last event was given.
    given_in: Option<u64>,
}

impl Stream {
    fn far(self) -> (u64, u64) {
        (self.generation, self.last)
    }
}

/// An item of a batch: its index, its stream, its number, who has published it, how it has come, and the event or why it cannot be read; nothing if it
/// came before.
struct Come<'a> {
    index: u32,
    name: &'a StreamName,
    number: u64,
    service: Option<Pid>,
    came: Came,
    event: Option<(&'static Known, Result<Arc<AnyEvent>, String>)>,
}

/// What follows from a batch: done in this order, with nothing locked.
enum Step<'a> {
    Give(&'a Come<'a>),
    /// It came before, and had no room in so many mailboxes.
    Before(&'a Come<'a>, u32),
    Tell(&'static Known, Missed),
}

/// What gives events to subscribers, and the server id of this node.
pub(super) type Here<'a> = (&'a Bus, u32);

impl Sources {
    /// Of one that is heard now.
    fn of(&self, peer: NodeKey) -> Arc<(Turn, Mutex<Source>)> {
        let mut all = lock(&self.all);
        let entry = all.entry(peer).or_default();
        entry.heard = self.batches.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&entry.source)
    }

    /// The same, if it was ever heard.
    fn known(&self, peer: NodeKey) -> Option<Arc<(Turn, Mutex<Source>)>> {
        lock(&self.all).get(&peer).map(|entry| Arc::clone(&entry.source))
    }

    pub(super) fn runs(&self) -> Vec<NodeKey> {
        lock(&self.all).keys().copied().collect()
    }

    /// Takes what is new of a batch. What of it came before, over a link that has broken since, is passed over. Cancel safe: nothing is taken of one that
    /// has still to wait for its turn.
    pub(super) async fn receive(&self, peer: NodeKey, batch: &Batch, (bus, server): Here<'_>) -> Taken {
        let of = self.of(peer);
        let (turn, source) = &*of;
        let _turn = turn.lock().await;
        let far = lock(source).streams.clone();
        let come = read(peer, batch, &far);
        let steps = lock(source).take(peer, batch, (&come, (bus, server)));
        let (mut taken, mut full) = (Taken::default(), BTreeMap::new());
        let mut note = |item: &Come<'_>, mailboxes: u32| {
            if mailboxes > 0 {
                taken.full.push((item.index, mailboxes));
                full.insert((*item.name, item.number), mailboxes);
            }
        };
        let mut rest = &steps[..];
        while let Some((step, behind)) = rest.split_first() {
            rest = behind;
            match step {
                Step::Give(item) => {
                    let (together, others) = rest.split_at(run_behind(item, rest));
                    rest = others;
                    if together.is_empty() {
                        note(item, give(peer, item, (bus, server)));
                    } else {
                        give_all(peer, (item, together), (bus, server), &mut note);
                    }
                }
                Step::Before(item, mailboxes) => note(item, *mailboxes),
                Step::Tell(known, missed) => bus.tell(known, *missed),
            }
        }
        lock(source).end(full, &steps, (bus, server));
        drop(steps);
        // Those that nobody has taken, or all have dealt with already.
        let_go(come.into_iter().filter_map(|item| item.event));
        let takers = batch.streams.iter().map(|name| {
            let known = kinds::of_id(name.event);
            let takers = known.map_or(0, |known| bus.takers(known, scope_of(name, server), None));
            u32::try_from(takers).unwrap_or(u32::MAX)
        });
        taken.takers = takers.collect();
        taken
    }

    /// A run of a node is lost: what it published last may never come.
    pub(super) fn lose(&self, peer: NodeKey, (bus, server): Here<'_>) {
        let Some(of) = self.known(peer) else { return };
        let streams: Vec<_> = {
            let mut source = lock(&of.1);
            if std::mem::replace(&mut source.lost, true) {
                return;
            }
            source.streams.keys().copied().collect()
        };
        for (event, cluster) in streams {
            let Some(known) = kinds::of_id(event) else { continue };
            let name = StreamName { event, cluster, generation: 0 };
            bus.tell(known, missed(peer, known, (scope_of(&name, server), None, MissedReason::PublisherLost)));
        }
    }

    /// It does not come back.
    pub(super) fn forget(&self, peer: NodeKey) {
        lock(&self.all).remove(&peer);
    }

    /// So many are kept of those that are not there, those that were heard last. The others, which are forgotten.
    pub(super) fn prune(&self, is_there: impl Fn(NodeKey) -> bool) -> Vec<NodeKey> {
        let mut all = lock(&self.all);
        let away = all.iter().filter(|(peer, _)| !is_there(**peer)).map(|(peer, entry)| (entry.heard, *peer));
        let mut away: Vec<_> = away.collect();
        away.sort_unstable();
        away.truncate(away.len().saturating_sub(RUNS_REMEMBERED));
        away.iter().for_each(|(_, peer)| drop(all.remove(peer)));
        away.into_iter().map(|(_, peer)| peer).collect()
    }
}

/// How many of the next steps give what can be given together with `item`: readable events of one stream.
fn run_behind(item: &Come<'_>, next: &[Step<'_>]) -> usize {
    let is_of_it = |it: &Come<'_>| it.name == item.name && it.number > 0 && matches!(it.event, Some((_, Ok(_))));
    let together = |step: &&Step<'_>| matches!(step, Step::Give(it) if is_of_it(it));
    if is_of_it(item) { next.iter().take_while(together).count() } else { 0 }
}

/// Gives items of one stream to those who take them, and notes of each in how many mailboxes it had no room.
fn give_all(
    peer: NodeKey,
    (first, others): (&Come<'_>, &[Step<'_>]),
    (bus, server): Here<'_>,
    note: &mut dyn FnMut(&Come<'_>, u32),
) {
    let others = others.iter().filter_map(|step| if let Step::Give(item) = step { Some(*item) } else { None });
    let items: Vec<_> = std::iter::once(first).chain(others).collect();
    let scope = scope_of(first.name, server);
    let event = |item: &&Come<'_>| {
        let Some((_, Ok(event))) = &item.event else { return None };
        let source = EventSource::new(peer, item.service, scope, item.number);
        Some(Item::new(event, source, Some(item.came.digest)).of_bytes(item.came.bytes))
    };
    let events: Vec<_> = items.iter().filter_map(event).collect();
    let (Some((known, _)), Some(last)) = (&first.event, items.last()) else { return };
    let tallies = bus.give_all(known, events, last.came);
    for (place, item) in items.iter().enumerate() {
        note(item, u32::try_from(tallies.of(place).full).unwrap_or(u32::MAX));
    }
}

/// Gives an item to those who take it; in how many mailboxes it had no room.
fn give(peer: NodeKey, item: &Come<'_>, (bus, server): Here<'_>) -> u32 {
    let Some((known, event)) = &item.event else { return 0 };
    let (scope, number) = (scope_of(item.name, server), item.number);
    let source = EventSource::new(peer, item.service, scope, number);
    let source = if number == 0 { source.kept() } else { source };
    let full = match event {
        Ok(event) => bus.give(known, event, (source, item.came)).full,
        Err(_) => {
            if number > 0 {
                bus.tell(known, missed(peer, known, (scope, Some(1), MissedReason::Unreadable)));
            }
            bus.takers(known, scope, None)
        }
    };
    u32::try_from(full).unwrap_or(u32::MAX)
}

impl Source {
    /// Goes on by what is new of a batch.
    fn take<'a>(&mut self, peer: NodeKey, batch: &Batch, (come, here): (&'a [Come<'a>], Here<'_>)) -> Vec<Step<'a>> {
        self.lost = false;
        let (mut steps, mut noted) = (Vec::with_capacity(come.len()), None);
        for item in come {
            let is_new = item.event.as_ref().is_some_and(|(known, _)| {
                let known = *known;
                if item.number == 0 {
                    self.begin(peer, (item.name, known), here, &mut steps)
                } else {
                    self.reach(peer, (item.name, known, item.number), here, &mut steps)
                }
            });
            if is_new {
                if noted.replace(*item.name) != Some(*item.name) {
                    self.note_given(item, here);
                }
                steps.push(Step::Give(item));
            } else if let Some(mailboxes) = self.full.get(&(*item.name, item.number)) {
                steps.push(Step::Before(item, *mailboxes));
            }
        }
        for (stream, last) in &batch.last {
            if let Some(name) = batch.streams.get(*stream as usize) {
                self.last(peer, (name, *last), here, &mut steps);
            }
        }
        steps
    }

    /// All of a batch has been given. What of it had no room in how many mailboxes.
    fn end(&mut self, full: BTreeMap<(StreamName, u64), u32>, steps: &[Step<'_>], here: Here<'_>) {
        self.full = full;
        let mut noted = None;
        for item in steps.iter().rev().filter_map(|step| if let Step::Give(item) = step { Some(item) } else { None }) {
            // Somebody may have come meanwhile.
            if noted.replace(*item.name) != Some(*item.name) {
                self.note_given(item, here);
            }
        }
    }

    /// An event is given to those who subscribe now.
    fn note_given(&mut self, item: &Come<'_>, (bus, server): Here<'_>) {
        if let Some((known, _)) = &item.event
            && let Some(stream) = self.streams.get_mut(&(item.name.event, item.name.cluster))
            && stream.generation == item.name.generation
        {
            stream.given_in = bus.period(known, scope_of(item.name, server));
        }
    }

    /// The last number of a stream.
    fn last(&mut self, peer: NodeKey, (name, last): (&StreamName, u64), here: Here<'_>, steps: &mut Vec<Step<'_>>) {
        let Some(known) = kinds::of_id(name.event) else { return };
        if let Some(next) = last.checked_add(1)
            && self.reach(peer, (name, known, next), here, steps)
            && let Some(stream) = self.streams.get_mut(&(name.event, name.cluster))
        {
            stream.last = last;
        }
    }

    /// Goes on to this generation; whether it is no earlier one.
    ///
    /// A later one begins when the publisher was told that nobody wants its events, and then that somebody does. Whoever began to subscribe in between may
    /// have taken what was still on its way, and misses what was published until then: how much, nobody has counted.
    fn begin(
        &mut self,
        peer: NodeKey,
        (name, known): (&StreamName, &'static Known),
        (bus, server): Here<'_>,
        steps: &mut Vec<Step<'_>>,
    ) -> bool {
        let at = self.streams.entry((name.event, name.cluster)).or_default();
        if at.generation < name.generation {
            let before = std::mem::replace(at, Stream { generation: name.generation, ..Stream::default() });
            if before.given_in.is_some() && before.given_in == bus.period(known, scope_of(name, server)) {
                let hole = (scope_of(name, server), None, MissedReason::NotSent);
                steps.push(Step::Tell(known, missed(peer, known, hole)));
            }
        }
        at.generation == name.generation
    }

    /// Goes on to this number, and tells of those before it that have not come. Whether it is new.
    fn reach(
        &mut self,
        peer: NodeKey,
        (name, known, number): (&StreamName, &'static Known, u64),
        here: Here<'_>,
        steps: &mut Vec<Step<'_>>,
    ) -> bool {
        if !self.begin(peer, (name, known), here, steps) {
            return false;
        }
        let stream = self.streams.entry((name.event, name.cluster)).or_default();
        if number <= stream.last {
            return false;
        }
        let count = number - stream.last - 1;
        stream.last = number;
        if count > 0 {
            let gap = (scope_of(name, here.1), Some(count), MissedReason::NotSent);
            steps.push(Step::Tell(known, missed(peer, known, gap)));
        }
        true
    }
}

/// Reads what may be new to one who is so far. Of what cannot be read the first is logged.
fn read<'a>(peer: NodeKey, batch: &'a Batch, far: &BTreeMap<(u64, bool), Stream>) -> Vec<Come<'a>> {
    let stream = |name: &'a StreamName| {
        let known = kinds::of_id(name.event)?;
        Some((name, known, far.get(&(name.event, name.cluster)).map(|stream| stream.far())))
    };
    let streams: Vec<_> = batch.streams.iter().map(stream).collect();
    let (mut come, mut rest, mut is_logged) = (Vec::with_capacity(batch.items.len()), &batch.bytes[..], false);
    for (index, item) in (0_u32..).zip(&batch.items) {
        let Some((bytes, others)) = rest.split_at_checked(item.length as usize) else { break };
        rest = others;
        let Some(&Some((name, known, at))) = streams.get(item.stream as usize) else { continue };
        let is_old = item.number > 0 && at.is_some_and(|at| (name.generation, item.number) <= at);
        let event = (!is_old).then(|| {
            let event = attempt(|| (known.kind.read)(bytes)).map_err(|panic| panic.to_string());
            event.and_then(|event| event.map_err(|error| error.to_string()))
        });
        if let Some(Err(error)) = &event
            && !std::mem::replace(&mut is_logged, true)
        {
            let (event, number) = (known.name(), item.number);
            tracing::error!(target: "ember::event", event, publisher = %peer, number, %error, "an event cannot be read, and perhaps others with it");
        }
        let service = item.service.map(|number| Pid { node: peer, number });
        let digest = if event.is_some() { xxh3(bytes) } else { 0 };
        let (came, event) =
            (Came { generation: name.generation, digest, bytes: bytes.len() }, event.map(|event| (known, event)));
        come.push(Come { index, name, number: item.number, service, came, event });
    }
    come
}

fn missed(
    publisher: NodeKey,
    known: &'static Known,
    (scope, count, why): (Scope, Option<u64>, MissedReason),
) -> Missed {
    Missed { publisher, event: known.name(), scope, count, why }
}

fn scope_of(name: &StreamName, server: u32) -> Scope {
    if name.cluster { Scope::Cluster } else { Scope::Server(server) }
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
