//! What others see of services that fail, and of nodes that are shut down.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{sync::Arc, time::Duration};

use ember::{RefusedReason, ServiceState, View, prelude::*, testing::Cluster};
use ember_tests::{
    fragile::{FragileClient, fragile},
    log::Log,
};
use tokio::{
    join,
    sync::{Barrier, mpsc},
    time::{Instant, timeout},
};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The services of that name that a node sees.
fn seen(view: &View) -> Vec<(Pid, ServiceState)> {
    let named = view.instances().iter().filter(|it| it.identity().name == "Fragile");
    named.map(|it| (it.pid(), it.state())).collect()
}

/// Waits until a node sees just this.
async fn sees(node: Node, wanted: Vec<(Pid, ServiceState)>) {
    let fits = node.wait_for_view(|view| seen(view) == wanted);
    let waited = timeout(ms(2_000), fits).await.map(drop);
    waited.unwrap_or_else(|_| panic!("{} sees {:?}, not {wanted:?}", node.name(), seen(&node.view())));
}

#[test]
fn a_service_that_has_failed_is_seen_until_another_has_taken_its_place() {
    for seed in 0..5 {
        let cluster = Cluster::seed(seed).node("ada", |node| node).node("one", |node| node);
        cluster.run(|sim| async move {
            sim.settled().await;
            let mut earlier = Vec::new();
            for _ in 0..3 {
                let pid = sim.on("one", |node: Node| async move { node.spawn(fragile(false)).await.unwrap() });
                let pid = pid.await.unwrap();
                for name in ["ada", "one"] {
                    sim.on(name, move |node| sees(node, vec![(pid, ServiceState::Running)])).await.unwrap();
                }
                assert!(!earlier.contains(&pid));
                earlier.push(pid);
                let broken =
                    sim.on("ada", |node: Node| async move { node.client::<FragileClient>().rpc_break().await });
                broken.await.unwrap().unwrap_err();
                // Another that does not start takes nobody's place.
                let other = sim.on("one", |node: Node| async move { node.spawn(fragile(true)).await });
                other.await.unwrap().unwrap_err();
                for name in ["ada", "one"] {
                    sim.on(name, move |node| sees(node, vec![(pid, ServiceState::Failed)])).await.unwrap();
                }
            }
        });
    }
}

/// Calls another when both stop.
#[service]
pub struct Polite {
    whom: &'static str,
    /// It leaves the call to a task, and waits for that.
    in_a_task: bool,
    both: Arc<Barrier>,
    log: Log,
}

#[rpc]
impl Polite {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        self.both.wait().await;
        let asked = Instant::now();
        let call = cx.select::<PoliteClient>().id(self.whom).client().rpc_bye();
        let outcome = if self.in_a_task { tokio::spawn(call).await.unwrap() } else { call.await };
        let failure = outcome.unwrap_err();
        let CallError::NotExecuted(_) = failure else { panic!("{failure}") };
        self.log.say(if asked.elapsed() < ms(500) { "at once".into() } else { format!("{:?}", asked.elapsed()) });
    }

    pub async fn rpc_bye(&mut self) {}
}

#[test]
fn services_of_two_nodes_that_call_each_other_when_they_stop_do_not_wait_for_each_other() {
    for seed in 0..10 {
        let (log, both, in_a_task) = (Log::default(), Arc::new(Barrier::new(2)), seed % 2 == 1);
        let polite = |id: &'static str, whom: &'static str| {
            let (log, both) = (log.clone(), Arc::clone(&both));
            move |node: NodeBuilder| {
                let (log, both) = (log.clone(), Arc::clone(&both));
                node.service(Hosted::new(Polite { whom, in_a_task, both, log }).id(id))
            }
        };
        let cluster = Cluster::seed(seed).node("ada", polite("left", "right")).node("one", polite("right", "left"));
        cluster.run(|sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let (ada, one) = join!(sim.shutdown("ada"), sim.shutdown("one"));
            ada.and(one).unwrap();
        });
        assert_eq!(log.lines(), ["at once", "at once"], "seed {seed}");
    }
}

/// Tells of the end of the service that it watches.
#[service]
struct Guard {
    watched: Pid,
    downs: mpsc::Sender<DownReason>,
}

#[rpc]
impl Guard {
    #[on(start)]
    async fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.watch(self.watched);
    }

    #[on(down)]
    async fn gone(&mut self, down: &Down) {
        self.downs.try_send(down.reason).expect("one down");
    }
}

