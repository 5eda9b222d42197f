//! The order of calls, callbacks, and the call chain; on one node.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{CallError, RefusedReason, prelude::*};
use ember_tests::{cluster::refused, gate::Gate, log::Log, wait::within};
use futures_util::FutureExt;
use tokio::time::Instant;

/// Writes down what comes.
#[service]
#[derive(Default)]
pub struct Scribe {
    log: Log,
    gate: Gate,
}

#[rpc]
impl Scribe {
    pub async fn rpc_note(&mut self, number: u32) -> u32 {
        self.log.say(number.to_string());
        number
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }
}

/// Asks others, and gets called back.
#[service]
#[derive(Default)]
pub struct Asker {
    log: Log,
    gate: Gate,
    sum: u32,
}

#[rpc]
impl Asker {
    /// Leaves `count` notes in each of the three ways, in turn.
    pub async fn rpc_mix(&mut self, cx: &mut Cx<'_, Self>, count: u32) {
        let scribe = cx.client::<ScribeClient>();
        for i in 0..count {
            match i % 3 {
                0 => scribe.rpc_note(i).send().unwrap(),
                1 => scribe.rpc_note(i).then(cx, |_, _, _| ()),
                _ => assert_eq!(scribe.rpc_note(i).await, Ok(i)),
            }
        }
    }

    /// Asks with callbacks only.
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, count: u32) {
        for i in 0..count {
            cx.client::<ScribeClient>().rpc_note(i).then(cx, |me, cx, reply| {
                let reply = match reply {
                    Ok(reply) => reply,
                    Err(error) => return me.log.say(format!("none: {error}")),
                };
                me.log.say(format!(
                    "reply {reply} sum {} header {:?} left {:?}",
                    me.sum,
                    cx.header("h"),
                    cx.remaining()
                ));
            });
        }
    }

    /// The same, and waits before it ends.
    pub async fn rpc_ask_and_block(&mut self, cx: &mut Cx<'_, Self>, count: u32) {
        self.rpc_ask(cx, count).await;
        self.gate.pass().await;
    }

    pub async fn rpc_add(&mut self, by: u32) {
        self.sum += by;
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }

    /// Asks itself, and waits: that can never work.
    pub async fn rpc_self(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskerClient>().rpc_add(1).await.map_err(|error| error.to_string())
    }

    /// Asks itself with a callback: that works.
    pub async fn rpc_self_then(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<AskerClient>().rpc_add(1).then(cx, |me, _, reply| me.log.say(format!("{reply:?} {}", me.sum)));
    }

    /// Through the other one, back to this one.
    pub async fn rpc_round(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<OtherClient>().rpc_back().await.map_err(|error| error.to_string())
    }

    /// The same, where the other one does not wait.
    pub async fn rpc_round_then(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<OtherClient>().rpc_back_then().await.unwrap();
    }
}

#[service]
#[derive(Default)]
pub struct Other {
    log: Log,
    gate: Gate,
}

#[rpc]
impl Other {
    pub async fn rpc_back(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskerClient>().rpc_add(1).await.map_err(|error| error.to_string())
    }

    pub async fn rpc_back_then(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<AskerClient>().rpc_add(1).then(cx, |me, _, reply| me.log.say(format!("{reply:?}")));
    }

    /// As `rpc_back`, once it is let through.
    pub async fn rpc_back_later(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        self.gate.pass().await;
        cx.client::<AskerClient>().rpc_self_then().await.map_err(|error| error.to_string())
    }
}

struct Stage {
    node: Node,
    log: Log,
    gate: Gate,
    asker: AskerClient,
}

