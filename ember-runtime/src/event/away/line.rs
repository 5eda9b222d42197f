//! The way of events to one run of another node.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use super::{
    queue::{MOST, Put, Queue, Sent, Shared},
    wire::Taken,
};
use crate::{
    actor::{Scope, ScopeKind},
    event::local::Wants,
    id::NodeKey,
    planted::{Bug, planted},
    sync::{lock, ordered, shielded},
};

/// Of runs of nodes that have left the view so many are remembered: what they wanted, and how far their events were.
pub(super) const RUNS_REMEMBERED: usize = 1024;

pub(crate) struct Line {
    pub(crate) peer: NodeKey,
    state: Mutex<State>,
    /// There is something to say to it.
    pub(super) bell: Notify,
    /// The link to it is up again.
    pub(super) up: Notify,
    /// Tells when items were answered, or thrown away.
    passed: ordered::Sender<()>,
}

struct State {
    /// The view has shown it.
    seen: bool,
    /// It is not in the view any more.
    away: bool,
    /// When it has left the view, as a number that grows.
    left: u64,
    /// It does not come back.
    gone: bool,
    server: u32,
    /// What it wants, with a structure that fits; as it has said last, under this number.
    wants: Wants,
    heard: u64,
    /// What it wants, and has another structure of.
    others: BTreeSet<u64>,
    /// Those of which the log was told.
    said: BTreeSet<u64>,
    queue: Queue,
    /// Who waits for what becomes of the item at this place.
    waiters: BTreeMap<u64, oneshot::Sender<Fate>>,
    /// What it is to know of this node is to be said again; it was said once.
    again: bool,
    told: bool,
}

/// Those who wait for what is known now, to be told with nothing locked.
#[must_use]
pub(super) struct Told(Vec<(oneshot::Sender<Fate>, Fate)>);

/// What became of an event for one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All have taken it.
    Taken,
    /// So many mailboxes were full.
    Full(u32),
    /// It was not sent, or nobody knows whether it has arrived.
    NotSent,
    Gone,
}

/// Whether a node wants events of some type and scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanting {
    Nothing,
    There,
    /// They are missed there, and counted.
    Away,
}

