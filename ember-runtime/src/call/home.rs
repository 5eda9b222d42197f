//! Whether a caller runs on the runtime of a node: a handler must find its own reactor and timers wherever it runs.

use std::{
    cell::Cell,
    hash::{Hash, Hasher},
};

use tokio::{
    runtime::{self, EnterGuard, Handle},
    task,
};

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

    /// Sees to it that handlers which run here find the runtime of the node.
    #[inline]
    pub(super) fn enter(&self) -> AtHome<'_> {
        AtHome { _entered: (present() != Some(self.id)).then(|| self.handle.enter()) }
    }
}

/// The present runtime.
#[inline]
fn present() -> Option<runtime::Id> {
    let ask = || Handle::try_current().ok().map(|handle| handle.id());
    // Outside of a task there is nothing to remember it by.
    let Some(task) = task::try_id() else { return ask() };
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
    struct Last(u64);
    impl Hasher for Last {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            for &byte in bytes {
                self.0 = self.0.rotate_left(8) ^ u64::from(byte);
            }
        }

        #[inline]
        fn write_u64(&mut self, id: u64) {
            self.0 = id;
        }
    }
    let mut last = Last(0);
    task.hash(&mut last);
    (last.finish() % REMEMBERED as u64) as usize
}
