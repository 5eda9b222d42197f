//! An event on its way out.

use std::sync::Arc;

use super::{
    hub::{Hub, unwritable},
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
    /// Whom an event of this type would go to, as far as is known.
    pub(crate) fn reach(&self, known: &'static Known, scope: Scope) -> EventReach {
        let here = if self.is_here(scope) { self.bus.takers(known, scope) } else { 0 };
        let mut reach = EventReach { nodes: usize::from(here > 0), subscribers: here, others: 0 };
        if scope != Scope::Node {
            let route = self.route(known.id, scope);
            for takers in route.lines.iter().filter_map(|line| line.takers(known.id, scope)) {
                reach.nodes += 1;
                reach.subscribers += takers as usize;
            }
            reach.others = route.others.len();
        }
        reach
    }

    fn is_here(&self, scope: Scope) -> bool {
        match scope {
            Scope::Node | Scope::Cluster => true,
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
        let mut published = Published::default();
        if scope != Scope::Node {
            let route = self.route(known.id, scope);
            if !route.lines.is_empty() {
                published.named = self.send(known, scope, &event, (by, &route.lines));
            }
        }
        let here = self.bus.publish_known(known, scope, &event, (by, self.is_here(scope)));
        published.here = self.is_here(scope).then_some(here);
        published
    }

    fn send(
        &self,
        known: &'static Known,
        scope: Scope,
        event: &Arc<AnyEvent>,
        (by, lines): (Option<Pid>, &[Arc<Line>]),
    ) -> Vec<Named> {
        self.counts.encoded.add(1);
        let limit = self.router.fitting(usize::MAX);
        let bytes = match known.bytes(&**event) {
            Ok(bytes) if bytes.len() > limit => Err(format!("it has {} bytes, and {limit} may travel", bytes.len())),
            bytes => bytes,
        };
        let bytes = bytes.map_err(|error| unwritable(known.name(), &error)).ok();
        let service = by.map(|pid| pid.number);
        let mut named = Vec::with_capacity(lines.len());
        for line in lines {
            let place = match line.put(known.id, scope == Scope::Cluster, bytes.as_ref(), service) {
                Some(Put::At(place)) => Some(place),
                Some(Put::Dropped) => None,
                Some(Put::Unwanted) | None => continue,
            };
            if place.is_some() { &self.counts.queued } else { &self.counts.dropped }.add(1);
            named.push(Named { line: Arc::clone(line), place });
        }
        named
    }
}

impl Named {
    pub(crate) fn node(&self) -> NodeKey {
        self.line.peer
    }
}
