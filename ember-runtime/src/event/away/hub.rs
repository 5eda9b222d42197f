//! All events that leave this node, and all that come.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    compare::Compared,
    counts::Counts,
    line::{Line, Wanting},
    queue::Shared,
    sources::Sources,
    wire::{Announce, Batch, Heard, Taken, Wanted},
};
use crate::{
    actor::Scope,
    call::Router,
    event::{
        kinds::{self, AnyEvent, Known},
        local::{Bus, Wants, let_go},
    },
    id::NodeKey,
    sync::lock,
};

/// The events of one node, as others have to do with them.
pub(crate) struct Hub {
    pub(super) router: Arc<Router>,
    pub(super) bus: Arc<Bus>,
    /// The server id of this node.
    pub(super) server: u32,
    lines: Mutex<Lines>,
    /// Shared while an event is kept and put into its queues; alone, while it changes who wants what and who is away, and the last events for a node are
    /// taken: so that it gets each event as one or the other, or is told that it was missed. Nothing of users runs under it.
    order: RwLock<()>,
    shared: Arc<Shared>,
    pub(super) sources: Sources,
    pub(crate) counts: Counts,
    announced: AtomicU64,
    /// A node has said for the first time what it wants.
    pub(super) stirred: Notify,
}

#[derive(Default)]
struct Lines {
    all: BTreeMap<NodeKey, Arc<Line>>,
    /// Who wants what, as it was found when somebody published last.
    routes: Routes,
}

type Routes = BTreeMap<(u64, Scope), Arc<Route>>;

/// Whom an event goes to.
#[derive(Default)]
pub(super) struct Route {
    pub(super) lines: Vec<Arc<Line>>,
    /// Those that are away: for them it is counted, which costs the same for however many.
    pub(super) away: Vec<Arc<Line>>,
    pub(super) missed: AtomicU64,
    /// How many want it, and have another structure.
    pub(super) others: usize,
    /// Somebody wants something else by now, or is away.
    is_stale: AtomicBool,
}

impl Route {
    /// Whether it is another one now. It does not become that while what other nodes want [does not change](Hub::ordered).
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }
}

