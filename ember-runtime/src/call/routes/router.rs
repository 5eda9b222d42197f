//! What a node knows about reaching services: its own by number, all others through the directory.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Context,
};

use super::{
    described::Described,
    home::{Home, Over},
    local_calls::LocalCalls,
    numbers::ByNumber,
};
use crate::{
    actor::{AnyCell, OnTheSpot, ServiceState},
    directory::Directory,
    error::RefusedReason,
    id::{NodeKey, Pid},
    message::Arrivals,
    rng::Rng,
};

/// A map of services with room for more than this shrinks with them.
const MANY: usize = 1024;

/// The way to services, from one node.
pub(crate) struct Router {
    /// No other router of this process has it.
    pub(crate) number: u64,
    pub(crate) key: NodeKey,
    pub(crate) local_calls: LocalCalls,
    /// For [`LocalCalls::Random`].
    coin: Rng,
    pub(crate) home: Home,
    directory: Arc<Directory>,
    rng: Rng,
    /// The node is about to stop.
    retiring: AtomicBool,
    pub(crate) described: Described,
    pub(crate) cells: RwLock<ByNumber<Arc<dyn AnyCell>>>,
    #[cfg(feature = "cluster")]
    pub(crate) links: std::sync::OnceLock<Arc<crate::transport::Links>>,
    #[cfg(feature = "cluster")]
    pub(crate) departures: super::departures::Departures,
}

impl Router {
    /// A router for the present runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(crate) fn new(key: NodeKey, directory: Arc<Directory>, rng: Rng, local_calls: LocalCalls) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let seed = if let LocalCalls::Random(seed) = local_calls { seed } else { 0 };
        let known = Arc::downgrade(&directory);
        // Whatever is remembered is looked up again, and refused.
        let on_end = move || {
            if let Some(directory) = known.upgrade() {
                directory.close();
            }
        };
        Arc::new(Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            key,
            local_calls,
            coin: Rng::from_seed(seed),
            home: Home::here(on_end),
            directory,
            rng,
            retiring: AtomicBool::new(false),
            described: Described::default(),
            cells: RwLock::default(),
            #[cfg(feature = "cluster")]
            links: std::sync::OnceLock::new(),
            #[cfg(feature = "cluster")]
            departures: super::departures::Departures::default(),
        })
    }

    /// Where everything of the node runs.
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        self.home.handle()
    }

    /// Why nothing can be done through this node any more, if so.
    pub(crate) fn over(&self) -> Option<Over> {
        self.home.over()
    }

    /// The node has ended: calls through it are refused.
    pub(crate) fn close(&self) {
        self.home.close();
        self.directory.close();
    }

    /// The node is about to stop: all its services retire, whatever each is doing yet.
    pub(crate) fn retire(&self) {
        self.retiring.store(true, Ordering::Release);
    }

    pub(crate) fn is_retiring(&self) -> bool {
        self.retiring.load(Ordering::Acquire)
    }

    /// Whether a service retires, as far as is known here.
    pub(crate) fn retires(&self, pid: Pid) -> bool {
        let here = pid.node == self.key;
        let at_once =
            || self.is_retiring() || self.cell(pid.number).is_some_and(|it| it.state() == ServiceState::Retiring);
        here && at_once() || self.directory.is_retiring(pid)
    }

    #[inline]
    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.rng
    }

    pub(crate) fn add(&self, cell: Arc<dyn AnyCell>) {
        self.cells.write().unwrap_or_else(PoisonError::into_inner).insert(cell.pid().number, cell);
    }

    /// The services that run on this node, in the order of their start.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyCell>> {
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        let mut cells: Vec<_> = cells.iter().map(|(number, cell)| (*number, Arc::clone(cell))).collect();
        cells.sort_unstable_by_key(|(number, _)| *number);
        cells.into_iter().map(|(_, cell)| cell).collect()
    }

    pub(crate) fn remove(&self, pid: Pid) {
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        let removed = cells.remove(&pid.number);
        // What many services needed is given back: rarely, so that it costs little for each.
        if cells.capacity() > MANY && cells.len() < cells.capacity() / 8 {
            cells.shrink_to(MANY / 2);
        }
        drop((cells, removed));
    }

    /// Delivers those calls from another node that are for one service; a task of this node's runtime does.
    #[cfg(feature = "cluster")]
    pub(crate) fn deliver(&self, number: u64, calls: &mut dyn Arrivals<'_>, task: &mut Context<'_>) {
        let which = match self.local_calls {
            LocalCalls::Adaptive => OnTheSpot::Quick,
            LocalCalls::Short => OnTheSpot::All,
            LocalCalls::Queued => OnTheSpot::None,
            LocalCalls::Random(_) if self.toss() => OnTheSpot::All,
            LocalCalls::Random(_) => OnTheSpot::None,
        };
        match self.cell(number) {
            Some(cell) => cell.deliver(calls, which, task),
            None => {
                while let Some(call) = calls.take_for(number) {
                    call.reply.fail(RefusedReason::Stopped);
                }
            }
        }
    }

    /// One of the two, as a seed says.
    pub(crate) fn toss(&self) -> bool {
        self.coin.below(2) == 0
    }

    /// A service of this node, for messages.
    pub(crate) fn place(&self, cell: &dyn AnyCell) -> String {
        let (identity, node) = (cell.identity(), self.directory.node(self.key.id));
        format!("{}/{}@{}", identity.name, identity.id, node.as_ref().map_or("", |node| &node.name))
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("key", &self.key).finish_non_exhaustive()
    }
}
