//! Stopping: what waits for itself is told so at once, idle services cost next to nothing, and what was cut short is said in a few words.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{Error, RefusedReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
    log::Log,
    simulation::scale,
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

/// One of many. It ends only when it is let.
#[service(name = "guest")]
#[derive(Default)]
struct Guest {
    gate: Gate,
    _gone: Gone,
}

/// Counts how many of it are gone.
#[derive(Clone, Default)]
struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[rpc]
impl Guest {
    pub async fn rpc_stay(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_ping(&mut self) {}
}

/// Notes its end, and those that it watches.
#[service(name = "host")]
struct Watcher {
    name: u32,
    log: Log,
    watched: Vec<Pid>,
}

#[rpc]
impl Watcher {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.watched.iter().for_each(|pid| cx.watch(*pid));
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.log.say(format!("{} heard: {} {}", self.name, down.pid.number, down.reason));
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.say(format!("{} stops", self.name));
    }
}

#[tokio::test]
async fn a_hundred_thousand_idle_services_stop_within_a_moment_and_all_of_them() {
    let count = 100_000 * scale() as usize;
    let dropped = Arc::new(AtomicUsize::new(0));
    let node = Node::builder().start().await.unwrap();
    let mut last = None;
    for _ in 0..count {
        let guest = Guest { gate: Gate::default(), _gone: Gone(Arc::clone(&dropped)) };
        last = Some(node.spawn(guest).await.unwrap());
    }
    let last = node.select::<GuestClient>().pid(last.unwrap()).client();
    last.rpc_ping().await.unwrap();
    let asked = Instant::now();
    node.shutdown().await.unwrap();
    println!("measured: {count} idle services stopped in {:?}", asked.elapsed());
    assert_eq!(dropped.load(Ordering::SeqCst), count);
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert!(matches!(refused(last.rpc_ping().await), RefusedReason::NodeClosed));
}

#[tokio::test]
async fn services_that_are_idle_stop_in_the_reverse_order_of_their_start_too() {
    let (log, dropped) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let node = Node::builder().start().await.unwrap();
    let watcher = |name, watched| Watcher { name, log: log.clone(), watched };
    let guest = || Guest { gate: Gate::default(), _gone: Gone(Arc::clone(&dropped)) };
    let mut early = Vec::new();
    for _ in 0..3 {
        early.push(node.spawn(guest()).await.unwrap());
    }
    node.spawn(watcher(1, Vec::new())).await.unwrap();
    let mut late = Vec::new();
    for _ in 0..3 {
        late.push(node.spawn(guest()).await.unwrap());
    }
    node.spawn(watcher(2, late.iter().chain(&early).copied().collect())).await.unwrap();
    let latest = node.spawn(guest()).await.unwrap();
    node.spawn(watcher(3, vec![latest])).await.unwrap();
    assert!(node.stop(latest));
    log.until(1).await;
    node.shutdown().await.unwrap();
    let heard = format!("3 heard: {} it stopped", latest.number);
    assert_eq!(log.lines(), [heard.as_str(), "3 stops", "2 stops", "1 stops"], "who has stopped hears nothing more");
    assert_eq!(dropped.load(Ordering::SeqCst), 7);
}

#[tokio::test]
async fn a_watcher_that_still_runs_hears_of_each_idle_service_once_last_started_first() {
    let log = Log::default();
    let node = Node::builder().start().await.unwrap();
    // Spawned first, it stops last; it begins to watch when the others are there.
    let watcher = node.spawn(Late { log: log.clone() }).await.unwrap();
    let mut guests = Vec::new();
    for _ in 0..500 {
        guests.push(node.spawn(Guest::default()).await.unwrap());
    }
    node.select::<LateClient>().pid(watcher).client().rpc_watch(guests.clone()).await.unwrap();
    node.shutdown().await.unwrap();
    let expected: Vec<_> = guests.iter().rev().map(|pid| format!("{} it stopped", pid.number)).collect();
    assert_eq!(log.lines(), expected);
}

#[service(name = "late")]
struct Late {
    log: Log,
}

#[rpc]
impl Late {
    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pids: Vec<Pid>) {
        pids.into_iter().for_each(|pid| cx.watch(pid));
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.log.say(format!("{} {}", down.pid.number, down.reason));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_short_is_counted_by_class_in_a_few_words() {
    let gate = Gate::default();
    let node = Node::builder().drain(Duration::from_secs(1)).service(Ender::default()).start().await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..2_000 {
        let pid = node.spawn(Guest { gate: gate.clone(), _gone: Gone::default() }).await.unwrap();
        calls.push(tokio::spawn(node.select::<GuestClient>().pid(pid).client().rpc_stay()));
        gate.reached().await;
    }
    // Idle ones, before and after them, end as always.
    let idle = node.spawn(Guest::default()).await.unwrap();
    let asked = Instant::now();
    let error = node.shutdown().await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(2));
    let text = error.to_string();
    assert!(matches!(error, Error::CutShort(_)), "{text}");
    assert!(text.contains("2000 of `guest`") && text.len() < 300, "{text}");
    assert!(!text.contains("Ender"), "it was idle: {text}");
    for call in calls {
        within("callers to hear of the end", call).await.unwrap().unwrap_err();
    }
    assert!(!node.stop(idle));
}

/// Has no `stop`.
#[service]
struct Plain(Gate);

#[rpc]
impl Plain {
    pub async fn rpc_pass(&mut self) {
        self.0.pass().await;
    }

    pub async fn rpc_ping(&mut self) {}
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Caller {
    Waits,
    Gone,
    /// It has gone, and the handler has not ended.
    GoneTooEarly,
}

#[tokio::test]
async fn a_shutdown_that_does_not_wait_cuts_short_what_is_at_work_also_for_a_caller_that_has_gone_and_nothing_else() {
    for caller in [Caller::Waits, Caller::Gone, Caller::GoneTooEarly] {
        let gate = Gate::default();
        let node = Node::builder().registry(ember::registry::InProcess::default()).drain(Duration::ZERO);
        let node = node.service(Plain(gate.clone())).start().await.unwrap();
        let client = node.client::<PlainClient>();
        let passing = tokio::spawn(client.rpc_pass());
        gate.reached().await;
        if caller != Caller::Waits {
            passing.abort();
        }
        if caller != Caller::GoneTooEarly {
            let waits = tokio::spawn(client.rpc_ping());
            gate.open();
            waits.await.unwrap().unwrap();
        }
        assert_eq!(passing.await.is_ok(), caller == Caller::Waits);
        let ended = node.shutdown().await;
        assert_eq!(ended.is_err(), caller == Caller::GoneTooEarly, "{caller:?}: {ended:?}");
    }
}
