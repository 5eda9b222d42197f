//! Calls on one node: values, errors, deadlines, metadata, cancelling.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{CallError, LostReason, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{lost, refused},
    gate::Gate,
    log::Log,
    wait::within,
};
use futures_util::FutureExt;
use tokio::time::Instant;

#[service]
#[derive(Default)]
pub struct Desk {
    gate: Gate,
    log: Log,
    total: i64,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct TooMuch(pub i64);

#[rpc]
impl Desk {
    pub async fn rpc_add(&mut self, by: i64) -> Result<i64, TooMuch> {
        if by > 100 {
            return Err(TooMuch(by));
        }
        self.total += by;
        Ok(self.total)
    }

    pub fn rpc_total(&mut self) -> i64 {
        self.total
    }

    pub async fn rpc_join(&mut self, a: String, b: u8, c: Option<bool>, d: Vec<u16>, e: (i32, char)) -> String {
        format!("{a} {b} {c:?} {d:?} {e:?}")
    }

    /// Stands at the gate, and says so when it is through.
    pub async fn rpc_wait(&mut self, name: String) -> String {
        self.gate.pass().await;
        self.log.say(name.as_str());
        name
    }

    #[rpc(timeout = "50ms")]
    pub async fn rpc_impatient(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_what(&mut self, cx: &mut Cx<'_, Self>) -> (Option<String>, Option<u64>, Option<Duration>) {
        (cx.header("who").map(Into::into), cx.key(), cx.remaining())
    }

    pub async fn api_here(&mut self) -> i64 {
        self.total
    }
}

/// Calls on for others.
#[service]
#[derive(Default)]
pub struct Front;

#[rpc]
impl Front {
    pub async fn rpc_what(
        &mut self,
        cx: &mut Cx<'_, Self>,
    ) -> Result<(Option<String>, Option<u64>, Option<Duration>), String> {
        cx.client::<DeskClient>().rpc_what().header("more", "1").await.map_err(|error| error.to_string())
    }

