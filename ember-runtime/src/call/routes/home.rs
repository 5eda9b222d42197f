//! The runtime of a node, and how others use it: handlers and timers must find it wherever a call is made, and callers
//! must learn of its end.

use std::{
    cell::Cell,
    hash::Hash,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::{
    runtime::{self, EnterGuard, Handle},
    sync::watch,
    task::{self, AbortHandle},
};

use super::mixed::Mixed;
use crate::{
    error::{Error, RefusedReason},
    panics::Panic,
};

/// The runtime of a node.
#[derive(Debug)]
pub(crate) struct Home {
    handle: Handle,
    id: runtime::Id,
    life: Arc<Life>,
    /// Is dropped with the runtime.
    canary: AbortHandle,
}

#[derive(Debug, Default)]
struct Life {
    /// The runtime has ended, or is about to.
    ended: AtomicBool,
    /// The node has been shut down, or dropped.
    closed: AtomicBool,
    /// As `ended`, for those who wait.
    told: watch::Sender<bool>,
}

/// Why nothing can be done through a node any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// It has been shut down, or dropped.
    Closed,
    /// The runtime that it was started on has ended.
    Runtime,
}

impl From<Over> for RefusedReason {
    fn from(over: Over) -> Self {
        match over {
            Over::Closed => Self::NodeClosed,
            Over::Runtime => Self::RuntimeEnded,
        }
    }
}

impl From<Over> for Error {
    fn from(over: Over) -> Self {
        match over {
            Over::Closed => Self::Closed,
            Over::Runtime => Self::RuntimeEnded,
        }
    }
}

/// The runtime has ended while something was polled that needs it.
pub(crate) struct Ended;

/// So many tasks are remembered by a thread.
const REMEMBERED: usize = 64;

thread_local! {
    /// Tasks that have run on this thread, and their runtimes: asking tokio costs as much as a short call. Only what was
    /// found where the task polls with its own waker is remembered: within `block_in_place` it can wait for another runtime's
    /// `block_on`, under the same id. An id never comes again. (A task of a `LocalSet` is taken to stay on one runtime.)
    static TASKS: [Cell<Option<(task::Id, runtime::Id)>>; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

/// The address of the functions of the wakers of tokio's tasks; 0 before it is known.
static OF_TASKS: AtomicUsize = AtomicUsize::new(0);

/// A task that polls with its own waker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Poller {
    task: task::Id,
    waker: usize,
}

/// While it lives, the present thread is at home.
pub(crate) struct AtHome<'a> {
    _entered: Option<EnterGuard<'a>>,
}

