//! A host that runs a node.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::{Rc, Weak},
    time::Duration,
};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::{sync::mpsc, task::spawn_local};

use super::{
    ledger::Ledger,
    process::{Endless, Process},
    registry::SimRegistry,
    skew::{SimClock, Skew},
};
use crate::{
    error::{Error, Result},
    net::Endpoint,
    node::{Node, NodeBuilder},
    testing::{
        network::Kernel,
        trace::{Recorder, now},
    },
};

/// Pieces of work that may wait for a host at a time.
const WORK: usize = 4_096;
const PORT: u16 = 7_000;

/// The node was not running, or ended before the work was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDown(pub(in crate::testing) String);

impl fmt::Display for NodeDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the node `{}` was not running, or was killed before it had done this", self.0)
    }
}

impl std::error::Error for NodeDown {}

/// Work for a host, done in a task of its own there.
pub(in crate::testing) type Work = Box<dyn FnOnce(Node) -> LocalBoxFuture<'static, ()>>;

/// How a node is described.
pub(in crate::testing) type Build = Rc<dyn Fn(NodeBuilder) -> NodeBuilder>;

/// One simulated host with a node.
pub(in crate::testing) struct Host {
    pub(in crate::testing) name: String,
    build: Build,
    pub(in crate::testing) kernel: Kernel,
    recorder: Recorder,
    seed: u64,
    pub(in crate::testing) ttl: Duration,
    starts: Cell<u64>,
    ledger: Ledger,
    pub(in crate::testing) endless: Endless,
    pub(in crate::testing) skew: Skew,
    pub(in crate::testing) state: RefCell<State>,
    pub(in crate::testing) process: Rc<Process>,
}

/// What runs on a host.
pub(in crate::testing) enum State {
    Down,
    Starting,
    Up { node: Node, work: mpsc::Sender<Work> },
    Failed(Error),
}

impl Host {
    pub(in crate::testing) fn new(
        name: String,
        build: Build,
        kernel: Kernel,
        recorder: Recorder,
        seed: u64,
        ttl: Duration,
        ledger: Ledger,
    ) -> Rc<Self> {
        let (starts, state, endless) = (Cell::new(0), RefCell::new(State::Starting), Endless::default());
        Rc::new_cyclic(|host: &Weak<Self>| {
            let host = host.clone();
            let software = move || {
                let host = host.upgrade();
                async move {
                    if let Some(host) = host {
                        host.run().await;
                    }
                }
                .boxed_local()
            };
            let process = Rc::new(Process::new(Box::new(software), endless.clone()));
            Self {
                name,
                build,
                kernel,
                recorder,
                seed,
                ttl,
                starts,
                ledger,
                endless,
                skew: Skew::default(),
                state,
                process,
            }
        })
    }

    /// The software of the host.
    async fn run(self: Rc<Self>) {
        let start = self.starts.replace(self.starts.get() + 1);
        let seed = self.seed.wrapping_add(start.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut builder = (self.build)(Node::builder());
        // A node without hooks takes shorter ways, which simulations are to meet too.
        if self.ledger.counts() {
            let (leaving, beginning) = self.ledger.hooks(&self.name, &self.kernel, &self.endless);
            builder = builder.call_hooks(leaving).handler_hooks(beginning);
        }
        let builder = builder
            .name(&self.name)
            .seed(seed)
            .clock(SimClock(self.skew.clone()))
            .network(self.kernel.clone())
            .registry(SimRegistry)
            .lease(self.ttl);
        let node = match self.start(builder).await {
            Ok(node) => node,
            Err(error) => {
                self.recorder.event(now(), format!("{} did not start: {error}", self.name));
                *self.state.borrow_mut() = State::Failed(error);
                return;
            }
        };
        self.recorder.event(now(), format!("{} started as {}", self.name, node.key()));
        let (work, mut waiting) = mpsc::channel(WORK);
        *self.state.borrow_mut() = State::Up { node: node.clone(), work };
        while let Some(work) = waiting.recv().await {
            drop(spawn_local(work(node.clone())));
        }
    }

    async fn start(&self, builder: NodeBuilder) -> Result<Node> {
        let listen = Endpoint::Tcp(format!("0.0.0.0:{PORT}"));
        let advertise = Endpoint::Tcp(format!("{}:{PORT}", self.name));
        Box::pin(builder.listen(listen).advertise(advertise).start()).await
    }
}
