//! What a call promises on one node, it promises between nodes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{CallError, LostReason, RefusedReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::{Cluster, lost, refused, sees},
    gate::Gate,
    log::Log,
    wait::within,
};
use tokio::time::Instant;

#[message]
#[derive(Debug, PartialEq)]
pub struct TooMuch(pub u32);

#[service(name = "far")]
#[derive(Default)]
pub struct Far {
    log: Log,
    gate: Gate,
    #[module]
    part: Module<Part>,
}

#[module(parent = Far)]
#[derive(Default)]
pub struct Part {
    calls: u32,
}

#[rpc]
impl Far {
    pub async fn rpc_half(&mut self, of: u32) -> Result<u32, TooMuch> {
        if of > 100 { Err(TooMuch(of)) } else { Ok(of / 2) }
    }

    pub async fn rpc_panic(&mut self) {
        panic!("far away");
    }

    pub async fn rpc_wait(&mut self, name: String) {
        self.gate.pass().await;
        self.log.say(name);
    }

    pub async fn rpc_what(&mut self, cx: &mut Cx<'_, Self>) -> (Option<String>, Option<u64>, bool) {
        (cx.header("who").map(Into::into), cx.key(), cx.remaining().is_some_and(|left| left < Duration::from_secs(3)))
    }

    #[rpc(priority = "system")]
    pub async fn rpc_urgent(&mut self) {}

    pub async fn rpc_ping(&mut self) {}

    pub async fn rpc_back(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.select::<NearClient>().id("1").client().rpc_ping().await.map_err(|error| error.to_string())
    }

    pub async fn rpc_size(&mut self, bytes: Vec<u8>) -> usize {
        bytes.len()
    }

    pub async fn rpc_make(&mut self, size: usize) -> Vec<u8> {
        vec![1; size]
    }
}

#[rpc]
impl Part {
    pub async fn rpc_count(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        self.calls += 1;
        cx.parent().log.say("part");
        self.calls
    }
}

#[service(name = "near")]
pub struct Near;

#[rpc]
impl Near {
    pub async fn rpc_round(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<FarClient>().rpc_back().await.map_err(|error| error.to_string())
    }

    pub async fn rpc_what(&mut self, cx: &mut Cx<'_, Self>) -> (Option<String>, Option<u64>, bool) {
        cx.client::<FarClient>().rpc_what().await.unwrap()
    }

    pub async fn rpc_ping(&mut self) {}
}

struct Stage {
    near: Node,
    far: Node,
    client: FarClient,
    log: Log,
    gate: Gate,
}

async fn start(mailbox: usize) -> Stage {
    let cluster = Cluster::default();
    let (log, gate) = (Log::default(), Gate::default());
    let service = Hosted::new(Far { log: log.clone(), gate: gate.clone(), ..Far::default() }).mailbox(mailbox);
    let near = cluster.node("near").service(Hosted::new(Near).id("1")).max_message(1 << 20).start().await.unwrap();
    let far = cluster.node("far").service(service).service(Near).max_message(1 << 20).start().await.unwrap();
    sees(&near, "far", 1).await;
    sees(&near, "near", 2).await;
    sees(&far, "near", 2).await;
    let client = near.client::<FarClient>();
    Stage { near, far, client, log, gate }
}

#[tokio::test]
async fn values_errors_panics_and_modules_are_the_same_from_afar() {
    let Stage { client, log, near: _near, far: _far, .. } = start(9).await;
    assert_eq!(client.rpc_half(8).await, Ok(4));
    assert_eq!(client.rpc_half(101).await, Err(CallError::App(TooMuch(101))));
    assert_eq!(lost(client.rpc_panic().await), LostReason::Panicked("far away".into()));
    assert_eq!((client.part().rpc_count().await, client.part().rpc_count().await), (Ok(1), Ok(2)));
    assert_eq!(log.lines(), ["part", "part"]);
}