impl Home {
    /// The present runtime. Whoever remembers something by the life of the runtime is told of its end by `on_end`.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(crate) fn here(on_end: impl FnOnce() + Send + 'static) -> Self {
        let (handle, life) = (Handle::current(), Arc::<Life>::default());
        let canary = Canary { life: Arc::clone(&life), on_end: Some(on_end) };
        let canary = handle.spawn(async move {
            let _canary = canary;
            std::future::poll_fn(|task: &mut Context<'_>| {
                OF_TASKS.store(functions(task.waker()), Ordering::Relaxed);
                Poll::<()>::Pending
            })
            .await;
        });
        Self { id: handle.id(), handle, life, canary: canary.abort_handle() }
    }

    pub(crate) fn id(&self) -> runtime::Id {
        self.id
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The node ends; the runtime may go on.
    pub(crate) fn close(&self) {
        self.life.closed.store(true, Ordering::Release);
        self.canary.abort();
    }

    /// Why nothing can be done any more, if so.
    pub(crate) fn over(&self) -> Option<Over> {
        if self.life.closed.load(Ordering::Acquire) {
            return Some(Over::Closed);
        }
        self.has_ended().then_some(Over::Runtime)
    }

    fn has_ended(&self) -> bool {
        self.life.ended.load(Ordering::Acquire)
    }

    /// Waits until the runtime has ended. It goes on for ever if the node is closed before.
    pub(crate) async fn until_it_ends(&self) {
        let mut told = self.life.told.subscribe();
        // The sender lives as long as the node.
        let _ = told.wait_for(|ended| *ended).await;
    }

    /// Sees to it that handlers which run here find the runtime of the node. `last` is a task that is known to be at home.
    #[inline]
    pub(crate) fn enter(&self, last: &mut Option<Poller>, task: &Context<'_>) -> AtHome<'_> {
        let present = Poller::present(task.waker());
        if present.is_some() && present == *last {
            return AtHome { _entered: None };
        }
        self.look(present, task.waker(), last)
    }

    #[cold]
    fn look(&self, present: Option<Poller>, waker: &Waker, last: &mut Option<Poller>) -> AtHome<'_> {
        // With another waker than its own, who knows who polls.
        let own = present.filter(|_| functions(waker) == OF_TASKS.load(Ordering::Relaxed));
        let at_home = runtime_of(own) == Some(self.id);
        *last = own.filter(|_| at_home);
        AtHome { _entered: (!at_home).then(|| self.handle.enter()) }
    }

    /// Polls what has timers of this runtime, whoever does.
    pub(crate) fn poll<F: Future + ?Sized>(
        &self,
        mut future: Pin<&mut F>,
        task: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Ended>> {
        self.guard(|| {
            let _at_home = self.enter(&mut None, task);
            future.as_mut().poll(task)
        })
        .map_or_else(|ended| Poll::Ready(Err(ended)), |poll| poll.map(Ok))
    }

    /// Does what needs the timers of this runtime. They panic if it has ended, which callers elsewhere outlive.
    pub(crate) fn guard<T>(&self, poll: impl FnOnce() -> T) -> Result<T, Ended> {
        if self.has_ended() {
            return Err(Ended);
        }
        // It may end just now.
        catch_unwind(AssertUnwindSafe(poll)).map_err(|panic| {
            if self.over().is_none() {
                resume_unwind(panic);
            }
            drop(Panic::from(panic));
            Ended
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.canary.abort();
    }
}

/// A runtime that ends drops its tasks first, then its timers.
struct Canary<F: FnOnce()> {
    life: Arc<Life>,
    on_end: Option<F>,
}

impl<F: FnOnce()> Drop for Canary<F> {
    fn drop(&mut self) {
        // Then it has not been the runtime.
        if self.life.closed.load(Ordering::Acquire) {
            return;
        }
        self.life.ended.store(true, Ordering::Release);
        self.life.told.send_replace(true);
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
    }
}

impl Poller {
    #[inline]
    fn present(waker: &Waker) -> Option<Self> {
        Some(Self { task: task::try_id()?, waker: waker.data().addr() })
    }
}

fn functions(waker: &Waker) -> usize {
    std::ptr::from_ref(waker.vtable()).addr()
}

/// The present runtime, where `task` runs.
fn runtime_of(task: Option<Poller>) -> Option<runtime::Id> {
    let ask = || Handle::try_current().ok().map(|handle| handle.id());
    // Without a task there is nothing to remember it by.
    let Some(Poller { task, .. }) = task else { return ask() };
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    fn is_pending(waiting: Pin<&mut impl Future>) -> bool {
        waiting.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn the_end_of_the_runtime_is_told_once_it_has_ended_and_not_before() {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let (told, ended) = std::sync::mpsc::channel();
        let home = runtime.block_on(async { Home::here(move || told.send(()).unwrap()) });
        let mut waiting = pin!(home.until_it_ends());
        assert!(is_pending(waiting.as_mut()) && home.over().is_none() && ended.try_recv().is_err());
        assert!(home.guard(|| 7).is_ok_and(|done| done == 7));
        drop(runtime);
        assert!(!is_pending(waiting) && home.over() == Some(Over::Runtime) && ended.try_recv() == Ok(()));
        assert!(home.guard(|| 7).is_err());
    }

    #[test]
    fn a_node_that_is_closed_first_is_not_told_of_the_end_of_the_runtime() {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let home = runtime.block_on(async { Home::here(|| panic!("the node has been closed")) });
        home.close();
        let mut waiting = pin!(home.until_it_ends());
        drop(runtime);
        assert!(is_pending(waiting.as_mut()) && home.over() == Some(Over::Closed));
    }
}
