//! The listed instances that fulfil one interest, with a version of their own: a change elsewhere leaves it as it is, and with
//! it what callers remember of the group.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{instance::Instance, selecting::Selector};
use crate::id::Pid;

/// So many changes are told one by one; who is further behind looks at everybody.
const LOGGED: usize = 128;

/// The version of a group of a directory that has been closed: nothing is remembered of it.
const CLOSED: u64 = u64::MAX;

/// Those whom one interest names.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Grows by one with each change.
    version: AtomicU64,
    members: RwLock<Members>,
}

/// Who is in a group, and what has changed last.
#[derive(Debug, Default)]
pub(crate) struct Members {
    all: BTreeMap<Pid, Arc<Instance>>,
    version: u64,
    /// Whom the last changes were about, the newest last.
    log: VecDeque<Pid>,
    closed: bool,
}

impl Group {
    /// One that has these members.
    pub(crate) fn of<'a>(members: impl Iterator<Item = &'a Arc<Instance>>) -> Self {
        let all = members.map(|it| (it.pid, Arc::clone(it))).collect();
        Self { version: AtomicU64::default(), members: RwLock::new(Members { all, ..Members::default() }) }
    }

    /// Who remembers something of the group compares this: it is right as long as this is the same.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Members> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The member with this pid.
    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<Instance>> {
        self.read().find(pid).cloned()
    }

    /// Those who pass the filters, in the order of their pids.
    pub(crate) fn matching(&self, selector: &Selector) -> Vec<Arc<Instance>> {
        self.read().iter().filter(|it| selector.matches(it)).cloned().collect()
    }

    /// Enters a member, takes its new state, or removes it.
    pub(crate) fn put(&self, pid: Pid, instance: Option<Arc<Instance>>) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        let old = match instance {
            Some(instance) => members.all.insert(pid, instance),
            None => members.all.remove(&pid),
        };
        self.note(&mut members, pid);
        drop((members, old));
    }

    fn note(&self, members: &mut Members, pid: Pid) {
        if members.log.len() == LOGGED {
            members.log.pop_front();
        }
        members.log.push_back(pid);
        members.version += 1;
        self.version.store(if members.closed { CLOSED } else { members.version }, Ordering::Release);
    }

    /// Whatever is remembered of the group, now or later, is looked up again.
    pub(crate) fn close(&self) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        members.closed = true;
        self.version.store(CLOSED, Ordering::Release);
    }
}

impl Members {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn find(&self, pid: Pid) -> Option<&Arc<Instance>> {
        self.all.get(&pid)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.all.values()
    }

    /// Whom the changes after `version` were about; `None` if they are too many.
    pub(crate) fn changed_since(&self, version: u64) -> Option<impl Iterator<Item = Pid>> {
        let behind = usize::try_from(self.version - version).ok().filter(|behind| *behind <= self.log.len())?;
        Some(self.log.range(self.log.len() - behind..).copied())
    }
}
