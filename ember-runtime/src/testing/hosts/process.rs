//! What a host runs: software in a runtime of its own, beside that of the host's system, so that one can stand still while the other
//! goes on.

use std::{
    cell::{Cell, RefCell},
    fmt,
    panic::resume_unwind,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::future::LocalBoxFuture;
use tokio::{
    runtime::{Builder, Runtime},
    select,
    sync::Notify,
    task::{JoinHandle, LocalSet, spawn_local},
    time::{Instant, advance, sleep},
};

use crate::testing::trace::Here;

/// Makes the software, at each start.
type Software = Box<dyn Fn() -> LocalBoxFuture<'static, ()>>;

/// The process of a host. The driver alone starts, steps and ends it: outside of every runtime.
pub(in crate::testing) struct Process {
    software: Software,
    running: RefCell<Option<Running>>,
    paused: Cell<bool>,
    /// The time for which it has stood still.
    missed: Cell<Duration>,
    stood: Cell<Duration>,
    endless: Endless,
}

/// Says why what runs now will never wait. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(in crate::testing) struct Endless(Arc<(Notify, OnceLock<String>)>);

impl Endless {
    /// Ends the simulation, with this for a reason.
    pub(in crate::testing) fn say(&self, why: impl FnOnce() -> String) {
        self.0.1.get_or_init(why);
        self.0.0.notify_one();
    }
}

struct Running {
    runtime: Runtime,
    local: LocalSet,
    software: Option<JoinHandle<()>>,
}

impl Process {
    pub(in crate::testing) fn new(software: Software, endless: Endless) -> Self {
        Self {
            software,
            endless,
            running: RefCell::default(),
            paused: Cell::default(),
            missed: Cell::default(),
            stood: Cell::default(),
        }
    }

    /// Starts the software anew.
    #[allow(clippy::async_yields_async, reason = "the software's end is looked for after each step")]
    pub(in crate::testing) fn start(&self, now: Duration) {
        self.end(now);
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let (runtime, local) = (runtime.expect("a runtime of this thread needs nothing"), LocalSet::new());
        // Timers count in whole milliseconds.
        runtime.block_on(async { sleep(Duration::from_millis(1)).await });
        let software = {
            let _here = Here::at(now, None);
            runtime.block_on(local.run_until(async { spawn_local((self.software)()) }))
        };
        *self.running.borrow_mut() = Some(Running { runtime, local, software: Some(software) });
    }

    /// Ends all that runs, wherever it is.
    pub(in crate::testing) fn end(&self, now: Duration) {
        self.paused.set(false);
        self.missed.take();
        let Some(Running { runtime, local, .. }) = self.running.borrow_mut().take() else { return };
        let _here = Here::at(now, None);
        drop(runtime);
        drop(local);
    }

    /// Stops it as SIGSTOP does, or lets it go on: then all timers that are due are late at once.
    pub(in crate::testing) fn pause(&self, paused: bool) {
        self.paused.set(paused);
    }

    /// For how long it has stood still in all its starts.
    pub(in crate::testing) fn stood(&self) -> Duration {
        self.stood.get()
    }

    /// Lets it run for a tick, which began at `now`.
    pub(in crate::testing) fn step(&self, now: Duration, tick: Duration) {
        let mut running = self.running.borrow_mut();
        let Some(Running { runtime, local, software }) = &mut *running else { return };
        if self.paused.get() {
            self.stood.set(self.stood.get() + tick);
            return self.missed.set(self.missed.get() + tick);
        }
        let missed = self.missed.take();
        runtime.block_on(local.run_until(async {
            let _here = Here::at(now, Some(Instant::now() + missed));
            if !missed.is_zero() {
                advance(missed).await;
            }
            // No time passes while code runs: without the first, a loop that never waits would be run for ever.
            select! {
                biased;
                () = self.endless.0.0.notified() => {}
                () = sleep(tick) => {}
            }
        }));
        if let Some(why) = self.endless.0.1.get() {
            panic!("{why}");
        }
        if let Some(ended) = software.take_if(|it| it.is_finished())
            && let Err(error) = runtime.block_on(ended)
            && error.is_panic()
        {
            resume_unwind(error.into_panic());
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("paused", &self.paused).finish_non_exhaustive()
    }
}