/// All share one log and one gate.
async fn start(mailbox: usize) -> Stage {
    let (log, gate) = (Log::default(), Gate::default());
    let scribe = Scribe { log: log.clone(), gate: gate.clone() };
    let asker = Hosted::new(Asker { log: log.clone(), gate: gate.clone(), sum: 0 }).mailbox(mailbox);
    let other = Other { log: log.clone(), gate: gate.clone() };
    let node = Node::builder().service(scribe).service(asker).service(other).start().await.unwrap();
    let asker = node.client::<AskerClient>();
    Stage { node, log, gate, asker }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_callers_messages_to_one_service_keep_their_order_however_they_are_made() {
    let Stage { log, asker, node: _node, .. } = start(1024).await;
    asker.rpc_mix(600).await.unwrap();
    let expected: Vec<_> = (0..600).map(|i| i.to_string()).collect();
    assert_eq!(log.until(600).await, expected);
}

#[tokio::test]
async fn callbacks_come_in_order_through_the_mailbox_and_see_the_state_as_it_is_then() {
    let Stage { log, gate, asker, node } = start(1024).await;
    let blocked = tokio::spawn(node.client::<ScribeClient>().rpc_block());
    gate.reached().await;
    asker.rpc_ask(3).header("h", "x").await.unwrap();
    asker.rpc_add(7).await.unwrap();
    gate.open();
    blocked.await.unwrap().unwrap();
    let replies: Vec<_> = log.until(6).await.into_iter().filter(|line| line.starts_with("reply")).collect();
    let expected: Vec<_> = (0..3).map(|i| format!("reply {i} sum 7 header Some(\"x\") left None")).collect();
    assert_eq!(replies, expected);
}

#[tokio::test]
async fn each_callback_comes_to_a_full_mailbox_all_the_same_and_says_if_there_was_no_place_for_its_call() {
    let Stage { log, gate, asker, node: _node } = start(1).await;
    let blocked = tokio::spawn(asker.rpc_ask_and_block(3));
    gate.reached().await;
    let mut taken = 0;
    while asker.rpc_add(1).send().is_ok() {
        taken += 1;
        assert!(taken < 10, "the mailbox has one place");
    }
    gate.open();
    blocked.await.unwrap().unwrap();
    // The one that had the place: its note, and its reply.
    let lines = log.until(4).await;
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("0"), count("reply 0"), count("none")), (1, 1, 2), "{lines:?}");
    let full = |line: &&String| line.contains("was not executed: its mailbox is full (1 waiting)");
    assert_eq!(lines.iter().filter(full).count(), 2, "{lines:?}");
}

#[tokio::test]
async fn a_call_of_oneself_is_a_cycle_at_once() {
    let Stage { asker, node: _node, .. } = start(1024).await;
    let before = Instant::now();
    let error = asker.rpc_self().await.unwrap_err();
    let CallError::App(text) = error else { panic!("{error:?}") };
    assert!(text.contains("Asker.rpc_self → Asker.rpc_add"), "{text}");
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_call_back_into_a_waiting_service_is_a_cycle_that_names_its_path() {
    let Stage { asker, node: _node, .. } = start(1024).await;
    let before = Instant::now();
    let error = asker.rpc_round().await.unwrap_err();
    let CallError::App(text) = error else { panic!("{error:?}") };
    assert!(text.contains("Asker.rpc_round → Other.rpc_back → Asker.rpc_add"), "{text}");
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_balanced_client_goes_to_another_instance_rather_than_into_a_cycle() {
    let twin = |id: &str| Hosted::new(Asker::default()).id(id);
    let node = Node::builder().service(twin("a")).service(twin("b")).start().await.unwrap();
    let a = node.select::<AskerClient>().id("a").client();
    for _ in 0..10 {
        a.rpc_self().await.unwrap();
    }
}

#[tokio::test]
async fn a_callback_is_no_edge_of_the_call_chain() {
    let Stage { asker, log, node: _node, .. } = start(1024).await;
    asker.rpc_self_then().await.unwrap();
    assert_eq!(log.until(1).await, ["Ok(()) 1"]);
    asker.rpc_round_then().await.unwrap();
    assert_eq!(log.until(2).await[1], "Ok(())");
}

#[tokio::test(start_paused = true)]
async fn mutual_waits_from_independent_roots_end_at_the_deadline() {
    let Stage { asker, gate, node, .. } = start(1024).await;
    let other = node.client::<OtherClient>();
    let back = tokio::spawn(other.rpc_back_later().timeout(Duration::from_secs(2)));
    gate.reached().await;
    let mut round = Box::pin(asker.rpc_round().timeout(Duration::from_secs(3)));
    assert!((&mut round).now_or_never().is_none());
    tokio::task::yield_now().await;
    gate.open();
    let before = Instant::now();
    assert!(back.await.unwrap().is_err(), "its deadline passes");
    within("the other call", round).await.unwrap_err();
    assert!(before.elapsed() <= Duration::from_secs(3), "both are over, and both services are free");
    asker.rpc_add(1).await.unwrap();
}

#[tokio::test]
async fn a_refused_one_way_call_gives_its_arguments_back() {
    let Stage { asker, gate, node: _node, .. } = start(1).await;
    let blocked = tokio::spawn(asker.rpc_block());
    gate.reached().await;
    asker.rpc_add(1).send().unwrap();
    let error = asker.rpc_add(2).send().unwrap_err();
    assert_eq!((error.refused.reason(), error.args), (&RefusedReason::MailboxFull { limit: 1 }, (2,)));
    assert_eq!(refused(asker.rpc_add(3).await), RefusedReason::MailboxFull { limit: 1 });
    gate.open();
    blocked.await.unwrap().unwrap();
}
