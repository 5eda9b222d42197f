//! Keeps the view and the registry informed of this node's registered services. A change is only noted where it happens; what
//! is told is the state at the time of telling, so that of several changes the last one is what stays.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::Notify;

#[cfg(feature = "cluster")]
use crate::directory::{Announcer, Held, Mine};
use crate::{actor::AnyCell, directory::Directory, sync::lock};

/// Takes note of changes, and passes them on.
pub(crate) struct Publisher {
    directory: Arc<Directory>,
    /// By number: those whose state has changed since the view was told.
    changed: Mutex<BTreeMap<u64, Weak<dyn AnyCell>>>,
    wake: Arc<Notify>,
    #[cfg(feature = "cluster")]
    announcer: std::sync::OnceLock<Arc<Announcer>>,
}

impl Publisher {
    pub(crate) fn new(directory: Arc<Directory>) -> Arc<Self> {
        Arc::new(Self {
            directory,
            changed: Mutex::default(),
            wake: Arc::default(),
            #[cfg(feature = "cluster")]
            announcer: std::sync::OnceLock::new(),
        })
    }

    /// Puts a service into the view, now, and into the registry, soon, and keeps both informed until it has ended.
    pub(crate) fn publish(self: &Arc<Self>, cell: &Arc<dyn AnyCell>) {
        let (me, it, number) = (Arc::downgrade(self), Arc::downgrade(cell), cell.pid().number);
        cell.on_change(Box::new(move |_, _| {
            if let Some(me) = me.upgrade() {
                me.note(number, &it);
            }
        }));
        // After that: what changed before is seen here, what changes from now on is noted.
        self.directory.enter_local(cell);
        self.announce(number);
    }

    /// Callers on this node know at once how it is.
    pub(crate) fn refresh(&self, cell: &Arc<dyn AnyCell>) {
        self.directory.refresh_local(std::slice::from_ref(cell));
    }

    /// Something else is to be said of it in the registry.
    pub(crate) fn touch(&self, number: u64) {
        self.announce(number);
    }

    /// Takes one that has ended out of both, for good.
    pub(crate) fn withdraw(&self, cell: &dyn AnyCell) {
        self.directory.remove_local(cell.pid());
        self.announce(cell.pid().number);
    }

    /// It is called with the state of the service locked.
    fn note(&self, number: u64, cell: &Weak<dyn AnyCell>) {
        let mut changed = lock(&self.changed);
        changed.entry(number).or_insert_with(|| Weak::clone(cell));
        drop(changed);
        self.wake.notify_one();
        self.announce(number);
    }

    /// Passes on what is noted, until all of the node's services have ended and nobody holds the node.
    pub(crate) fn run(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let (wake, me) = (Arc::clone(&self.wake), Arc::downgrade(self));
        async move {
            loop {
                wake.notified().await;
                let Some(me) = me.upgrade() else { return };
                me.pass_on();
            }
        }
    }

    /// Passes on what has been noted: all that has come together, as one view.
    pub(crate) fn pass_on(&self) {
        let changed = std::mem::take(&mut *lock(&self.changed));
        // The view holds those that it lists.
        let cells: Vec<_> = changed.into_values().filter_map(|cell| cell.upgrade()).collect();
        self.directory.refresh_local(&cells);
    }

    #[cfg(not(feature = "cluster"))]
    fn announce(&self, _: u64) {}
}

impl Drop for Publisher {
    /// The ends of the last services, and of the task.
    fn drop(&mut self) {
        self.pass_on();
        self.wake.notify_one();
    }
}

#[cfg(feature = "cluster")]
impl Publisher {
    /// From now on changes are written in the registry, too.
    pub(crate) fn write_with(&self, announcer: Arc<Announcer>) {
        let _first = self.announcer.set(announcer);
    }

    pub(crate) fn announcer(&self) -> Option<&Arc<Announcer>> {
        self.announcer.get()
    }

    /// What is published until the result is dropped goes into the registry together: to be dropped without having waited.
    pub(crate) fn hold(&self) -> Option<Held<'_>> {
        self.announcer.get().map(|announcer| announcer.hold())
    }

    fn announce(&self, number: u64) {
        if let Some(announcer) = self.announcer.get() {
            announcer.touch([Mine::Service(number)]);
        }
    }
}
