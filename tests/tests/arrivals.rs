//! A link that brings calls to an idle service runs the handlers itself; what the service promises is the same.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{sync::mpsc, time::Duration};

use ember::{CallCounts, LocalCalls, LostReason, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, lost, refused, sees},
    gate::Gate,
    log::Log,
    wait::within,
};
use tokio::time::Instant;

/// Where a handler holds up its thread, as none should.
pub struct Parking {
    entered: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

#[service(name = "desk")]
pub struct Desk {
    served: u32,
    gate: Gate,
    log: Log,
    parking: Option<Parking>,
}

#[rpc]
impl Desk {
    pub async fn rpc_say(&mut self, line: String) {
        self.log.say(line);
    }

    pub async fn rpc_wait(&mut self, line: String) {
        self.gate.pass().await;
        self.log.say(line);
    }

    pub async fn rpc_compute(&mut self, line: String) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(300) {
            std::hint::spin_loop();
        }
        self.log.say(line);
    }

    #[rpc(queued)]
    pub async fn rpc_queued(&mut self) {}

    #[rpc(cancel)]
    pub async fn rpc_cancel(&mut self) {}

    pub async fn rpc_served(&mut self) -> u32 {
        self.served += 1;
        self.served
    }

    pub async fn rpc_panic(&mut self) {
        panic!("not today");
    }

    pub async fn rpc_park(&mut self) {
        let parking = self.parking.take().unwrap();
        parking.entered.send(()).unwrap();
        parking.open.recv().unwrap();
    }
}

/// Where a call from `far` has its answer kept back.
#[service(name = "holder")]
pub struct Holder;

#[rpc]
impl Holder {
    pub async fn rpc_nothing(&mut self) {}

    pub async fn rpc_never(&mut self) {
        std::future::pending().await
    }
}

struct Stage {
    near: Node,
    far: Node,
    desk: DeskClient,
    gate: Gate,
    log: Log,
}

async fn start(local_calls: LocalCalls, mut parking: Option<Parking>) -> Stage {
    let (cluster, gate, log) = (Cluster::default(), Gate::default(), Log::default());
    let parts = (gate.clone(), log.clone());
    let make = move || Desk { served: 0, gate: parts.0.clone(), log: parts.1.clone(), parking: parking.take() };
    let near = cluster.node("near").service(Holder).start().await.unwrap();
    let far = cluster.node("far").local_calls(local_calls).service_with(make).start().await.unwrap();
    sees(&near, "desk", 1).await;
    sees(&far, "holder", 1).await;
    let desk = near.client::<DeskClient>();
    Stage { near, far, desk, gate, log }
}

impl Stage {
    fn counts(&self) -> CallCounts {
        let desk = self.far.select::<DeskClient>().instances()[0].pid();
        self.far.call_counts(desk).expect("it runs")
    }
}

#[tokio::test]
async fn an_idle_service_is_run_by_the_link_that_brings_its_calls() {
    let stage = start(LocalCalls::Short, None).await;
    for served in 1..=3 {
        assert_eq!(stage.desk.rpc_served().await, Ok(served));
    }
    let counts = stage.counts();
    assert_eq!((counts.short, counts.queued), (3, 0));
}

/// The clock stands still while handlers run, so that all are quick.
#[test]
fn quick_methods_are_run_so_by_default_once_their_pace_is_known() {
    let far = |node: NodeBuilder| node.local_calls(LocalCalls::Adaptive).service(Holder);
    let cluster = ember::testing::Cluster::seed(1).node("near", |node| node).node("far", far);
    cluster.run(|sim| async move {
        sim.settled().await;
        let calls = sim.on("near", |node| async move {
            for _ in 0..3 {
                node.client::<HolderClient>().rpc_nothing().await.unwrap();
            }
        });
        calls.await.expect("near lives");
        let counts = sim.on("far", |node| async move {
            let holder = node.select::<HolderClient>().instances()[0].pid();
            node.call_counts(holder).expect("it runs")
        });
        let counts = counts.await.expect("far lives");
        assert_eq!((counts.short, counts.queued), (2, 1));
    });
}