impl Line {
    pub(super) fn new(peer: NodeKey, shared: Arc<Shared>) -> Self {
        let state = State {
            seen: false,
            away: false,
            left: 0,
            gone: false,
            server: 0,
            wants: BTreeMap::new(),
            heard: 0,
            others: BTreeSet::new(),
            said: BTreeSet::new(),
            queue: Queue::new(MOST, shared),
            waiters: BTreeMap::new(),
            again: false,
            told: false,
        };
        Self {
            peer,
            state: Mutex::new(state),
            bell: Notify::new(),
            up: Notify::new(),
            passed: ordered::Sender::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// It says what it wants. The types of which it now wants the last event from before too; nothing, if it has said something newer already.
    pub(super) fn hear(
        &self,
        number: u64,
        server: u32,
        wants: Wants,
        others: BTreeSet<u64>,
    ) -> Option<Vec<(u64, bool)>> {
        let mut state = self.lock();
        if number < state.heard {
            return None;
        }
        let retains = |wants: &Wants, event: &u64| wants.get(event).map_or(0, |want| want.retain);
        let is_fresh = |event: &&u64| ![0, retains(&state.wants, event)].contains(&retains(&wants, event));
        let fresh: BTreeSet<_> = wants.keys().filter(is_fresh).copied().collect();
        let streams = wants.iter().flat_map(|(event, want)| {
            let kinds = [(want.server > 0, false), (want.cluster > 0, true)];
            kinds.into_iter().filter(|(is, _)| *is).map(move |(_, cluster)| (*event, cluster))
        });
        let streams: BTreeSet<_> = streams.collect();
        state.queue.want(&streams);
        (state.heard, state.server, state.wants, state.others) = (number, server, wants, others);
        Some(streams.into_iter().filter(|(event, _)| fresh.contains(event)).collect())
    }

    /// How many there take what goes so far; nothing if it does not want it, or is away.
    pub(super) fn takers(&self, event: u64, scope: Scope) -> Option<u32> {
        let state = self.lock();
        let want = state.wants.get(&event).filter(|_| !state.away)?;
        Some(want.takers(ScopeKind::of(scope))).filter(|takers| *takers > 0)
    }

    /// Whether it wants what goes so far: it is there, or else it is away.
    pub(super) fn wants(&self, event: u64, scope: Scope) -> Wanting {
        let state = self.lock();
        let is_wanted = match scope {
            Scope::Service | Scope::Node => false,
            Scope::Server(server) => server == state.server && state.queue.wants((event, false)),
            Scope::Cluster => state.queue.wants((event, true)),
        };
        match (is_wanted, state.away) {
            (false, _) => Wanting::Nothing,
            (true, false) => Wanting::There,
            (true, true) => Wanting::Away,
        }
    }

    /// Whether it wants it, and has another structure of it.
    pub(super) fn has_other(&self, event: u64) -> bool {
        self.lock().others.contains(&event)
    }

    /// Whether this is the first that is said of its other structure, by whichever of the two: the log is told once.
    pub(super) fn is_first_other(&self, event: u64) -> bool {
        self.lock().said.insert(event)
    }

    /// Queues an event. Its place, or that it is missed there, and how many take it.
    pub(super) fn put(&self, event: u64, cluster: bool, bytes: Option<&Bytes>, service: Option<u64>) -> (Put, u32) {
        let mut state = self.lock();
        let put = state.queue.put((event, cluster), bytes, service);
        let takers = state.wants.get(&event).map_or(0, |want| if cluster { want.cluster } else { want.server });
        drop(state);
        if put != Put::Unwanted {
            self.bell.notify_one();
        }
        (put, takers)
    }

    /// So many events were published while it was away.
    pub(super) fn skip(&self, event: u64, cluster: bool, count: u64) {
        self.lock().queue.skip((event, cluster), count);
    }

    /// Keeps a place for the last event from before; nothing if there is no room.
    pub(super) fn hold(&self, event: u64, cluster: bool) -> Option<u64> {
        self.lock().queue.hold((event, cluster))
    }

    /// What stands there; nothing if it cannot be sent. Whether it is sent. Nobody waits for what becomes of it.
    pub(super) fn fill(&self, place: u64, bytes: Option<Bytes>) -> bool {
        let is_sent = self.lock().queue.fill(place, bytes);
        self.bell.notify_one();
        if !is_sent {
            self.passed.send_replace(());
        }
        is_sent
    }

    pub(super) fn next(&self, most: usize, at_once: usize) -> Option<Sent> {
        let mut state = self.lock();
        if state.away { None } else { state.queue.next(most, at_once) }
    }

    pub(super) fn answered(&self, sent: &Sent, taken: &Taken) {
        let told = self.pass(|state| {
            for ((event, cluster), takers) in state.queue.answered(sent, taken) {
                if let Some(want) = state.wants.get_mut(&event) {
                    // It stays wanted until the node says something else.
                    *(if cluster { &mut want.cluster } else { &mut want.server }) = takers.max(1);
                }
            }
        });
        self.tell(told);
    }

    pub(super) fn refused(&self, sent: &Sent) {
        let told = self.pass(|state| state.queue.refused(sent));
        self.tell(told);
    }

    /// Changes what is known of what became of events: who waits for that.
    fn pass(&self, change: impl FnOnce(&mut State)) -> Told {
        let mut state = self.lock();
        change(&mut state);
        let passed = if state.gone { u64::MAX } else { state.queue.passed() };
        let later = state.waiters.split_off(&passed.saturating_add(1));
        let now = std::mem::replace(&mut state.waiters, later);
        Told(now.into_iter().map(|(place, waiter)| (waiter, state.fate(place))).collect())
    }

    /// Tells them.
    pub(super) fn tell(&self, Told(told): Told) {
        for (waiter, fate) in told {
            let _nobody_waits = waiter.send(fate);
        }
        self.passed.send_replace(());
    }

    /// The view shows it.
    pub(super) fn arrive(&self) {
        let mut state = self.lock();
        (state.seen, state.away) = (true, false);
    }

    /// Whether the view has shown it, and shows it no more.
    pub(super) fn is_away(&self) -> bool {
        self.lock().away
    }

    /// Whether the view has shown it, and shows it.
    pub(super) fn is_there(&self) -> bool {
        let state = self.lock();
        state.seen && !state.away
    }

    /// When it has left the view.
    pub(super) fn left(&self) -> u64 {
        self.lock().left
    }

    /// The view shows it no more: what waits for it is missed. What it wants is kept, so that it is known how much that is. Who waited for it is to be
    /// [told](Self::tell).
    pub(super) fn depart(&self, now: u64) -> Told {
        self.pass(|state| {
            (state.away, state.left) = (true, now);
            state.queue.throw_away();
            if planted(Bug::ForgetInterest) {
                state.wants.clear();
                state.queue.want(&BTreeSet::new());
            }
        })
    }

    /// It does not come back. Who waited for it is to be [told](Self::tell).
    pub(super) fn end(&self) -> Told {
        self.lock().gone = true;
        self.depart(self.left())
    }

    /// The link to it is up again: it is told once more what this node wants.
    pub(super) fn link_up(&self) {
        if !planted(Bug::ForgetInterest) {
            self.lock().again = true;
        }
        self.up.notify_one();
        self.bell.notify_one();
    }

    /// Whether it is to be told once more.
    pub(super) fn take_again(&self) -> bool {
        std::mem::take(&mut self.lock().again)
    }

    /// It is told what this node wants.
    pub(super) fn note_told(&self) {
        self.lock().told = true;
    }

    /// Whether it ever was.
    pub(super) fn was_told(&self) -> bool {
        self.lock().told
    }

    /// How many events wait for it.
    pub(super) fn waiting(&self) -> usize {
        self.lock().queue.waiting()
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.away || state.queue.is_empty()
    }

    /// What waits for it may have become less without an answer: whoever waits for that looks. To be called with nothing locked.
    pub(super) fn may_be_empty(&self) {
        self.passed.send_replace(());
    }

    /// Tells when items were answered, or thrown away.
    pub(super) fn passes(&self) -> ordered::Receiver<()> {
        self.passed.subscribe()
    }

    /// Waits for what becomes of the item at this place. There is one for each place at most.
    pub(crate) async fn settles(&self, place: u64) -> Fate {
        let told = {
            let mut state = self.lock();
            if state.gone || place <= state.queue.passed() {
                return state.fate(place);
            }
            let (tell, told) = oneshot::channel();
            state.waiters.insert(place, tell);
            told
        };
        shielded(told).await.unwrap_or(Fate::Gone)
    }
}

impl State {
    /// What became of the item at this place, which is known.
    fn fate(&self, place: u64) -> Fate {
        match self.queue.fate(place) {
            Some(0) => Fate::Taken,
            Some(mailboxes) => Fate::Full(mailboxes),
            None if self.gone => Fate::Gone,
            None => Fate::NotSent,
        }
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
