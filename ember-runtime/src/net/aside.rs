//! Threads on which code of users never runs, so that a handler that blocks every worker of a node holds up nothing of what others
//! wait for. Each serves all nodes of the process, and knows none of them: whoever starts a task there owns it.

use std::{future::pending, io, sync::OnceLock, thread};

use tokio::runtime::{Builder, Handle};

/// A thread with a runtime, started when it is first needed.
pub(crate) struct Aside {
    name: &'static str,
    /// What happens without it.
    otherwise: &'static str,
    runtime: OnceLock<Option<Handle>>,
}

/// For signs of life: heartbeats of links, deadlines of calls, renewals of leases. What runs here takes microseconds.
pub(crate) static PULSE: Aside =
    Aside::new("ember-pulse", "handlers that block their threads can end links and leases");
/// For the embedded registry, which answers other processes as well.
#[cfg(all(unix, feature = "embedded"))]
pub(crate) static REGISTRY: Aside =
    Aside::new("ember-registry", "handlers that block their threads hold up the embedded registry");

impl Aside {
    const fn new(name: &'static str, otherwise: &'static str) -> Self {
        Self { name, otherwise, runtime: OnceLock::new() }
    }

    /// Its runtime; `None` if there could be no thread.
    pub(crate) fn handle(&self) -> Option<Handle> {
        let start = || match self.start() {
            Ok(handle) => Some(handle),
            Err(error) => {
                tracing::warn!(target: "ember::node", %error, "no thread `{}`: {}", self.name, self.otherwise);
                None
            }
        };
        self.runtime.get_or_init(start).clone()
    }

    fn start(&self) -> io::Result<Handle> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        thread::Builder::new().name(self.name.into()).spawn(move || runtime.block_on(pending::<()>()))?;
        Ok(handle)
    }
}
