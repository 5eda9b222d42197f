//! A host that runs a node.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    time::Duration,
};

use futures_util::future::LocalBoxFuture;
use tokio::{sync::mpsc, task::spawn_local};

use super::{network::SimNetwork, registry_host::SimRegistry, trace::now};
use crate::{
    clock::Clock,
    error::{Error, Result},
    net::Endpoint,
    node::{Node, NodeBuilder},
};

/// Pieces of work that may wait for a host at a time.
const WORK: usize = 4_096;
/// What the wall clock shows when a simulation begins: the year 2030.
const BEGINNING: Duration = Duration::from_secs(1_893_456_000);
const PORT: u16 = 7_000;

/// The node was not running, or ended before the work was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDown(pub(super) String);

impl fmt::Display for NodeDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the node `{}` was not running, or was killed before it had done this", self.0)
    }
}

impl std::error::Error for NodeDown {}

/// Shows the time of the simulation.
#[derive(Debug)]
struct SimClock;

impl Clock for SimClock {
    fn now(&self) -> Duration {
        BEGINNING + now()
    }
}

/// Work for a host, done in a task of its own there.
pub(super) type Work = Box<dyn FnOnce(Node) -> LocalBoxFuture<'static, ()>>;

/// How a node is described.
pub(super) type Build = Rc<dyn Fn(NodeBuilder) -> NodeBuilder>;

/// One simulated host with a node.
pub(super) struct Host {
    pub(super) name: String,
    build: Build,
    network: SimNetwork,
    seed: u64,
    ttl: Duration,
    starts: Cell<u64>,
    pub(super) state: RefCell<State>,
}

/// What runs on a host.
pub(super) enum State {
    Down,
    Starting,
    Up { node: Node, work: mpsc::Sender<Work> },
    Failed(Error),
}

impl Host {
    pub(super) fn new(name: String, build: Build, network: SimNetwork, seed: u64, ttl: Duration) -> Rc<Self> {
        let (starts, state) = (Cell::new(0), RefCell::new(State::Starting));
        Rc::new(Self { name, build, network, seed, ttl, starts, state })
    }

    /// The software of the host.
    pub(super) async fn run(self: Rc<Self>) {
        self.network.sockets.revive();
        self.network.weather.set_idle(&self.name, false);
        let start = self.starts.replace(self.starts.get() + 1);
        let seed = self.seed.wrapping_add(start.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let builder = (self.build)(Node::builder())
            .name(&self.name)
            .seed(seed)
            .clock(SimClock)
            .network(self.network.clone())
            .registry(SimRegistry)
            .lease(self.ttl);
        let node = match self.start(builder).await {
            Ok(node) => node,
            Err(error) => {
                self.network.recorder.event(now(), format!("{} did not start: {error}", self.name));
                *self.state.borrow_mut() = State::Failed(error);
                return;
            }
        };
        self.network.recorder.event(now(), format!("{} started as {}", self.name, node.key()));
        let (work, mut waiting) = mpsc::channel(WORK);
        *self.state.borrow_mut() = State::Up { node: node.clone(), work };
        while let Some(work) = waiting.recv().await {
            drop(spawn_local(work(node.clone())));
        }
    }

    /// Closes its connections and takes no more, as its system does it when the software is gone. To be run on the host.
    pub(super) fn close_connections(&self) {
        self.network.weather.set_idle(&self.name, true);
        self.network.sockets.kill();
    }

    async fn start(&self, builder: NodeBuilder) -> Result<Node> {
        let listen = Endpoint::Tcp(format!("0.0.0.0:{PORT}"));
        let advertise = Endpoint::Tcp(format!("{}:{PORT}", self.name));
        Box::pin(builder.listen(listen).advertise(advertise).start()).await
    }
}
