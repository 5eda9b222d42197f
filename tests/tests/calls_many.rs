//! Calls of every instance that matches.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    log::Log,
};

#[service]
#[derive(Default)]
pub struct Scribe {
    log: Log,
}

#[rpc]
impl Scribe {
    pub async fn rpc_note(&mut self, number: u32) -> u32 {
        self.log.say(number.to_string());
        number
    }
}

#[tokio::test]
async fn calls_to_many_give_each_ones_result_and_say_how_many_were_sent() {
    let log = Log::default();
    let scribe = |id: &str, places| Hosted::new(Scribe { log: log.clone() }).id(id).mailbox(places).tag("all", "1");
    let node = Node::builder().service(scribe("a", 9)).service(scribe("b", 9)).service(scribe("c", 0));
    let node = node.start().await.unwrap();
    let all = node.select::<ScribeClient>().tag("all", "1").all();
    let results = all.rpc_note(5).await;
    assert_eq!(results.iter().filter(|(_, result)| *result == Ok(5)).count(), 2);
    assert_eq!(results.len(), 3);
    let sent = all.rpc_note(6).send();
    assert_eq!((sent.sent, sent.refused.len()), (2, 1));
    assert_eq!(sent.refused[0].1.reason(), &RefusedReason::MailboxFull { limit: 0 });
    assert_eq!(log.until(4).await, ["5", "5", "6", "6"]);
    assert!(node.select::<ScribeClient>().tag("all", "2").all().rpc_note(1).await.is_empty());
}

#[tokio::test]
async fn calls_to_many_reach_every_node() {
    let (cluster, log) = (Cluster::default(), Log::default());
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(cluster.node(name).service(Scribe { log: log.clone() }).start().await.unwrap());
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
