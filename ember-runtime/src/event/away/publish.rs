//! An event on its way out.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;

use super::{
    hub::{Hub, Route},
    line::Line,
    queue::Put,
};
use crate::{
    actor::Scope,
    event::{
        kinds::{AnyEvent, Known},
        local::Tally,
    },
    id::{NodeKey, Pid},
};

/// What became of an event when it was published.
#[derive(Default)]
pub(crate) struct Published {
    /// On this node; nothing if it does not go there.
    pub(crate) here: Option<Tally>,
    pub(crate) named: Vec<Named>,
    /// Whom it goes to.
    pub(crate) reach: EventReach,
}

/// A node that it goes to.
pub(crate) struct Named {
    pub(crate) line: Arc<Line>,
    /// Its place there; nothing if it is missed.
    pub(crate) place: Option<u64>,
}

/// Whom an event of some type goes to, as far as the view of this node says: what [`Node::event_reach`](crate::node::Node::event_reach) shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventReach {
    nodes: usize,
    subscribers: usize,
    others: usize,
}

impl EventReach {
    /// How many nodes it goes to, this one included if it has subscribers.
    pub fn nodes(self) -> usize {
        self.nodes
    }

    /// How many subscribers they have, as each has said last.
    pub fn subscribers(self) -> usize {
        self.subscribers
    }

    /// How many nodes have subscribers for an event of this name with another structure: it does not go there. The log of both nodes has the
    /// structures.
    pub fn other_structures(self) -> usize {
        self.others
    }
}

impl Hub {
    /// Whom an event of this type would go to, as far as is known, if this service publishes it.
    pub(crate) fn reach(&self, known: &'static Known, scope: Scope, by: Option<Pid>) -> EventReach {
        let here = if self.is_here(scope) { self.bus.takers(known, scope, by) } else { 0 };
        let mut reach = EventReach { nodes: usize::from(here > 0), subscribers: here, others: 0 };
        if leaves(scope) {
            let route = self.route(known.id, scope);
            for takers in route.lines.iter().filter_map(|line| line.takers(known.id, scope)) {
                reach.nodes += 1;
                reach.subscribers += takers as usize;
            }
            reach.others = route.others;
        }
        reach
    }

    fn is_here(&self, scope: Scope) -> bool {
        match scope {
            Scope::Service | Scope::Node | Scope::Cluster => true,
            Scope::Server(server) => server == self.server,
        }
    }

    /// Gives an event to all who take it.
    pub(crate) fn publish(
        &self,
        known: &'static Known,
        scope: Scope,
        event: Arc<AnyEvent>,
        by: Option<Pid>,
    ) -> Published {
        self.counts.published.add(1);
        let found = || if leaves(scope) { self.route(known.id, scope) } else { Arc::default() };
        let (mut route, mut bytes) = (found(), None);
        let (numbered, mut published) = loop {
            if bytes.is_none() && !route.lines.is_empty() {
                // Before anything is locked: that is code of users.
                self.counts.encoded.add(1);
                bytes = Some(self.written(known, &event));
            }
            let _ordered = self.ordered();
            if route.is_stale() {
                route = found();
            }
            if route.lines.is_empty() || bytes.is_some() {
                let numbered = self.bus.number(known, scope, &event);
                break (numbered, self.send((known, scope), bytes.flatten().as_ref(), (by, &*route)));
            }
        };
        if self.is_here(scope) {
            let takers = numbered.takers(scope, (self.here(), by));
            published.reach.nodes += usize::from(takers > 0);
            published.reach.subscribers += takers;
            published.here = Some(self.bus.give_numbered(&numbered, scope, &event, by));
        }
        published
    }

    fn send(
        &self,
        (known, scope): (&'static Known, Scope),
        bytes: Option<&Bytes>,
        (by, route): (Option<Pid>, &Route),
    ) -> Published {
        let service = by.map(|pid| pid.number);
        let (mut named, mut reach) = (Vec::with_capacity(route.lines.len()), EventReach::default());
        reach.others = route.others;
        if !route.away.is_empty() {
            route.missed.fetch_add(1, Ordering::Relaxed);
            self.drop_for(route.away.len());
        }
        for line in &*route.lines {
            let (put, takers) = line.put(known.id, scope == Scope::Cluster, bytes, service);
            let place = match put {
                Put::At(place) => Some(place),
                Put::Dropped => None,
                Put::Unwanted => continue,
            };
            reach.nodes += usize::from(takers > 0);
            reach.subscribers += takers as usize;
            self.counts.queued.add(usize::from(place.is_some()));
            named.push(Named { line: Arc::clone(line), place });
        }
        Published { here: None, named, reach }
    }
}

/// Whether it goes to other nodes.
fn leaves(scope: Scope) -> bool {
    !matches!(scope, Scope::Service | Scope::Node)
}

impl Named {
    pub(crate) fn node(&self) -> NodeKey {
        self.line.peer
    }
}