impl Hub {
    pub(crate) fn new(router: Arc<Router>, bus: Arc<Bus>, server: u32) -> Arc<Self> {
        Arc::new(Self {
            router,
            bus,
            server,
            lines: Mutex::default(),
            order: RwLock::default(),
            shared: Arc::default(),
            sources: Sources::default(),
            counts: Counts::default(),
            announced: AtomicU64::new(0),
            stirred: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        lock(&self.lines)
    }

    /// The way to a run of another node.
    pub(super) fn line(&self, peer: NodeKey) -> Arc<Line> {
        let line = || Arc::new(Line::new(peer, Arc::clone(&self.shared)));
        Arc::clone(self.lock().all.entry(peer).or_insert_with(line))
    }

    /// What another node wants does not change until this is dropped.
    pub(super) fn ordered(&self) -> RwLockReadGuard<'_, ()> {
        self.order.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, if there is one.
    pub(super) fn known_line(&self, peer: NodeKey) -> Option<Arc<Line>> {
        self.lock().all.get(&peer).cloned()
    }

    pub(super) fn lines(&self) -> Vec<Arc<Line>> {
        self.lock().all.values().cloned().collect()
    }

    /// Changes who wants what, or who is away, while nobody publishes.
    pub(super) fn change<T>(&self, change: impl FnOnce() -> T) -> T {
        let _alone = self.order.write().unwrap_or_else(PoisonError::into_inner);
        for ((event, scope), route) in self.take_routes() {
            let missed = route.missed.load(Ordering::Relaxed);
            route.away.iter().for_each(|line| line.skip(event, scope == Scope::Cluster, missed));
        }
        let changed = change();
        // Somebody may have looked meanwhile, who does not publish.
        drop(self.take_routes());
        changed
    }

    /// How many events other nodes miss, since they have not left this one: each counted once for each of them.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.now()
    }

    /// One is missed by so many that are away.
    pub(super) fn drop_for(&self, away: usize) {
        self.shared.dropped.add(away);
    }

    fn take_routes(&self) -> Routes {
        let routes = std::mem::take(&mut self.lock().routes);
        routes.values().for_each(|route| route.is_stale.store(true, Ordering::Relaxed));
        routes
    }

    /// It does not come back.
    pub(super) fn forget(&self, peer: NodeKey) {
        let gone = self.change(|| {
            let gone = self.lock().all.remove(&peer)?;
            let told = gone.end();
            Some((gone, told))
        });
        if let Some((gone, told)) = gone {
            gone.tell(told);
        }
    }

    pub(super) fn route(&self, event: u64, scope: Scope) -> Arc<Route> {
        let mut lines = self.lock();
        let Lines { all, routes } = &mut *lines;
        let found = || {
            let of = |wanting| all.values().filter(|line| line.wants(event, scope) == wanting).cloned().collect();
            let others = all.values().filter(|line| line.has_other(event)).count();
            Arc::new(Route { lines: of(Wanting::There), away: of(Wanting::Away), others, ..Route::default() })
        };
        Arc::clone(routes.entry((event, scope)).or_insert_with(found))
    }

    /// The name of another node, for logs.
    pub(super) fn named(&self, peer: NodeKey) -> String {
        self.router.directory().name_of(peer).unwrap_or_default()
    }

    /// What this node wants, as it is said to others; with the structures of those types that `told` does not name.
    pub(super) fn announce(&self, wants: &Wants, told: &dyn Fn(u64) -> bool) -> Announce {
        let wanted = wants.iter().filter_map(|(event, want)| {
            let known = kinds::of_id(*event)?;
            let structure = (!told(*event)).then(|| known.structure.clone());
            let (name, fingerprint) = (known.name().to_owned(), known.fingerprint);
            Some(Wanted { event: *event, name, fingerprint, structure, want: *want })
        });
        // One that is made later has the higher number, whatever order they arrive in.
        let number = self.announced.fetch_add(1, Ordering::Relaxed) + 1;
        Announce { number, server: self.server, wanted: wanted.collect() }
    }

    /// Another node says what it wants.
    pub(crate) fn hear(&self, peer: NodeKey, said: Announce) -> Heard {
        let line = self.line(peer);
        let compared = Compared::of(&said.wanted, (peer, &self.named(peer)), &|event| line.is_first_other(event));
        let others = compared.other_ids();
        let (line, kept) = self.change(|| {
            // It may have been forgotten meanwhile: what is said on a way that is none any more would be lost.
            let line = self.line(peer);
            let kept = line.hear(said.number, said.server, compared.fits, others).unwrap_or_default();
            let kept = kept.into_iter().filter_map(|stream| self.hold_kept(&line, stream, said.server)).collect();
            (line, kept)
        });
        self.stirred.notify_one();
        // Of what it does not want any more nothing is left to say.
        line.may_be_empty();
        self.send_kept(&line, kept);
        Heard { others: compared.others }
    }

    /// The last event from before, for a node that now wants it, and its place there.
    fn hold_kept(&self, line: &Line, (event, cluster): (u64, bool), server: u32) -> Option<Kept> {
        let known = kinds::of_id(event)?;
        let last = self.bus.last(known, if cluster { Scope::Cluster } else { Scope::Server(server) })?;
        Some((known, last, line.hold(event, cluster)))
    }

    fn send_kept(&self, line: &Line, kept: Vec<Kept>) {
        for (known, last, place) in kept {
            let is_sent = place.is_some_and(|place| line.fill(place, self.written(known, &last)));
            if !is_sent {
                let (event, peer) = (known.name(), line.peer);
                tracing::warn!(target: "ember::event", event, %peer, "the last event from before has no room on its way to another node: it is missed there");
            }
            // It may have been replaced meanwhile.
            let_go([last]);
        }
    }

    /// The bytes of an event; nothing if it cannot leave this node, which is logged.
    pub(super) fn written(&self, known: &'static Known, event: &Arc<AnyEvent>) -> Option<Bytes> {
        let limit = self.router.fitting(usize::MAX);
        let bytes = match known.bytes(&**event) {
            Ok(bytes) if bytes.len() > limit => {
                let bytes = bytes.len();
                Err(format!(
                    "it has {bytes} bytes, and may have {limit}, half of `max_message`: raise `max_message` of all nodes, or publish less at once"
                ))
            }
            bytes => bytes,
        };
        bytes.map_err(|error| unwritable(known.name(), &error)).ok()
    }

    /// Another node sends events.
    pub(crate) async fn receive(&self, peer: NodeKey, batch: &Batch) -> Taken {
        self.counts.received.add(batch.items.len());
        self.sources.receive(peer, batch, (&self.bus, self.server)).await
    }

    pub(crate) fn here(&self) -> NodeKey {
        self.router.key
    }

    /// Whether the node has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.router.over().is_some()
    }

    /// How many events the subscribers here have missed.
    pub(crate) fn missed(&self) -> u64 {
        self.bus.missed()
    }

    /// The link to another node is up.
    pub(crate) fn link_up(&self, peer: NodeKey) {
        if let Some(line) = self.known_line(peer) {
            line.link_up();
        }
    }

    /// The node is about to stop: that something is not wanted any more is said now, and lingers no longer.
    pub(crate) fn hurry(&self) {
        self.lines().iter().for_each(|line| line.bell.notify_one());
    }

    /// Says what other nodes will not get, when this one does not wait for them any longer.
    pub(crate) fn tell_unsent(&self) {
        for line in self.lines().into_iter().filter(|line| !line.is_empty()) {
            let (peer, events) = (line.peer, line.waiting());
            tracing::warn!(target: "ember::event", %peer, events, "this node ends before another node has taken its last events, and does not wait for it: they are missed there");
        }
    }

    /// Waits until the other nodes have what was published for them.
    pub(crate) async fn drained(&self) {
        for line in self.lines() {
            let mut passes = line.passes();
            loop {
                passes.mark_unchanged();
                if line.is_empty() || passes.changed().await.is_err() {
                    break;
                }
            }
        }
    }
}

/// The last event of a type, for a node that now wants it, and its place there if there is one.
type Kept = (&'static Known, Arc<AnyEvent>, Option<u64>);

/// Says that an event cannot leave this node.
fn unwritable(event: &str, error: &str) {
    tracing::error!(target: "ember::event", event, %error, "an event cannot be written: other nodes miss it");
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("lines", &self.lock().all.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
