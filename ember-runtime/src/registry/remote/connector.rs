//! Connections: one at a time, to one of several servers.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout};

use super::{channel::Connections, wire::Wire};
use crate::registry::{
    RegistryError,
    api::{Context, Result},
};

/// TCP, TLS and the login; short enough that an operation can still try a second server.
const CONNECT_AND_LOG_IN: Duration = Duration::from_millis(1_500);
/// Between two rounds over servers none of which answered, where that is worth repeating.
const PAUSE: Duration = Duration::from_millis(20);

/// Makes connections to one server. It is shown as where that is.
pub(crate) trait Dial: fmt::Debug + fmt::Display + Send + Sync {
    /// For whoever counts his connections so.
    fn dial<'a>(&'a self, made: &'a Connections) -> BoxFuture<'a, Result<Arc<dyn Wire>>>;
}

/// Makes connections to whichever of several servers answers.
#[derive(Debug)]
pub(crate) struct Connector {
    servers: Vec<Box<dyn Dial>>,
    /// For how long "nobody listens there" is tried again before it is reported.
    patience: Duration,
    works_anywhere: bool,
    next: AtomicUsize,
}

/// A connection that was working when it was made.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) wire: Arc<dyn Wire>,
    /// Where it leads, for messages.
    pub(super) address: Arc<str>,
    /// Tells it from those before and after it.
    pub(super) number: usize,
}

impl Connector {
    /// To `servers`, of which there is at least one.
    pub(crate) fn new(context: &Context, servers: Vec<Box<dyn Dial>>, patience: Duration) -> Self {
        // Nodes begin at different servers, so that they do not all load the first.
        let next = AtomicUsize::new(context.rng.below(servers.len()));
        Self { servers, patience, works_anywhere: context.network.works_anywhere(), next }
    }

    /// Whether connections can be made on whatever runtime.
    pub(super) fn works_anywhere(&self) -> bool {
        self.works_anywhere
    }

    /// Connects to the first server that lets it, beginning after the one tried last.
    pub(super) async fn connect(&self, made: &Connections) -> Result<Connection> {
        let give_up = Instant::now() + self.patience;
        loop {
            let mut failures = Vec::new();
            let mut refusal = None;
            for _ in &self.servers {
                // Counted before the attempt: if that is cancelled, the next operation tries another server.
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let server = &self.servers[number % self.servers.len()];
                match timeout(CONNECT_AND_LOG_IN, server.dial(made)).await {
                    Ok(Ok(wire)) => return Ok(Connection { wire, address: server.to_string().into(), number }),
                    // Its text alone: what is said of all of them begins with what it is.
                    Ok(Err(RegistryError::Unavailable(why))) => failures.push(format!("{server}: {why}")),
                    Ok(Err(error)) => refusal = Some(error),
                    Err(_) => failures.push(format!("{server} did not answer in time")),
                }
            }
            match refusal {
                Some(refusal) => return Err(refusal),
                None if Instant::now() < give_up => sleep(PAUSE).await,
                None => return Err(RegistryError::Unavailable(failures.join("; "))),
            }
        }
    }
}
