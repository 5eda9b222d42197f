//! How far the events of other nodes are here: so that none is given twice, and what is missing is told in its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::{
    line::REMEMBERED,
    wire::{Batch, StreamName, Taken},
};
use crate::{
    actor::{EventSource, Missed, MissedReason, Scope},
    event::{
        kinds::{self, Known},
        local::Bus,
    },
    id::{NodeKey, Pid},
    panics::attempt,
    sync::lock,
};

/// Of all runs of nodes that have sent events.
#[derive(Default)]
pub(super) struct Sources(Mutex<BTreeMap<NodeKey, Arc<Mutex<Source>>>>);

#[derive(Default)]
struct Source {
    /// By type, and whether they go to the whole cluster: the generation, and the last number.
    streams: BTreeMap<(u64, bool), (u64, u64)>,
    /// It was lost, and the subscribers know.
    lost: bool,
}

/// What gives events to subscribers, and the server id of this node.
pub(super) type Here<'a> = (&'a Bus, u32);

impl Sources {
    fn of(&self, peer: NodeKey) -> Arc<Mutex<Source>> {
        Arc::clone(lock(&self.0).entry(peer).or_default())
    }

    pub(super) fn runs(&self) -> Vec<NodeKey> {
        lock(&self.0).keys().copied().collect()
    }

    /// Takes what is new of a batch. What of it came before, over a link that has broken since, is passed over.
    pub(super) fn receive(&self, peer: NodeKey, batch: &Batch, here: Here<'_>) -> Taken {
        let source = self.of(peer);
        let mut source = lock(&source);
        source.lost = false;
        let mut taken = Taken::default();
        let mut rest = &batch.bytes[..];
        for (index, item) in (0_u32..).zip(&batch.items) {
            let Some((bytes, others)) = rest.split_at_checked(item.length as usize) else { break };
            rest = others;
            let Some(name) = batch.streams.get(item.stream as usize) else { continue };
            let service = item.service.map(|number| Pid { node: peer, number });
            let full = source.item(peer, name, (item.number, service, bytes), here);
            if full > 0 {
                taken.full.push((index, u32::try_from(full).unwrap_or(u32::MAX)));
            }
        }
        for (stream, last) in &batch.last {
            if let Some(name) = batch.streams.get(*stream as usize) {
                source.last(peer, name, *last, here);
            }
        }
        let takers = batch.streams.iter().map(|name| {
            let known = kinds::of_id(name.event);
            let takers = known.map_or(0, |known| here.0.takers(known, scope_of(name, here.1)));
            u32::try_from(takers).unwrap_or(u32::MAX)
        });
        taken.takers = takers.collect();
        taken
    }

    /// A run of a node is lost: what it published last may never come.
    pub(super) fn lose(&self, peer: NodeKey, here: Here<'_>) {
        let source = self.of(peer);
        let mut source = lock(&source);
        if std::mem::replace(&mut source.lost, true) {
            return;
        }
        for (event, cluster) in source.streams.keys() {
            let Some(known) = kinds::of_id(*event) else { continue };
            let name = StreamName { event: *event, cluster: *cluster, generation: 0 };
            let scope = scope_of(&name, here.1);
            here.0.tell(known, missed(peer, known, (scope, None, MissedReason::PublisherLost)));
        }
    }

    /// It does not come back.
    pub(super) fn forget(&self, peer: NodeKey) {
        lock(&self.0).remove(&peer);
    }

    /// So many are kept of those that are not there, the newest runs.
    pub(super) fn prune(&self, is_there: impl Fn(NodeKey) -> bool) {
        let mut all = lock(&self.0);
        let away: Vec<_> = all.keys().copied().filter(|peer| !is_there(*peer)).collect();
        for peer in away.iter().take(away.len().saturating_sub(REMEMBERED)) {
            all.remove(peer);
        }
    }
}

impl Source {
    /// In how many mailboxes the item had no room.
    fn item(
        &mut self,
        peer: NodeKey,
        name: &StreamName,
        (number, service, bytes): (u64, Option<Pid>, &[u8]),
        (bus, server): Here<'_>,
    ) -> usize {
        let Some(known) = kinds::of_id(name.event) else { return 0 };
        let scope = scope_of(name, server);
        if number > 0 && !self.reach(peer, name, (known, scope, number), bus) {
            return 0;
        }
        let source = EventSource::new(peer, service, scope, number);
        let source = if number == 0 { source.kept() } else { source };
        match attempt(|| (known.kind.read)(bytes)).map_err(|panic| panic.to_string()) {
            Ok(Ok(event)) => bus.give(known, &event, source).full,
            Ok(Err(error)) => unreadable(bus, peer, (known, scope, number), &error.to_string()),
            Err(error) => unreadable(bus, peer, (known, scope, number), &error),
        }
    }

    /// The last number of a stream.
    fn last(&mut self, peer: NodeKey, name: &StreamName, last: u64, (bus, server): Here<'_>) {
        let Some(known) = kinds::of_id(name.event) else { return };
        if let Some(next) = last.checked_add(1)
            && self.reach(peer, name, (known, scope_of(name, server), next), bus)
        {
            self.streams.insert((name.event, name.cluster), (name.generation, last));
        }
    }

    /// Goes on to this number, and tells of those before it that have not come. Whether it is new.
    fn reach(
        &mut self,
        peer: NodeKey,
        name: &StreamName,
        (known, scope, number): (&'static Known, Scope, u64),
        bus: &Bus,
    ) -> bool {
        let (generation, last) = self.streams.entry((name.event, name.cluster)).or_default();
        if name.generation > *generation {
            (*generation, *last) = (name.generation, 0);
        }
        if name.generation < *generation || number <= *last {
            return false;
        }
        let count = number - *last - 1;
        *last = number;
        if count > 0 {
            bus.tell(known, missed(peer, known, (scope, Some(count), MissedReason::NotSent)));
        }
        true
    }
}

fn unreadable(bus: &Bus, peer: NodeKey, (known, scope, number): (&'static Known, Scope, u64), error: &str) -> usize {
    tracing::error!(target: "ember::event", event = known.name(), publisher = %peer, number, %error, "an event cannot be read");
    if number > 0 {
        bus.tell(known, missed(peer, known, (scope, Some(1), MissedReason::Unreadable)));
    }
    bus.takers(known, scope)
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
