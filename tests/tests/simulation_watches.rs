//! What is known of services on nodes that cannot be reached for a while.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{RefusedReason, ServiceState, View, prelude::*, testing::Cluster};
use ember_tests::{
    fragile::{FragileClient, fragile},
    log::Log,
};
use tokio::time::timeout;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Says how those end whom it watches.
#[service]
pub struct Watcher(Log);

#[rpc]
impl Watcher {
    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.0.say(format!("{:?}", down.reason));
    }
}

/// Only its own node sees it.
#[service]
pub struct Private;

#[rpc]
impl Private {
    pub async fn api_rest(&mut self) {}
}

#[test]
fn cluster_with_a_service_that_is_private_to_its_node_settles() {
    let cluster = Cluster::seed(1).limit(ms(60_000)).node("ada", |node| node.service(Private));
    cluster.node("one", |node| node.service(fragile(false))).run(|sim| async move {
        sim.settled().await;
        assert_eq!(sim.view("ada").unwrap().instances().len(), 2);
        assert_eq!(sim.view("one").unwrap().instances().len(), 1);
    });
}

#[test]
fn watcher_is_told_how_a_service_ended_while_the_link_was_cut() {
    type End = fn(Node, Pid);
    let ends: [(End, &str); 2] = [
        (|node, pid| assert!(node.stop(pid)), "Stopped"),
        (|node, _| drop(node.client::<FragileClient>().rpc_break().send()), "Failed"),
    ];
    for (seed, (end, reason)) in ends.into_iter().cycle().enumerate().take(6) {
        let log = Log::default();
        let watcher = log.clone();
        let cluster = Cluster::seed(seed as u64).ttl(ms(60_000));
        let cluster = cluster.node("ada", move |node| node.service(Watcher(watcher.clone())));
        let told = log.clone();
        cluster.node("one", |node| node.service(fragile(false))).run(move |sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let pid =
                sim.view("one").unwrap().instances().iter().find(|it| it.identity().name == "Fragile").unwrap().pid();
            let watch = sim.on("ada", async move |node: Node| node.client::<WatcherClient>().rpc_watch(pid).await);
            watch.await.unwrap().unwrap();
            let see = |reachable| sim.on("ada", move |node| sees_reach(node, pid, reachable));
            see(true).await.unwrap();
            // The watch is there before the link is cut.
            let asks = sim
                .on("ada", async move |node: Node| node.select::<FragileClient>().pid(pid).client().rpc_rest().await);
            asks.await.unwrap().unwrap();
            sim.partition("ada", "one");
            see(false).await.unwrap();
            let gone = sim.on("one", move |node: Node| async move {
                end(node.clone(), pid);
                while node.services().contains(&pid) {
                    tokio::time::sleep(ms(10)).await;
                }
            });
            gone.await.unwrap();
            sim.heal("ada", "one");
            sim.on("ada", move |_| async move { told.until(1).await }).await.unwrap();
        });
        assert_eq!(log.lines(), [reason], "seed {seed}");
    }
}

/// Waits until a node sees the service of that pid so: whether it can be reached, and that it is listed as running.
async fn sees_reach(node: Node, pid: Pid, reachable: bool) {
    let fits = |view: &View| {
        let listed = view.instances().iter().find(|it| it.pid() == pid);
        listed.is_some_and(|it| it.is_reachable() == reachable && it.state() == ServiceState::Running)
    };
    let waited = timeout(ms(3_000), node.wait_for_view(fits)).await.map(drop);
    waited.unwrap_or_else(|_| panic!("{} sees {:?}", node.name(), node.view().instances()));
}

#[test]
fn an_instance_is_out_of_reach_as_soon_as_the_link_to_its_node_is_gone_and_until_there_is_another() {
    for seed in 0..5 {
        let build = |node: NodeBuilder| node.service(fragile(false));
        let cluster = Cluster::seed(seed).ttl(ms(60_000)).node("ada", |node| node).node("eve", |node| node);
        cluster.node("one", build).run(|sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let pid = sim.view("ada").unwrap().instances()[0].pid();
            let see = |name: &str, reachable| sim.on(name, move |node| sees_reach(node, pid, reachable));
            see("ada", true).await.unwrap();

            sim.partition("ada", "one");
            see("ada", false).await.unwrap();
            // A link is asked for, and nobody answers: that is what such a call ends with.
            let call = sim.on("ada", move |node: Node| async move {
                node.select::<FragileClient>().pid(pid).client().rpc_break().timeout(ms(500)).await
            });
            let outcome = call.await.unwrap();
            assert!(matches!(&outcome, Err(CallError::NotExecuted(it)) if matches!(it.reason(), RefusedReason::Unreachable(_))), "{outcome:?}");
            // It is the opinion of each node.
            see("eve", true).await.unwrap();
            see("one", true).await.unwrap();
            sim.heal("ada", "one");
            see("ada", true).await.unwrap();

            sim.linked("ada", "one").await;
            sim.kill("one").await;
            let killed = sim.elapsed();
            see("ada", false).await.unwrap();
            assert!(sim.elapsed() - killed < ms(500), "{:?}", sim.elapsed() - killed);
            let seen = sim.view("ada").unwrap();
            assert!(format!("{:?}", seen.instances()).contains("Running (out of reach)"), "{seen:?}");
            sim.start("one").await.unwrap();
            let anew = sim.on("ada", async move |node: Node| {
                let of_it = |view: &View| view.instances().iter().find(|it| it.pid() != pid).cloned();
                of_it(&*node.wait_for_view(|view| of_it(view).is_some()).await).unwrap()
            });
            assert!(anew.await.unwrap().is_reachable());
        });
    }
}
