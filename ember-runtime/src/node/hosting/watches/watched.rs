//! Who watches whom: each watcher is told of the end of each service that it watches, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use super::{ends::Ends, watchers::Watchers};
use crate::{
    actor::{AnyCell, Down, DownReason, Watcher},
    call::{EndOf, Router},
    id::{NodeKey, Pid},
    message::RawReply,
    sync::{AbortOnDrop, lock},
};

/// The watches that this node's services have set, and those that other nodes have set on them.
pub(crate) struct Watches {
    here: NodeKey,
    router: Arc<Router>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    targets: BTreeMap<Pid, Target>,
    /// What each service watches.
    watched_by: BTreeMap<u64, Watched>,
    /// Other nodes that wait for the end of a service of this one: each once, whatever it asks.
    elsewhere: BTreeMap<u64, BTreeMap<NodeKey, RawReply<'static>>>,
    /// How services of this node have ended: whoever was to be told may have had no link then.
    ends: Ends,
    closed: bool,
}

#[derive(Default)]
struct Watched {
    pids: BTreeSet<Pid>,
    /// When there are so many, look for those that only modules watched which have ended.
    prune_at: usize,
}

/// A watched service. Whoever takes it out of the map tells the watchers: so they are told once.
#[derive(Default)]
struct Target {
    /// By number.
    watchers: BTreeMap<u64, Service>,
    /// Waits for the end, if the service is on another node.
    follower: Option<AbortOnDrop>,
}

/// A service that watches another.
struct Service {
    cell: Arc<dyn AnyCell>,
    /// The life in which it asked.
    life: u64,
    /// Who of it.
    watchers: Watchers,
}

