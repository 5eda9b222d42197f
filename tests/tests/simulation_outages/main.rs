//! What callers do to a service that does not answer: they repeat few calls, and leave it alone. And what becomes of the calls to one that
//! is paused. In the simulation.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod breakers;
mod budgets;
mod pauses;
mod probes;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{
    Breaker, BreakerState, Choice, RefusedReason, Role, Schema, ServiceState,
    prelude::*,
    schema::{Shape, Types},
    testing::{Cluster, Registry, Sim},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use tokio::time::{Instant, sleep};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// How the desks of each node behave, and what they have done.
#[derive(Clone, Default)]
struct World {
    hangs: Arc<Mutex<Vec<&'static str>>>,
    begun: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    panics: Arc<AtomicUsize>,
    /// What those that call themselves were told.
    told: Arc<Mutex<Vec<String>>>,
}

/// An argument that does something when its caller drops it.
pub struct Parcel(Option<Box<dyn FnMut() + Send + Sync>>);

impl Drop for Parcel {
    fn drop(&mut self) {
        if let Some(does) = &mut self.0 {
            does();
        }
    }
}

impl Serialize for Parcel {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        ().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Parcel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <()>::deserialize(from).map(|()| Self(None))
    }
}

impl Schema for Parcel {
    fn shape(types: &mut Types) -> Shape {
        <()>::shape(types)
    }
}

#[service]
pub struct Desk {
    node: &'static str,
    world: World,
}

#[rpc]
impl Desk {
    /// Which node it is on. If that hangs, it does not answer until its caller has gone.
    #[rpc(cancel)]
    pub async fn rpc_where(&mut self) -> String {
        *self.world.begun.lock().unwrap().entry(self.node).or_default() += 1;
        if self.world.hangs(self.node) {
            std::future::pending::<()>().await;
        }
        self.node.into()
    }

    /// The same, and takes something.
    #[rpc(cancel)]
    pub async fn rpc_take(&mut self, _parcel: Parcel) -> String {
        self.rpc_where().await
    }

    /// Needs longer on a good day than a breaker waits for its probe.
    pub async fn rpc_long(&mut self) {
        // tidy: sleep: it is slow on purpose
        sleep(ms(12_000)).await;
    }

    /// Calls its own service, which would wait for itself.
    pub async fn rpc_itself(&mut self, cx: &mut Cx<'_, Self>) {
        let told = ended(cx.client::<DeskClient>().rpc_where().await);
        self.world.told.lock().unwrap().push(told);
    }

    /// Panics as long as it is to.
    #[rpc(idempotent)]
    pub async fn rpc_try(&mut self) {
        *self.world.begun.lock().unwrap().entry(self.node).or_default() += 1;
        assert!(self.world.panics.load(Ordering::Relaxed) == 0, "it is broken");
    }
}

#[service(elected)]
pub struct Throne(Desk);

#[rpc]
impl Throne {
    #[rpc(cancel)]
    pub async fn rpc_where(&mut self) -> String {
        self.0.rpc_where().await
    }
}

impl World {
    fn hangs(&self, node: &str) -> bool {
        self.hangs.lock().unwrap().contains(&node)
    }

    fn hang(&self, nodes: &[&'static str]) {
        *self.hangs.lock().unwrap() = nodes.to_vec();
    }

    fn begun(&self, node: &str) -> usize {
        self.begun.lock().unwrap().get(node).copied().unwrap_or_default()
    }

    fn desk(&self, node: &'static str) -> Desk {
        Desk { node, world: self.clone() }
    }

    /// Two desks, and two who call.
    fn cluster(&self, seed: u64) -> Cluster {
        let breaker = Breaker::after(5).open_for(ms(1_000), ms(2_000));
        let mut cluster = Cluster::seed(seed).node("ada", move |node| node.breaker(breaker)).node("bob", |node| node);
        for name in ["one", "two"] {
            let world = self.clone();
            cluster = cluster.node(name, move |node| node.service(world.desk(name)));
        }
        cluster
    }

    /// Three thrones, and one who calls.
    fn thrones(&self, seed: u64) -> Cluster {
        let mut cluster = Cluster::seed(seed).node("ada", |node| node);
        for name in ["one", "two", "three"] {
            let world = self.clone();
            cluster = cluster.node(name, move |node| node.service(Throne(world.desk(name))));
        }
        cluster
    }
}

/// What became of calls: by whom they were answered, or why not.
type Ends = BTreeMap<String, usize>;

fn ended<E: std::fmt::Display>(end: Result<String, CallError<E>>) -> String {
    match end {
        Ok(node) => node,
        Err(CallError::App(error)) => error.to_string(),
        Err(CallError::NotExecuted(refused)) => format!("{:?}", refused.reason()).split('(').next().unwrap().to_owned(),
        Err(CallError::MaybeExecuted(lost)) => format!("{:?}", lost.reason()),
    }
}

/// Calls from `node`, one every 10 ms, each with 200 ms; until so much time has passed.
async fn calls(sim: &Sim, node: &str, time: Duration) -> Ends {
    calls_every(sim, node, ms(10), time).await
}

async fn calls_every(sim: &Sim, node: &str, every: Duration, time: Duration) -> Ends {
    let load = sim.on(node, move |node| async move {
        let (desk, begun) = (node.client::<DeskClient>(), Instant::now());
        let mut calls = tokio::task::JoinSet::new();
        while begun.elapsed() < time {
            calls.spawn(desk.rpc_where().timeout(ms(200)));
            sleep(every).await;
        }
        let mut ends = Ends::new();
        while let Some(end) = calls.join_next().await {
            *ends.entry(ended(end.unwrap())).or_default() += 1;
        }
        ends
    });
    load.await.unwrap()
}

fn total(ends: &Ends, of: &str) -> usize {
    ends.get(of).copied().unwrap_or_default()
}

/// How `ada`'s breaker for the desk of a node is.
fn breaker(sim: &Sim, at: &str) -> BreakerState {
    let view = sim.view("ada").unwrap();
    let desk = view.instances().iter().find(|it| it.node().name == at).expect("it is listed");
    desk.breaker()
}