#[test]
fn a_watch_of_a_service_whose_node_has_left_is_told_at_once_what_became_of_it() {
    for (seed, in_order, starts_again) in [(1, true, false), (2, false, false), (3, true, true), (4, false, true)] {
        let cluster = Cluster::seed(seed).node("ada", |node| node).node("one", |node| node);
        cluster.run(move |sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let pid = sim.on("one", |node: Node| async move { node.spawn(fragile(false)).await.unwrap() });
            let pid = pid.await.unwrap();
            if in_order {
                sim.shutdown("one").await.unwrap();
            } else {
                sim.kill("one").await;
            }
            let alone =
                sim.on("ada", |node| async move { drop(node.wait_for_view(|view| view.nodes().len() == 1).await) });
            alone.await.unwrap();
            if starts_again {
                sim.start("one").await.unwrap();
                sim.settled().await;
            }
            let (downs, mut down) = mpsc::channel(1);
            let asked = Instant::now();
            let guard =
                sim.on("ada", move |node| async move { node.spawn(Guard { watched: pid, downs }).await.map(drop) });
            guard.await.unwrap().unwrap();
            let reason = down.recv().await.expect("a down");
            assert_eq!(reason, if in_order { DownReason::NoSuchService } else { DownReason::NodeLost });
            assert!(asked.elapsed() < ms(500), "{reason:?} after {:?}", asked.elapsed());
        });
    }
}

/// Takes long to stop.
#[service]
struct Slow;

#[rpc]
impl Slow {
    #[on(stop)]
    async fn stop(&mut self) {
        // tidy: sleep: a node that is lost meanwhile is what is tested, in virtual time
        tokio::time::sleep(ms(7_000)).await;
    }

    pub(crate) async fn rpc_ping(&mut self) {}
}

#[test]
fn a_node_that_is_lost_while_it_shuts_down_is_lost_for_those_who_watch_its_services() {
    for seed in 0..3 {
        let cluster = Cluster::seed(seed).node("ada", |node| node).node("one", |node| node.service(Slow));
        cluster.run(move |sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let (downs, mut down) = mpsc::channel(1);
            let watch = sim.on("ada", move |node| async move {
                let watched = node.view().instances()[0].pid();
                node.spawn(Guard { watched, downs }).await.map(drop)
            });
            watch.await.unwrap().unwrap();
            let end = sim.on("one", |node| async move { drop(tokio::spawn(async move { node.shutdown().await })) });
            end.await.unwrap();
            let retires = sim.on("ada", |node| async move {
                let all = |view: &View| view.instances().iter().all(|it| it.state() == ServiceState::Retiring);
                drop(node.wait_for_view(all).await);
            });
            retires.await.unwrap();
            // Nobody says that it is gone: it is only silent.
            for other in ["ada", "registry"] {
                sim.partition("one", other);
            }
            assert_eq!(down.recv().await.expect("a down"), DownReason::NodeLost, "seed {seed}");
        });
    }
}

#[test]
fn a_call_that_waited_for_a_service_that_retires_says_so_when_its_time_is_over() {
    let cluster = Cluster::seed(7).node("ada", |node| node).node("one", |node| node.service(Slow));
    cluster.run(|sim| async move {
        sim.settled().await;
        let end = sim.on("one", |node| async move { drop(tokio::spawn(async move { node.shutdown().await })) });
        end.await.unwrap();
        let call = sim.on("ada", |node| async move {
            let retires = |view: &View| view.instances().iter().all(|it| it.state() == ServiceState::Retiring);
            node.wait_for_view(retires).await;
            node.client::<SlowClient>().rpc_ping().timeout(ms(500)).await
        });
        let refused = call.await.unwrap().unwrap_err();
        let CallError::NotExecuted(refused) = refused else { panic!("{refused}") };
        assert_eq!(*refused.reason(), RefusedReason::Retiring);
    });
}

/// Calls another, as its callers ask.
#[service]
struct Between;

#[rpc]
impl Between {
    pub(crate) async fn rpc_pass(&mut self, cx: &mut Cx<'_, Self>) -> bool {
        cx.client::<SlowClient>().rpc_ping().await.is_ok()
    }
}

/// Calls it when it stops.
#[service]
struct Leaver {
    log: Log,
}

#[rpc]
impl Leaver {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        // tidy: sleep: until the other retires, too, in virtual time
        tokio::time::sleep(ms(500)).await;
        let asked = Instant::now();
        let passed = cx.client::<BetweenClient>().rpc_pass().await;
        self.log.say(if asked.elapsed() < ms(500) { "at once".into() } else { format!("{passed:?}") });
    }

    pub(crate) async fn rpc_nothing(&mut self) {}
}

#[test]
fn a_service_that_nobody_lists_retires_with_its_node_for_those_whom_it_calls() {
    for seed in 0..3 {
        let log = Log::default();
        let cluster = Cluster::seed(seed).node("ada", |node| node).node("mid", |node| node.service(Between));
        let cluster = cluster.node("one", |node| node.service(Slow));
        let written = log.clone();
        cluster.run(move |sim| async move {
            sim.settled().await;
            let leaver = sim.on("ada", move |node| async move { node.spawn(Leaver { log }).await.map(drop) });
            leaver.await.unwrap().unwrap();
            let (ada, one) = join!(sim.shutdown("ada"), sim.shutdown("one"));
            ada.and(one).unwrap();
        });
        assert_eq!(written.lines(), ["at once"], "seed {seed}");
    }
}
