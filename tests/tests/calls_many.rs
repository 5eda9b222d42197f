//! Calls of every instance that matches.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
    log::Log,
};

#[service]
#[derive(Default)]
pub struct Scribe {
    log: Log,
    gate: Gate,
    tries: usize,
}

#[rpc]
impl Scribe {
    /// Refuses itself twice: by a panic, which leaves open whether it ran.
    #[rpc(idempotent)]
    pub async fn rpc_third_time(&mut self) -> usize {
        self.tries += 1;
        assert!(self.tries >= 3, "not yet");
        self.tries
    }

    pub async fn rpc_hold(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_note(&mut self, number: u32) -> u32 {
        self.log.say(number.to_string());
        number
    }
}

#[tokio::test]
async fn calls_to_many_give_each_ones_result_and_say_how_many_were_sent() {
    let (log, gate) = (Log::default(), Gate::default());
    let scribe = |id: &str, places| {
        let scribe = Scribe { log: log.clone(), gate: gate.clone(), tries: 0 };
        Hosted::new(scribe).id(id).mailbox(places).tag("all", "1")
    };
    let node = Node::builder().service(scribe("a", 9)).service(scribe("b", 9)).service(scribe("c", 1));
    let node = node.start().await.unwrap();
    let full = node.select::<ScribeClient>().id("c").client();
    let held = tokio::spawn(full.rpc_hold());
    gate.reached().await;
    full.rpc_hold().send().unwrap();
    let all = node.select::<ScribeClient>().tag("all", "1").all();
    let results = all.rpc_note(5).await;
    assert_eq!(results.iter().filter(|(_, result)| *result == Ok(5)).count(), 2);
    assert_eq!(results.len(), 3);
    let sent = all.rpc_note(6).send();
    assert_eq!((sent.sent, sent.refused.len()), (2, 1));
    assert_eq!(sent.refused[0].1.reason(), &RefusedReason::MailboxFull { limit: 1 });
    assert_eq!(log.until(4).await, ["5", "5", "6", "6"]);
    assert!(node.select::<ScribeClient>().tag("all", "2").all().rpc_note(1).await.is_empty());
    gate.open();
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn calls_to_many_reach_every_node() {
    let (cluster, log) = (Cluster::default(), Log::default());
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(
            cluster
                .node(name)
                .service(Scribe { log: log.clone(), gate: Gate::default(), tries: 0 })
                .start()
                .await
                .unwrap(),
        );
    }
    sees(&nodes[0], "Scribe", 3).await;
    let all = nodes[0].select::<ScribeClient>().all();
    let mut results = all.rpc_note(7).await;
    results.sort_by_key(|(pid, _)| *pid);
    let pids: Vec<_> = nodes[0].view().instances().iter().map(|it| it.pid()).collect();
    assert_eq!(results, pids.into_iter().map(|pid| (pid, Ok(7))).collect::<Vec<_>>());
    assert_eq!(all.rpc_note(8).send().sent, 3);
    assert_eq!(log.until(6).await, ["7", "7", "7", "8", "8", "8"]);
}

#[tokio::test]
async fn calls_to_many_are_repeated_each_at_its_own_instance() {
    let node = Node::builder().service(Scribe::default()).service(Hosted::new(Scribe::default()).id("paused"));
    let node = node.start().await.unwrap();
    let all = node.select::<ScribeClient>().all();
    let quick = Retry::new(3).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let paused = node.select::<ScribeClient>().id("paused").instances()[0].pid();
    node.pause(paused);
    for (pid, outcome) in all.rpc_third_time().timeout(Duration::from_secs(20)).retry(quick.maybe_executed()).await {
        if pid == paused {
            assert_eq!(refused(outcome), RefusedReason::Paused, "the other does not answer for it");
        } else {
            assert_eq!(outcome, Ok(3));
        }
    }
    node.shutdown().await.unwrap();
}
