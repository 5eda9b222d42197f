//! What a test of a simulated cluster has in its hands: links, latency, ticks.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{
    prelude::*,
    testing::{Cluster, Sim},
};

#[service]
#[derive(Default)]
pub struct Echo;

#[rpc]
impl Echo {
    pub async fn rpc_echo(&mut self, value: u32) -> u32 {
        value
    }
}

fn cluster(seed: u64) -> Cluster {
    Cluster::seed(seed).node("ada", |node| node).node("one", |node| node.service(Echo))
}

/// Calls `one` from `ada`; how long that took.
async fn call(sim: &Sim) -> Duration {
    let begun = sim.elapsed();
    let outcome = sim.on("ada", |node| async move { node.client::<EchoClient>().rpc_echo(1).await });
    assert_eq!(outcome.await.expect("ada lives"), Ok(1));
    sim.elapsed() - begun
}

#[test]
fn linked_nodes_have_their_link_before_the_first_call_and_again_after_a_partition() {
    for seed in 0..5 {
        cluster(seed).run(|sim| async move {
            // Two ways of 5 ms at most, and the test looks once a tick.
            let straight = Duration::from_millis(14);
            sim.settled().await;
            sim.linked("ada", "one").await;
            let took = call(&sim).await;
            assert!(took <= straight, "no link had to be made: {took:?}");
            sim.partition("ada", "one");
            tokio::time::sleep(Duration::from_secs(4)).await;
            sim.heal("ada", "one");
            sim.linked("one", "ada").await;
            let took = call(&sim).await;
            assert!(took <= straight, "the link was up again: {took:?}");
        });
    }
}

#[test]
fn linked_waits_for_a_node_that_is_started_again() {
    cluster(1).run(|sim| async move {
        sim.linked("ada", "one").await;
        sim.kill("one").await;
        let (started, ()) = tokio::join!(sim.start("one"), sim.linked("ada", "one"));
        started.expect("it starts");
        assert!(call(&sim).await < Duration::from_millis(14));
    });
}

#[test]
fn latency_holds_from_the_next_tick_on() {
    cluster(1).run(|sim| async move {
        sim.linked("ada", "one").await;
        sim.latency("ada", "one", Duration::from_millis(40));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let took = call(&sim).await;
        assert!((Duration::from_millis(80)..Duration::from_millis(90)).contains(&took), "{took:?}");
    });
}

#[test]
fn coarse_ticks_give_the_same_outcomes_and_replay() {
    let run = || {
        cluster(3).tick(Duration::from_millis(10)).run(|sim| async move {
            sim.settled().await;
            sim.linked("ada", "one").await;
            let took = call(&sim).await;
            assert!((Duration::from_millis(15)..=Duration::from_millis(40)).contains(&took), "two ticks: {took:?}");
            sim.kill("one").await;
            sim.start("one").await.expect("it starts");
            sim.linked("ada", "one").await;
            let _took = call(&sim).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            sim.settled().await;
            sim.trace()
        })
    };
    let first = run();
    assert_eq!(first.difference(&run()), None, "the same seed, the same run");
}
