//! What a node knows about reaching services: its own by number, all others through the directory.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::{
    described::Described,
    home::{Home, Over},
    hosted::{Askers, Cells, Followings, Replicas},
    lent_streams::LentStreams,
    local_calls::{LocalCalls, Runs},
    open_calls::OpenCalls,
};
use crate::{
    actor::{AnyCell, ServiceState},
    call::outages::Outages,
    directory::{Balancers, Directory},
    hooks::Hooks,
    id::{NodeKey, Pid},
    rng::Rng,
    sync::ordered,
};

/// The way to services, from one node.
pub(crate) struct Router {
    /// No other router of this process has it.
    pub(crate) number: u64,
    pub(crate) key: NodeKey,
    pub(crate) runs: Runs,
    pub(crate) home: Home,
    pub(crate) hooks: Hooks,
    directory: Arc<Directory>,
    rng: Rng,
    pub(crate) balancers: Balancers,
    pub(crate) outages: Outages,
    /// The node is about to stop.
    /// Its services are chosen no more.
    retired: AtomicBool,
    /// It ends.
    ending: AtomicBool,
    pub(crate) open_calls: Arc<OpenCalls>,
    pub(crate) described: Described,
    pub(crate) cells: Cells,
    pub(crate) replicas: Replicas,
    pub(crate) followings: Followings,
    /// Who asks what became of calls.
    pub(crate) askers: Askers,
    pub(crate) streams: Arc<LentStreams>,
    /// The node leaves: streams of others are not read here any more.
    pub(crate) reads_no_more: ordered::Sender<bool>,
    #[cfg(feature = "cluster")]
    pub(crate) links: std::sync::OnceLock<Arc<crate::transport::Links>>,
    #[cfg(feature = "cluster")]
    pub(crate) departures: super::departures::Departures,
}

impl Router {
    /// A service here has ended: nothing is left of it.
    pub(crate) fn ended(&self, pid: Pid) {
        self.cells.remove(pid);
        self.replicas.remove(pid.number);
        self.followings.remove(pid.number);
    }

    /// A router for the present runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(crate) fn new(
        key: NodeKey,
        directory: Arc<Directory>,
        rng: Rng,
        (local_calls, hooks, balancers, outages): (LocalCalls, Hooks, Balancers, Outages),
    ) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
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
            runs: Runs::new(local_calls),
            home: Home::here(on_end),
            hooks,
            directory,
            rng,
            balancers,
            outages,
            retired: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            open_calls: Arc::default(),
            described: Described::default(),
            cells: Cells::default(),
            replicas: Replicas::default(),
            followings: Followings::default(),
            askers: Askers::default(),
            streams: Arc::default(),
            reads_no_more: ordered::Sender::default(),
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

    /// All its services are to be chosen no more, whatever each is doing yet. Whether that is news.
    pub(crate) fn retire(&self) -> bool {
        !self.retired.swap(true, Ordering::AcqRel)
    }

    /// The node is about to stop, and all its services with it.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.retire();
    }

    pub(crate) fn has_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Whether a service is about to end, as far as is known here.
    pub(crate) fn retires(&self, pid: Pid) -> bool {
        let here = pid.node == self.key;
        let at_once =
            || self.is_ending() || self.cells.get(pid.number).is_some_and(|it| it.state() == ServiceState::Retiring);
        here && at_once() || self.directory.is_ending(pid)
    }

    #[inline]
    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.rng
    }

    /// A service of this node, in words and by pid.
    pub(crate) fn place(&self, cell: &dyn AnyCell) -> (String, Pid) {
        let (identity, node) = (cell.identity(), self.directory.node(self.key.id));
        (format!("{}/{}@{}", identity.name, identity.id, node.as_ref().map_or("", |node| &node.name)), cell.pid())
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("key", &self.key).finish_non_exhaustive()
    }
}
