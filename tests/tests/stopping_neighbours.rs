//! What happens beside a stop: in the middle of a start, of a back-off, of a stop. Each ends in one defined way.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use ember::{Error, LostReason, RefusedReason, Restart, ServiceState, prelude::*};
use ember_tests::{
    cluster::{lost, refused},
    gate::Gate,
    log::Log,
    wait::{eventually, within},
};
use tokio::{task::JoinHandle, time::Instant};

#[derive(Clone, Copy)]
enum Does {
    Nothing,
    WaitsInStart,
    StopsInStart,
    PanicsInStop,
    AsksInStop,
    AsksThenInStop,
}

#[service(name = "neighbour")]
#[derive(Clone)]
struct Neighbour {
    does: Does,
    log: Log,
    gate: Gate,
}

/// Never answers, but notes.
#[service(name = "silent")]
#[derive(Default)]
struct Silent(Log);

#[rpc]
impl Silent {
    pub async fn rpc_note(&mut self) {
        self.0.say("noted");
    }

    #[rpc(cancel)]
    pub async fn rpc_never(&mut self) {
        std::future::pending().await
    }
}

#[rpc]
impl Neighbour {
    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.say("start");
        match self.does {
            Does::WaitsInStart => self.gate.pass().await,
            Does::StopsInStart => cx.stop(),
            _ => {}
        }
    }

    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.say("stop");
        match self.does {
            Does::PanicsInStop => panic!("on purpose"),
            Does::AsksInStop => {
                let asked = Instant::now();
                let call = cx.client::<SilentClient>().rpc_never().timeout(Duration::from_secs(1));
                let why = lost(call.await);
                assert_eq!(why, LostReason::Deadline);
                self.log.say(format!("told after {} s", asked.elapsed().as_secs()));
            }
            Does::AsksThenInStop => {
                cx.client::<SilentClient>().rpc_note().then(cx, |me, _, _| me.log.say("called back"));
            }
            _ => {}
        }
    }

    pub async fn rpc_ping(&mut self) {
        self.log.say("ping");
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }
}

/// Notes how those end that it watches.
#[service(name = "watcher")]
struct Watcher(Log);

#[rpc]
impl Watcher {
    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.0.say(down.reason.to_string());
    }
}

fn neighbour(does: Does) -> (Neighbour, Log, Gate) {
    let (log, gate) = (Log::default(), Gate::default());
    (Neighbour { does, log: log.clone(), gate: gate.clone() }, log, gate)
}

/// Spawns one that waits in its start, and waits until it does.
async fn starting(node: &Node, service: Neighbour, gate: &Gate) -> JoinHandle<ember::Result<Pid>> {
    let node = node.clone();
    let spawning = tokio::spawn(async move { node.spawn(service).await });
    gate.reached().await;
    spawning
}

fn of(node: &Node, pid: Pid) -> NeighbourClient {
    node.select::<NeighbourClient>().pid(pid).client()
}

