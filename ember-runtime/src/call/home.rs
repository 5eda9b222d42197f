//! Whether a caller runs on the runtime of a node: a handler must find its own reactor and timers wherever it runs.

use std::{cell::Cell, hash::Hash};

use tokio::{
    runtime::{self, EnterGuard, Handle},
    task,
};

use super::mixed::Mixed;

/// The runtime of a node.
#[derive(Debug)]
pub(super) struct Home {
    handle: Handle,
    id: runtime::Id,
}

/// So many tasks are remembered by a thread.
const REMEMBERED: usize = 64;

thread_local! {
    /// Tasks that have run on this thread, and their runtimes: asking tokio costs as much as a short call. A task never
    /// changes its runtime, and its id never comes again.
    static TASKS: [Cell<Option<(task::Id, runtime::Id)>>; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

/// While it lives, the present thread is at home.
pub(super) struct AtHome<'a> {
    _entered: Option<EnterGuard<'a>>,
}

impl Home {
    /// The present runtime.
    pub(super) fn here() -> Self {
        let handle = Handle::current();
        Self { id: handle.id(), handle }
    }

    pub(super) fn id(&self) -> runtime::Id {
        self.id
    }

    /// Sees to it that handlers which run here find the runtime of the node. `last` is a task that is known to be at home.
    #[inline]
    pub(super) fn enter(&self, last: &mut Option<task::Id>) -> AtHome<'_> {
        let present = task::try_id();
        if present.is_some() && present == *last {
            return AtHome { _entered: None };
        }
        self.look(present, last)
    }

    #[cold]
    fn look(&self, task: Option<task::Id>, last: &mut Option<task::Id>) -> AtHome<'_> {
        let at_home = runtime_of(task) == Some(self.id);
        *last = task.filter(|_| at_home);
        AtHome { _entered: (!at_home).then(|| self.handle.enter()) }
    }
}

/// The present runtime, where `task` runs.
fn runtime_of(task: Option<task::Id>) -> Option<runtime::Id> {
    let ask = || Handle::try_current().ok().map(|handle| handle.id());
    // Outside of a task there is nothing to remember it by.
    let Some(task) = task else { return ask() };
    TASKS.with(|tasks| {
        let place = &tasks[slot(task)];
        match place.get() {
            Some((known, runtime)) if known == task => Some(runtime),
            _ => {
                let runtime = ask();
                place.set(runtime.map(|runtime| (task, runtime)));
                runtime
            }
        }
    })
}

#[inline]
fn slot(task: task::Id) -> usize {
    let mut mixed = Mixed(0);
    task.hash(&mut mixed);
    mixed.place(REMEMBERED)
}