    /// Waits for a call that never ends, with a time-out of its own that is far too long.
    pub async fn rpc_hang(&mut self, cx: &mut Cx<'_, Self>) -> Result<String, String> {
        let call = cx.client::<DeskClient>().rpc_wait("nested".into());
        call.timeout(Duration::from_secs(3600)).await.map_err(|error| error.to_string())
    }
}

async fn start() -> (Node, DeskClient, Gate, Log) {
    let (gate, log) = (Gate::default(), Log::default());
    let desk = Desk { gate: gate.clone(), log: log.clone(), total: 0 };
    let node = Node::builder().service(desk).service(Front).start().await.unwrap();
    let client = node.client::<DeskClient>();
    (node, client, gate, log)
}

#[tokio::test]
async fn a_call_returns_the_value_or_the_error_of_the_method() {
    let (_node, desk, ..) = start().await;
    assert_eq!(desk.rpc_add(40).await, Ok(40));
    assert_eq!(desk.rpc_add(101).await, Err(CallError::App(TooMuch(101))));
    assert_eq!(desk.rpc_total().await, Ok(40), "a synchronous handler, without arguments");
    let joined = desk.rpc_join("a".into(), 7, Some(true), vec![1, 2], (-1, 'x')).await.unwrap();
    assert_eq!(joined, "a 7 Some(true) [1, 2] (-1, 'x')");
}

#[tokio::test]
async fn an_api_method_is_called_through_the_local_client() {
    let (node, desk, ..) = start().await;
    desk.rpc_add(3).await.unwrap();
    assert_eq!(node.local::<Desk>().api_here().await, Ok(3));
    assert_eq!(node.local::<Desk>().rpc_total().await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_after_the_start_leaves_open_what_happened() {
    let (_node, desk, gate, log) = start().await;
    let before = Instant::now();
    let outcome = desk.rpc_wait("slow".into()).timeout(Duration::from_millis(300)).await;
    assert_eq!(lost(outcome), LostReason::Deadline);
    assert_eq!(before.elapsed().as_millis() / 10, 30);
    gate.open();
    assert_eq!(log.until(1).await, ["slow"], "what has started runs to its end");
}

#[tokio::test(start_paused = true)]
async fn the_default_deadline_is_five_seconds_or_the_methods_own() {
    let (_node, desk, gate, _) = start().await;
    let before = Instant::now();
    assert_eq!(lost(desk.rpc_impatient().await), LostReason::Deadline);
    assert_eq!(before.elapsed().as_millis() / 10, 5);
    gate.open();
    let before = Instant::now();
    assert_eq!(lost(desk.rpc_wait("slow".into()).await), LostReason::Deadline);
    assert_eq!(before.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_expires_in_the_queue_is_never_started() {
    let (_node, desk, gate, log) = start().await;
    let first = tokio::spawn(desk.rpc_wait("first".into()));
    gate.reached().await;
    lost(desk.rpc_wait("expired".into()).timeout(Duration::from_millis(10)).await);
    for _ in 0..2 {
        gate.open();
    }
    first.await.unwrap().unwrap();
    assert_eq!(desk.rpc_wait("last".into()).await.unwrap(), "last");
    assert_eq!(log.lines(), ["first", "last"]);
}

#[tokio::test]
async fn a_call_may_be_given_all_the_time_there_is() {
    let (_node, desk, ..) = start().await;
    assert_eq!(desk.rpc_total().timeout(Duration::MAX).await, Ok(0));
}

#[tokio::test]
async fn a_call_whose_time_is_over_before_it_is_made_is_refused_as_expired() {
    let (_node, desk, _, log) = start().await;
    let outcome = desk.rpc_wait("never".into()).timeout(Duration::ZERO).await;
    assert_eq!(refused(outcome), RefusedReason::Expired);
    assert_eq!(desk.rpc_total().await, Ok(0));
    assert!(log.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_remaining_time_travels_into_nested_calls_and_bounds_them() {
    let (node, ..) = start().await;
    let front = node.client::<FrontClient>();
    let (.., remaining) = front.rpc_what().timeout(Duration::from_millis(700)).await.unwrap();
    let remaining = remaining.unwrap();
    assert!(remaining <= Duration::from_millis(700) && remaining > Duration::from_millis(600), "{remaining:?}");
    let before = Instant::now();
    let outcome = front.rpc_hang().timeout(Duration::from_secs(2)).await;
    assert!(outcome.is_err());
    assert_eq!(before.elapsed().as_secs(), 2);
    // The front waits no longer than its caller: it answers at once.
    within("the front to be free", front.rpc_what().timeout(Duration::from_secs(1))).await.unwrap_err();
}

#[tokio::test]
async fn headers_and_keys_are_readable_and_headers_propagate() {
    let (node, desk, ..) = start().await;
    let (who, key, _) = desk.rpc_what().header("who", "me").key(42).await.unwrap();
    assert_eq!((who.as_deref(), key), (Some("me"), Some(42)));
    let (who, key, _) = node.client::<FrontClient>().rpc_what().header("who", "me").key(42).await.unwrap();
    assert_eq!((who.as_deref(), key), (Some("me"), None), "a key is of one call");
}

#[tokio::test]
async fn a_call_that_is_dropped_before_its_start_is_cancelled() {
    let (_node, desk, gate, log) = start().await;
    let first = tokio::spawn(desk.rpc_wait("first".into()));
    gate.reached().await;
    let mut dropped = Box::pin(desk.rpc_wait("dropped".into()));
    assert!((&mut dropped).now_or_never().is_none(), "it waits behind the first");
    drop(dropped);
    gate.open();
    first.await.unwrap().unwrap();
    desk.rpc_total().await.unwrap();
    assert_eq!(log.lines(), ["first"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_after_its_start_runs_to_the_end() {
    let (_node, desk, gate, log) = start().await;
    let call = tokio::spawn(desk.rpc_wait("started".into()));
    gate.reached().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(log.until(1).await, ["started"]);
}

#[tokio::test]
async fn a_call_that_nobody_polls_does_nothing() {
    let (_node, desk, ..) = start().await;
    drop(desk.rpc_add(1));
    assert_eq!(desk.rpc_total().await, Ok(0));
}

#[tokio::test]
async fn a_call_that_has_ended_says_so_and_cannot_be_polled_again() {
    let (_node, desk, gate, _) = start().await;
    let (mut at_once, mut later) = (desk.rpc_add(1), desk.rpc_wait("through".into()));
    assert_eq!((&mut at_once).await, Ok(1));
    let open = async {
        gate.reached().await;
        gate.open();
    };
    assert_eq!(tokio::join!(&mut later, open).0.unwrap(), "through");
    assert_eq!(format!("{at_once:?} {later:?}"), "Call(rpc_add, ended) Call(rpc_wait, ended)");
    assert!(tokio::spawn(at_once).await.unwrap_err().is_panic());
    assert!(tokio::spawn(later).await.unwrap_err().is_panic());
    assert_eq!(desk.rpc_total().await, Ok(1), "it was made once");
}