/// Waits until there is no such service any more.
async fn gone(node: &Node, pid: Pid) {
    eventually("its end", async || (!node.services().contains(&pid)).then_some(())).await;
    let why = refused(of(node, pid).rpc_ping().await);
    assert!(matches!(why, RefusedReason::NoTarget(_)), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_in_its_start_ends_its_start_and_then_stops() {
    let (service, log, gate) = neighbour(Does::WaitsInStart);
    let node = Node::builder().start().await.unwrap();
    let spawning = starting(&node, service, &gate).await;
    let [pid] = node.services()[..] else { panic!("one is starting") };
    assert!(node.stop(pid));
    gate.open();
    assert_eq!(within("the start", spawning).await.unwrap().unwrap(), pid);
    gone(&node, pid).await;
    assert_eq!(log.lines(), ["start", "stop"]);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_start_and_stops_what_was_started() {
    let (service, log, gate) = neighbour(Does::WaitsInStart);
    let node = Node::builder().start().await.unwrap();
    let spawning = starting(&node, service, &gate).await;
    let ending = tokio::spawn({
        let node = node.clone();
        async move { node.shutdown().await }
    });
    // No new one from now on.
    eventually("the node to close", async || node.spawn(Silent::default()).await.is_err().then_some(())).await;
    gate.open();
    within("the start", spawning).await.unwrap().unwrap();
    within("the end", ending).await.unwrap().unwrap();
    assert_eq!(log.lines(), ["start", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_outlasts_the_shutdown_is_cut_short_and_whoever_waits_for_it_hears_so() {
    let (service, log, gate) = neighbour(Does::WaitsInStart);
    let node = Node::builder().drain(Duration::from_secs(1)).start().await.unwrap();
    let spawning = starting(&node, service, &gate).await;
    let text = node.shutdown().await.unwrap_err().to_string();
    assert!(text.contains("cut short") && text.contains("neighbour"), "{text}");
    let told = within("an answer", spawning).await.unwrap();
    assert!(matches!(told, Err(Error::Closed)), "{told:?}");
    assert_eq!(log.lines(), ["start"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_in_its_back_off_ends_at_once_and_refuses_what_waits() {
    let (service, log, _) = neighbour(Does::Nothing);
    let hour = Duration::from_secs(3600);
    let node = Node::builder().start().await.unwrap();
    let pid = node.spawn(Hosted::with(move || service.clone()).back_off(hour, hour)).await.unwrap();
    let client = of(&node, pid);
    client.rpc_panic().await.unwrap_err();
    let waits = tokio::spawn(client.rpc_ping().timeout(hour));
    tokio::task::yield_now().await;
    let asked = Instant::now();
    assert!(node.stop(pid));
    let why = refused(within("an answer", waits).await.unwrap());
    assert!(matches!(why, RefusedReason::Retiring | RefusedReason::NoTarget(_)), "{why:?}");
    gone(&node, pid).await;
    assert!(asked.elapsed() < Duration::from_secs(60), "{:?}", asked.elapsed());
    assert_eq!(log.lines(), ["start"], "there was no state that could stop");
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_itself_in_its_start_has_started_and_stops() {
    let (service, log, _) = neighbour(Does::StopsInStart);
    let node = Node::builder().service(service.clone()).start().await.unwrap();
    assert_eq!(log.until(2).await, ["start", "stop"]);
    let pid = node.spawn(service).await.unwrap();
    assert_eq!(log.until(4).await[2..], ["start", "stop"]);
    gone(&node, pid).await;
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_always_stops_itself_and_is_always_restarted_uses_up_its_budget() {
    let (service, log, _) = neighbour(Does::StopsInStart);
    let watched = Log::default();
    let node = Node::builder().service(Watcher(watched.clone())).start().await.unwrap();
    let hosted = Hosted::with(move || service.clone()).restart(Restart::Always).budget(2, Duration::from_secs(3600));
    let pid = node.spawn(hosted).await.unwrap();
    node.client::<WatcherClient>().rpc_watch(pid).await.unwrap();
    assert_eq!(watched.until(1).await.len(), 1);
    gone(&node, pid).await;
    assert_eq!(log.lines(), ["start", "stop", "start", "stop", "start", "stop"]);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_stop_is_a_failure_and_the_others_stop_as_always() {
    let (first, first_log, _) = neighbour(Does::Nothing);
    let (service, log, _) = neighbour(Does::PanicsInStop);
    let watched = Log::default();
    let node = Node::builder().service(Watcher(watched.clone())).start().await.unwrap();
    node.spawn(first).await.unwrap();
    let (one, two) = (node.spawn(service.clone()).await.unwrap(), node.spawn(service).await.unwrap());
    node.client::<WatcherClient>().rpc_watch(one).await.unwrap();
    assert!(node.stop(one));
    assert_eq!(watched.until(1).await, ["it failed"]);
    gone(&node, one).await;
    assert!(node.services().contains(&two));
    node.shutdown().await.unwrap();
    assert_eq!(
        (log.lines(), first_log.lines()),
        (
            vec!["start".to_owned(), "start".into(), "stop".into(), "stop".into()],
            vec!["start".to_owned(), "stop".into()]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_a_stop_is_told_there_and_the_stop_goes_on() {
    let (service, log, _) = neighbour(Does::AsksInStop);
    let node = Node::builder().service(Silent::default()).service(service).start().await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(log.lines(), ["start", "stop", "told after 1 s"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_wants_to_be_called_back_makes_its_call_and_is_not() {
    let (service, log, _) = neighbour(Does::AsksThenInStop);
    let noted = Log::default();
    let node = Node::builder().service(Silent(noted.clone())).service(service).start().await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(log.lines(), ["start", "stop"]);
    assert_eq!(noted.lines(), ["noted"]);
}

/// Two of them stand by: one is stopped while it is at work, the other is about to start again.
#[service(name = "standby")]
#[derive(Clone)]
struct Standby(Gate);

#[rpc]
impl Standby {
    pub async fn rpc_work(&mut self) {
        self.0.pass().await;
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }

    pub async fn rpc_ping(&mut self) {}
}

/// In its stop it stops one of them, and asks whoever is there.
#[service(name = "leaver")]
struct Leaver {
    node: Arc<OnceLock<Node>>,
    works: Pid,
    log: Log,
}

#[rpc]
impl Leaver {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        assert!(self.node.get().unwrap().stop(self.works));
        // No view knows of that yet: it is found to retire when it is asked.
        self.log.say(format!("{:?}", cx.client::<StandbyClient>().rpc_ping().timeout(Duration::from_secs(60)).await));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_waits_for_one_that_is_about_to_start_though_all_it_has_asked_retire() {
    let (gate, log) = (Gate::default(), Log::default());
    let node = Node::builder().start().await.unwrap();
    let standby = Standby(gate.clone());
    let works = node.spawn(Hosted::new(standby.clone()).register()).await.unwrap();
    let pause = Duration::from_secs(2);
    let starts = node.spawn(Hosted::with(move || standby.clone()).back_off(pause, pause).register()).await.unwrap();
    let of = |pid| node.select::<StandbyClient>().pid(pid).client();
    let working = tokio::spawn(of(works).rpc_work());
    gate.reached().await;
    of(starts).rpc_panic().await.unwrap_err();
    let falls = |view: &ember::View| {
        view.instances().iter().any(|it| it.pid() == starts && it.state() == ServiceState::Starting)
    };
    within("the fall of one", node.wait_for_view(falls)).await;
    let this = Arc::new(OnceLock::from(node.clone()));
    let leaver = node.spawn(Leaver { node: this, works, log: log.clone() }).await.unwrap();
    assert!(node.stop(leaver));
    assert_eq!(log.until(1).await, ["Ok(())"]);
    gate.open();
    working.await.unwrap().unwrap();
    node.shutdown().await.unwrap();
}