#[tokio::test]
async fn methods_that_say_so_and_nodes_that_are_told_so_queue_calls_from_elsewhere() {
    let stage = start(LocalCalls::Short, None).await;
    stage.desk.rpc_queued().await.unwrap();
    stage.desk.rpc_cancel().await.unwrap();
    assert_eq!((stage.counts().short, stage.counts().queued), (0, 2));
    let stage = start(LocalCalls::Queued, None).await;
    stage.desk.rpc_served().await.unwrap();
    assert_eq!((stage.counts().short, stage.counts().queued), (0, 1));
}

#[tokio::test]
async fn a_handler_that_waits_is_finished_by_the_service_and_later_calls_stay_behind_it() {
    let stage = start(LocalCalls::Short, None).await;
    let waits = tokio::spawn(stage.desk.rpc_wait("first".into()));
    stage.gate.reached().await;
    let lines: Vec<_> = (0..100).map(|line| line.to_string()).collect();
    for line in &lines {
        stage.desk.rpc_say(line.clone()).send().unwrap();
    }
    let last = tokio::spawn(stage.desk.rpc_say("last".into()));
    stage.gate.open();
    waits.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    let all = [["first".into()].as_slice(), &lines, &["last".into()]].concat();
    assert_eq!(stage.log.lines(), all);
}

#[tokio::test]
async fn calls_that_take_the_links_time_let_others_run_and_stay_in_order() {
    let stage = start(LocalCalls::Short, None).await;
    let lines: Vec<_> = (0..60).map(|line| line.to_string()).collect();
    for line in &lines {
        stage.desk.rpc_compute(line.clone()).send().unwrap();
    }
    stage.desk.rpc_served().await.unwrap();
    assert_eq!(stage.log.lines(), lines);
    assert_eq!((stage.counts().short, stage.counts().queued), (61, 0));
}

#[tokio::test]
async fn a_link_that_a_thread_without_a_runtime_wanted_belongs_to_the_node() {
    let stage = start(LocalCalls::Short, None).await;
    let desk = stage.desk.clone();
    std::thread::spawn(move || desk.rpc_say("from outside".into()).send().unwrap()).join().unwrap();
    assert_eq!(stage.log.until(1).await, ["from outside"]);
    assert_eq!(stage.desk.rpc_served().await, Ok(1));
}

#[tokio::test]
async fn a_panic_ends_its_call_and_the_calls_behind_it_are_for_the_next_life() {
    let stage = start(LocalCalls::Short, None).await;
    assert_eq!(stage.desk.rpc_served().await, Ok(1));
    let panics = tokio::spawn(stage.desk.rpc_panic());
    assert_eq!(lost(panics.await.unwrap()), LostReason::Panicked("not today".into()));
    assert_eq!(stage.desk.rpc_served().await, Ok(1), "it has been started again");
}

#[tokio::test]
async fn a_paused_service_is_run_by_nobody() {
    let stage = start(LocalCalls::Short, None).await;
    let desk = stage.far.select::<DeskClient>().instances()[0].pid();
    assert!(stage.far.pause(desk));
    assert_eq!(refused(stage.desk.rpc_served().await), RefusedReason::Paused);
    assert!(stage.far.resume(desk));
    sees(&stage.near, "desk", 1).await;
    assert_eq!(stage.desk.rpc_served().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_handler_that_holds_up_the_link_holds_up_no_deadline() {
    let ((entered, is_here), (let_go, open)) = (mpsc::channel(), mpsc::channel());
    let stage = start(LocalCalls::Short, Some(Parking { entered, open })).await;
    let parked = tokio::spawn(stage.desk.rpc_park());
    tokio::task::spawn_blocking(move || is_here.recv().unwrap()).await.unwrap();
    // The link's task at `far` stands still; what is due there is due all the same.
    let never = stage.far.client::<HolderClient>().rpc_never().timeout(Duration::from_millis(50));
    assert_eq!(lost(within("the deadline", never).await), LostReason::Deadline);
    let_go.send(()).unwrap();
    parked.await.unwrap().unwrap();
    assert_eq!(stage.desk.rpc_served().await, Ok(1), "the same link goes on");
}
