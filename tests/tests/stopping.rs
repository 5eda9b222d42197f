//! Stopping: what waits for itself is told so at once.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use ember::{RefusedReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    gate::Gate,
    log::Log,
    wait::within,
};
use tokio::time::Instant;

/// Asks itself, or somebody who asks it back.
#[service]
#[derive(Default)]
struct Asker {
    log: Log,
    gate: Gate,
    /// What it does at its end.
    last: Option<Way>,
}

#[derive(Clone, Copy)]
enum Way {
    Itself,
    Back,
}

/// Calls back whoever calls.
#[service]
struct Echo;

#[rpc]
impl Echo {
    pub async fn rpc_back(&mut self, cx: &mut Cx<'_, Self>) -> String {
        outcome(cx.client::<AskerClient>().rpc_ping().await)
    }
}

fn outcome<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> String {
    match outcome {
        Err(CallError::NotExecuted(refused)) => match refused.reason() {
            RefusedReason::Cycle(path) => format!("cycle: {path}"),
            other => other.to_string(),
        },
        other => format!("{other:?}"),
    }
}

impl Asker {
    async fn ask(&mut self, cx: &mut Cx<'_, Self>, way: Way) {
        let asked = Instant::now();
        let said = match way {
            Way::Itself => outcome(cx.client::<AskerClient>().rpc_ping().await),
            Way::Back => cx.client::<EchoClient>().rpc_back().await.unwrap_or_else(|error| error.to_string()),
        };
        self.log.say(said);
        assert!(asked.elapsed() < Duration::from_secs(3), "told after {:?}", asked.elapsed());
        self.log.say("at once");
    }
}

#[rpc]
impl Asker {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        if let Some(way) = self.last {
            self.ask(cx, way).await;
        }
    }

    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, back: bool) {
        self.gate.pass().await;
        self.ask(cx, if back { Way::Back } else { Way::Itself }).await;
    }

    pub async fn rpc_ping(&mut self) {}
}

const CYCLES: [(Way, &str, &str); 2] = [
    (Way::Itself, "cycle: Asker.stop → Asker.rpc_ping", "cycle: Asker.rpc_ask → Asker.rpc_ping"),
    (
        Way::Back,
        "cycle: Asker.stop → Echo.rpc_back → Asker.rpc_ping",
        "cycle: Asker.rpc_ask → Echo.rpc_back → Asker.rpc_ping",
    ),
];

#[tokio::test(start_paused = true)]
async fn a_stop_hook_whose_call_comes_back_is_told_so_at_once() {
    for (way, at_the_end, _) in CYCLES {
        let log = Log::default();
        let asker = Asker { log: log.clone(), last: Some(way), ..Asker::default() };
        let node = Node::builder().service(Echo).service(asker).start().await.unwrap();
        node.shutdown().await.unwrap();
        assert_eq!(log.lines(), [at_the_end, "at once"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_runs_while_the_node_retires_is_told_of_a_cycle_at_once() {
    for (way, _, meanwhile) in CYCLES {
        let (log, gate) = (Log::default(), Gate::default());
        let asker = Asker { log: log.clone(), gate: gate.clone(), last: None };
        let node = Node::builder().service(Echo).service(asker).start().await.unwrap();
        let asking = tokio::spawn(node.client::<AskerClient>().rpc_ask(matches!(way, Way::Back)));
        gate.reached().await;
        let ending = tokio::spawn({
            let node = node.clone();
            async move { node.shutdown().await }
        });
        let retires = |view: &ember::View| view.instances().iter().any(|it| it.state() == ServiceState::Retiring);
        within("the service to retire", node.wait_for_view(retires)).await;
        gate.open();
        asking.await.unwrap().unwrap();
        ending.await.unwrap().unwrap();
        assert_eq!(log.lines(), [meanwhile, "at once"]);
    }
}

#[tokio::test]
async fn a_call_back_from_another_node_into_a_service_that_stops_is_a_cycle_at_once() {
    let (cluster, log) = (Cluster::default(), Log::default());
    let asker = Asker { log: log.clone(), last: Some(Way::Back), ..Asker::default() };
    let a = cluster.node("a").service(asker).start().await.unwrap();
    let b = cluster.node("b").service(Echo).start().await.unwrap();
    sees(&a, "Echo", 1).await;
    sees(&b, "Asker", 1).await;
    a.shutdown().await.unwrap();
    assert_eq!(log.lines(), ["cycle: Asker.stop → Echo.rpc_back → Asker.rpc_ping", "at once"]);
    b.shutdown().await.unwrap();
}

/// Starts another, whose `start` asks it.
#[service]
struct Parent;

#[service]
struct Child {
    parent: ParentClient,
}

#[rpc]
impl Parent {
    pub async fn rpc_open(&mut self, cx: &mut Cx<'_, Self>) -> String {
        let parent = cx.client::<ParentClient>();
        cx.spawn(Child { parent }).await.map_or_else(|error| error.to_string(), |_| "started".into())
    }

    pub async fn rpc_ping(&mut self) {}
}

#[rpc]
impl Child {
    #[on(start)]
    async fn start(&mut self) -> ember::Result<()> {
        self.parent.rpc_ping().await?;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_asks_the_one_who_waits_for_it_is_a_cycle_at_once() {
    let node = Node::builder().service(Parent).start().await.unwrap();
    let asked = Instant::now();
    let said = node.client::<ParentClient>().rpc_open().await.unwrap();
    assert!(said.contains("Parent.rpc_open → Child.start → Parent.rpc_ping"), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(3));
    // Nobody waits for the start of this one.
    let parent = node.client::<ParentClient>();
    node.spawn(Child { parent }).await.unwrap();
    node.shutdown().await.unwrap();
}

/// Ends its own node.
#[service]
#[derive(Default)]
struct Ender {
    node: Arc<OnceLock<Node>>,
}

#[rpc]
impl Ender {
    pub async fn api_end(&mut self, run: bool) -> ember::Result<(), String> {
        let node = self.node.get().unwrap();
        let ended = if run { node.run().await } else { node.shutdown().await };
        ended.map_err(|error| error.to_string())
    }

    pub async fn api_end_later(&mut self) {
        let node = self.node.get().unwrap().clone();
        tokio::spawn(async move { node.shutdown().await });
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_for_the_end_of_its_own_node_is_told_so_at_once() {
    let cell = Arc::new(OnceLock::new());
    let node = Node::builder().service(Ender { node: Arc::clone(&cell) }).start().await.unwrap();
    cell.set(node.clone()).unwrap();
    let (ender, asked) = (node.local::<Ender>(), Instant::now());
    for run in [false, true] {
        match ender.api_end(run).await {
            Err(CallError::App(said)) => assert!(said.contains("`Ender.api_end`") && said.contains("spawn"), "{said}"),
            other => panic!("{other:?}"),
        }
    }
    ender.api_end_later().await.unwrap();
    node.shutdown().await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(3));
}
