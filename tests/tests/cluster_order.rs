//! Order between nodes, and user code that fails where bytes are read.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{LostReason, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    log::Log,
};
use serde::{Deserialize, Deserializer, Serialize};

#[service(name = "scribe")]
#[derive(Default)]
pub struct Scribe {
    log: Log,
}

/// Panics when it is read.
#[derive(Debug, Serialize)]
pub struct Bomb;

impl<'de> Deserialize<'de> for Bomb {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("while it was read")
    }
}

#[rpc]
impl Scribe {
    pub async fn rpc_note(&mut self, number: u32) -> u32 {
        self.log.say(number.to_string());
        number
    }

    pub async fn rpc_take(&mut self, bomb: Bomb) -> String {
        format!("{bomb:?}")
    }
}

#[service]
#[derive(Default)]
pub struct Writer;

#[rpc]
impl Writer {
    /// Leaves notes in each of the three ways, in turn.
    pub async fn rpc_mix(&mut self, cx: &mut Cx<'_, Self>, count: u32, awaits: bool) {
        let scribe = cx.client::<ScribeClient>();
        for i in 0..count {
            match i % 3 {
                0 => scribe.rpc_note(i).send().unwrap(),
                1 if awaits => assert_eq!(scribe.rpc_note(i).await, Ok(i)),
                _ => scribe.rpc_note(i).then(cx, |_, _, reply| assert!(reply.is_ok())),
            }
        }
    }
}

async fn start() -> (Node, Node, Log) {
    let (cluster, log) = (Cluster::default(), Log::default());
    let near = cluster.node("near").service(Writer).start().await.unwrap();
    let far = cluster.node("far").service(Scribe { log: log.clone() }).start().await.unwrap();
    sees(&near, "scribe", 1).await;
    (near, far, log)
}

fn numbers(count: u32) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_way_calls_that_are_made_before_the_link_exists_keep_their_order() {
    let (near, _far, log) = start().await;
    let scribe = near.client::<ScribeClient>();
    for i in 0..500 {
        scribe.rpc_note(i).send().unwrap();
    }
    assert_eq!(log.until(500).await, numbers(500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_callers_messages_keep_their_order_however_they_are_made_once_the_link_exists() {
    let (near, _far, log) = start().await;
    near.client::<ScribeClient>().rpc_note(9999).await.unwrap();
    near.client::<WriterClient>().rpc_mix(300, true).await.unwrap();
    assert_eq!(log.until(301).await[1..], numbers(300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_callers_messages_keep_their_order_also_before_the_link_exists() {
    for awaits in [true, false] {
        let (near, _far, log) = start().await;
        near.client::<WriterClient>().rpc_mix(60, awaits).await.unwrap();
        assert_eq!(log.until(60).await, numbers(60), "awaits: {awaits}");
    }
}

#[tokio::test]
async fn arguments_that_panic_while_they_are_read_cost_their_call_only() {
    let (near, _far, _) = start().await;
    let scribe = near.client::<ScribeClient>();
    let error = scribe.rpc_take(Bomb).await.unwrap_err();
    let text = error.to_string();
    let expected = match &error {
        ember::CallError::NotExecuted(why) => matches!(why.reason(), RefusedReason::Undecodable(_)),
        ember::CallError::MaybeExecuted(why) => matches!(why.reason(), LostReason::NoReply | LostReason::Panicked(_)),
        ember::CallError::App(_) => false,
    };
    assert!(expected, "{text}");
    assert_eq!(scribe.rpc_note(1).await, Ok(1), "the service lives on");
}