impl Watches {
    pub(crate) fn new(here: NodeKey, router: Arc<Router>) -> Arc<Self> {
        Arc::new(Self { here, router, state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// `watcher`, of the service `cell`, wants to know when `pid` has ended. Asked twice, it is told once.
    pub(crate) fn watch(self: &Arc<Self>, cell: Arc<dyn AnyCell>, watcher: Watcher, pid: Pid) {
        let (number, life) = (cell.pid().number, cell.life());
        let is_local = pid.node == self.here;
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let deaf = !cell.hears(&watcher) && !state.watched_by.contains_key(&number);
        let name = cell.name();
        let gone = state.prune(number);
        state.watched_by.entry(number).or_default().pids.insert(pid);
        let target = state.targets.entry(pid).or_default();
        let new = || Service { cell, life, watchers: Watchers::default() };
        let service = target.watchers.entry(number).or_insert_with(new);
        if life != service.life {
            service.watchers.clear();
            service.life = life;
        }
        service.watchers.add(watcher);
        if !is_local && target.follower.is_none() {
            let (router, watches) = (Arc::clone(&self.router), Arc::downgrade(self));
            let task = self.router.runtime().spawn(async move {
                let reason = super::remote_end::end_of(&router, pid).await;
                if let Some(watches) = watches.upgrade() {
                    watches.tell(pid, reason);
                }
            });
            target.follower = Some(AbortOnDrop(task.abort_handle()));
        }
        drop(state);
        drop(gone);
        if deaf {
            tracing::warn!(
                target: "ember::service", service = %name, watched = %pid,
                "it watches a service, but has no `#[on(down)]` that would be told of its end"
            );
        }
        // It is removed from the router before its watchers are looked for: it is either found here, or tells by itself.
        if is_local && self.router.cells.get(pid.number).is_none() {
            self.tell(pid, DownReason::NoSuchService);
        }
    }

    /// `watcher`, of the service `number`, does not want to know any more.
    pub(crate) fn unwatch(&self, number: u64, watcher: &Watcher, pid: Pid) {
        let mut state = self.lock();
        let gone = state.keep(number, pid, |watchers| watchers.remove(watcher));
        drop(state);
        drop(gone);
    }

    /// The service has ended, or starts anew: it watches no more.
    pub(crate) fn forget(&self, number: u64) {
        let mut state = self.lock();
        let pids = state.watched_by.remove(&number).unwrap_or_default().pids;
        let gone: Vec<_> = pids.into_iter().filter_map(|pid| state.remove(number, pid)).collect();
        drop(state);
        drop(gone);
    }

    /// Another node wants to know when the service with this number has ended. If it asks again, only the last question is answered.
    pub(crate) fn watch_from_elsewhere(&self, node: NodeKey, question: &EndOf, reply: RawReply<'static>) {
        let number = question.service;
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let earlier = state.elsewhere.entry(number).or_default().insert(node, reply);
        drop(state);
        drop(earlier);
        if self.router.cells.get(number).is_none() {
            let known = question.again.then(|| self.lock().ends.of(number)).flatten();
            self.tell_elsewhere(number, known.unwrap_or(DownReason::NoSuchService));
        }
    }

    /// A service of this node has ended.
    pub(crate) fn ended(&self, pid: Pid, reason: DownReason) {
        self.lock().ends.add(pid.number, reason);
        self.tell(pid, reason);
        self.tell_elsewhere(pid.number, reason);
    }

    fn tell(&self, pid: Pid, reason: DownReason) {
        let mut state = self.lock();
        let Some(target) = state.targets.remove(&pid) else { return };
        for number in target.watchers.keys() {
            if let Some(watched) = state.watched_by.get_mut(number) {
                watched.pids.remove(&pid);
            }
        }
        drop(state);
        let down = Down::new(pid, reason);
        for Service { cell, life, watchers } in target.watchers.values() {
            cell.down(&down, *life, &watchers.all());
        }
    }

    fn tell_elsewhere(&self, number: u64, reason: DownReason) {
        let waiting = self.lock().elsewhere.remove(&number).unwrap_or_default();
        for reply in waiting.into_values() {
            super::remote_end::answer(reply, reason);
        }
    }

    /// Drops what waits for nodes that do not want it any more.
    pub(crate) fn prune(&self) {
        let mut state = self.lock();
        state.elsewhere.retain(|_, waiting| {
            waiting.retain(|_, reply| !reply.is_unwanted());
            !waiting.is_empty()
        });
    }

    /// The node ends: nobody is told anything any more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let ended = mem::replace(&mut *state, State { closed: true, ..State::default() });
        drop(state);
        drop(ended);
    }
}

impl State {
    /// Keeps some watchers of a service; without any it does not watch. What is returned is to be dropped with nothing locked: it may be
    /// the last that holds the service.
    fn keep(&mut self, number: u64, pid: Pid, keep: impl Fn(&mut Watchers)) -> Option<Service> {
        let Service { watchers, .. } = self.targets.get_mut(&pid)?.watchers.get_mut(&number)?;
        keep(watchers);
        if !watchers.is_empty() {
            return None;
        }
        if let Some(watched) = self.watched_by.get_mut(&number) {
            watched.pids.remove(&pid);
        }
        self.remove(number, pid)
    }

    /// Takes out, now and then, what only modules watched which have ended.
    fn prune(&mut self, number: u64) -> Vec<Service> {
        let Some(watched) = self.watched_by.get(&number).filter(|it| it.pids.len() >= it.prune_at.max(16)) else {
            return Vec::new();
        };
        let pids = watched.pids.clone();
        let gone = pids
            .into_iter()
            .filter_map(|pid| self.keep(number, pid, |watchers| watchers.retain(|watcher| !watcher.is_over())))
            .collect();
        if let Some(watched) = self.watched_by.get_mut(&number) {
            watched.prune_at = watched.pids.len() * 2;
        }
        gone
    }

    fn remove(&mut self, number: u64, pid: Pid) -> Option<Service> {
        let target = self.targets.get_mut(&pid)?;
        let gone = target.watchers.remove(&number);
        if target.watchers.is_empty() {
            self.targets.remove(&pid);
        }
        gone
    }
}

impl std::fmt::Debug for Watches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watches").field("here", &self.here).finish_non_exhaustive()
    }
}