#[tokio::test]
async fn headers_keys_and_the_remaining_time_travel() {
    let Stage { client, near, far: _far, .. } = start(9).await;
    let call = || client.rpc_what().header("who", "me").key(42).timeout(Duration::from_secs(2));
    assert_eq!(call().await.unwrap(), (Some("me".into()), Some(42), true));
    let nested =
        near.select::<NearClient>().id("1").client().rpc_what().header("who", "me").timeout(Duration::from_secs(2));
    assert_eq!(nested.await.unwrap(), (Some("me".into()), None, true));
}

#[tokio::test]
async fn a_cycle_through_another_node_is_found_at_once() {
    let Stage { near, far: _far, .. } = start(9).await;
    let before = Instant::now();
    let Err(CallError::App(text)) = near.select::<NearClient>().id("1").client().rpc_round().await else {
        panic!("no cycle")
    };
    assert!(text.contains("near.rpc_round → far.rpc_back → near.rpc_ping"), "{text}");
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_full_mailbox_refuses_at_once_from_afar() {
    let Stage { client, gate, near: _near, far: _far, .. } = start(1).await;
    let blocked = tokio::spawn(client.rpc_wait("first".into()));
    gate.reached().await;
    client.rpc_ping().send().unwrap();
    assert_eq!(refused(client.rpc_ping().await), RefusedReason::MailboxFull { limit: 1 });
    gate.open();
    blocked.await.unwrap().unwrap();
}

#[tokio::test]
async fn deadlines_and_dropped_calls_cancel_what_has_not_started() {
    let Stage { client, gate, log, near, far } = start(99).await;
    let first = tokio::spawn(client.rpc_wait("first".into()));
    gate.reached().await;
    let expired = client.rpc_wait("expired".into()).timeout(Duration::from_millis(100)).await;
    assert_eq!(lost(expired), LostReason::Deadline);
    let dropped = tokio::time::timeout(Duration::from_millis(100), client.rpc_wait("dropped".into())).await;
    assert!(dropped.is_err());
    // Calls of one link arrive in order: this one says that what cancels the others has arrived.
    near.select::<NearClient>().node(far.key().id).client().rpc_ping().await.unwrap();
    gate.open();
    first.await.unwrap().unwrap();
    client.rpc_ping().await.unwrap();
    assert_eq!(log.lines(), ["first"]);
}

#[tokio::test]
async fn a_paused_service_is_seen_paused_from_afar_and_refuses() {
    let Stage { client, near, far, .. } = start(9).await;
    let pid = near.select::<FarClient>().instances()[0].pid();
    let shows = async |state| {
        let shown = near.wait_for_view(|view| view.instances().iter().any(|it| it.pid() == pid && it.state() == state));
        within("the other node to see the state", shown).await;
    };
    assert!(!near.pause(pid), "it does not run there");
    far.pause(pid);
    assert_eq!(refused(client.rpc_ping().await), RefusedReason::Paused);
    shows(ServiceState::Paused).await;
    assert_eq!(refused(client.rpc_ping().await), RefusedReason::Paused);
    client.rpc_urgent().await.unwrap();
    far.resume(pid);
    shows(ServiceState::Running).await;
    client.rpc_ping().await.unwrap();
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_the_link_lives_on() {
    let Stage { client, near, far: _far, .. } = start(9).await;
    assert_eq!(client.rpc_size(vec![0; 1000]).await, Ok(1000));
    let limit = 1 << 20;
    for _ in 0..3 {
        let RefusedReason::TooLarge { size, limit: said } = refused(client.rpc_size(vec![0; 2 << 20]).await) else {
            panic!("another reason")
        };
        assert!(size > limit && said == limit);
    }
    let sent = client.rpc_size(vec![0; 2 << 20]).send().unwrap_err();
    assert_eq!((sent.args.0.len(), matches!(sent.refused.reason(), RefusedReason::TooLarge { .. })), (2 << 20, true));
    let LostReason::ReplyTooLarge { .. } = lost(client.rpc_make(2 << 20).await) else { panic!("another reason") };
    assert_eq!(client.rpc_make(1000).await.unwrap().len(), 1000);
    assert_eq!(near.view().nodes().len(), 2);
}
